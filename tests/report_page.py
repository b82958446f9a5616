"""A report of Snakemake as a reader uses it: lists, pages that open beside them, descriptions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

_PATIENCE = 30

# The links of an entry of a list: the page, and what stands in it.
_OPEN, _DESCRIBE = 0, 1


class ReportPage:
    """A report that is open in a browser.

    Parameters
    ----------
    browser : webdriver.Chrome
        The browser.
    path : Path
        The report.
    """

    def __init__(self, browser: webdriver.Chrome, path: Path) -> None:
        self.browser = browser
        self._address = path.resolve().as_uri()
        self.start()

    def start(self) -> None:
        """Open the report at its beginning."""
        self.browser.get(self._address)
        self._until(lambda: self.browser.find_elements(By.CSS_SELECTOR, "#rulegraph canvas"))

    def _until(self, condition: object) -> None:
        WebDriverWait(self.browser, _PATIENCE).until(lambda _: condition())  # type: ignore[operator]

    def menu(self) -> list[str]:
        """Give the entries of the menu."""
        self.browser.execute_script("app.setView({navbarMode: 'menu'})")
        return [link.text for link in self._menu_links()]

    def _menu_links(self) -> list[WebElement]:
        links = self.browser.find_elements(By.CSS_SELECTOR, "nav li a")
        return [link for link in links if link.text]  # the first is that of the way back

    def choose(self, entry: str) -> None:
        """Choose an entry of the menu."""
        self.menu()
        next(link for link in self._menu_links() if link.text == entry).click()

    def pages(self, category: str) -> list[str]:
        """Give the pages of a category."""
        self.choose(category)
        return [row.text for row in self._rows()]

    def _rows(self) -> list[WebElement]:
        return self.browser.find_elements(By.CSS_SELECTOR, "nav tbody tr")

    def _click(self, page: str, link: int) -> None:
        row = next(row for row in self._rows() if row.text == page)
        row.find_elements(By.CSS_SELECTOR, "a")[link].click()

    @contextmanager
    def opened(self, category: str, page: str) -> Iterator[webdriver.Chrome]:
        """Open a page, and look at what is in its frame."""
        self.choose(category)
        self._click(page, _OPEN)
        frame = self.browser.find_element(By.CSS_SELECTOR, "iframe")
        self.browser.switch_to.frame(frame)
        self._until(lambda: self.browser.find_elements(By.CSS_SELECTOR, "h1"))
        try:
            yield self.browser
        finally:
            self.browser.switch_to.default_content()

    def describe(self, category: str, page: str) -> WebElement:
        """Open the description of a page, and give it."""
        self.choose(category)
        self._click(page, _DESCRIBE)
        return self.browser.find_element(By.CSS_SELECTOR, "nav .prose")

    def visible_text(self) -> str:
        """Give the text of what is open now."""
        return self.browser.find_element(By.CSS_SELECTOR, "body").text
