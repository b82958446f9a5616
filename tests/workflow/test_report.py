"""The report of a campaign: what it says, and how it looks in a real browser."""

from __future__ import annotations

import base64
import os
import re
import shutil
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from browser import install_browser, missing_browser, open_browser, requests, resize, script_errors
from report_page import ReportPage
from support import SMALL, Workspace

SCREENS = {"telephone": (390, 844), "desk": (1920, 1080)}

CAMPAIGN = ["Bands and grid", "Configuration", "Cost", "Provenance"]
PAGES = {
    "Campaign": CAMPAIGN,
    "Pictures": ["Oa17"],
    "Quality and accuracy": ["Accuracy", "Quality"],
    "Tables": ["Tables"],
}


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Give a folder in which a campaign with pictures was planned, run and reported."""
    workspace = Workspace(tmp_path_factory.mktemp("reported"))
    workspace.configure(SMALL | {"bands": ["Oa17"], "pictures": True})
    workspace.snakemake("plan")
    workspace.snakemake()
    (workspace.folder / "printed.txt").write_text(workspace.snakemake("--report", "report.html"))
    return workspace


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    """Give a browser, installed where that is possible."""
    install_browser()
    if missing := missing_browser():
        assert not os.environ.get("CI"), f"the report cannot be tested without {missing}"
        pytest.skip(f"no browser: {missing}")
    with open_browser() as opened:
        yield opened


@pytest.fixture(params=SCREENS)
def report(
    request: pytest.FixtureRequest, reported: Workspace, browser: webdriver.Chrome
) -> ReportPage:
    """Give the report, open on a screen."""
    resize(browser, *SCREENS[request.param])
    requests(browser)
    script_errors(browser)
    return ReportPage(browser, reported.folder / "report.html")


def text_of(workspace: Workspace, page: str, campaign: str = "small") -> str:
    """Give the text of a page of the report, without its HTML."""
    html = (workspace.folder / f"results/{campaign}/report/{page}.html").read_text()
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html.partition("<body>")[2])).split())


def test_all_pages_open_without_errors_and_nothing_is_asked_of_a_network(
    report: ReportPage, reported: Workspace
) -> None:
    assert report.menu() == ["Workflow", "Statistics", "About", *PAGES]
    for category, pages in PAGES.items():
        assert report.pages(category) == pages
        for page in pages:
            with report.opened(category, page) as frame:
                assert frame.find_element(By.TAG_NAME, "h1").text
    report.choose("Statistics")
    browser = report.browser
    for plot in ("#runtimes canvas", "#timeline canvas"):
        assert browser.find_element(By.CSS_SELECTOR, plot).size["width"] > 100

    asked = {address for address in requests(browser) if not address.startswith("data:")}
    assert asked == {(reported.folder / "report.html").as_uri()}
    assert script_errors(browser) == []


def test_every_picture_is_drawn_and_has_a_caption(report: ReportPage, reported: Workspace) -> None:
    with report.opened("Pictures", "Oa17") as frame:
        figures = frame.find_elements(By.TAG_NAME, "figure")
        for figure in figures:
            image = figure.find_element(By.TAG_NAME, "img")
            assert int(image.get_property("naturalWidth")) > 100
            # On a telephone it is moved to and fro, so that what is written in it can be read.
            assert image.size["width"] > 600
            box = figure.find_element(By.CSS_SELECTOR, ".wide")
            assert box.size["width"] <= frame.execute_script("return innerWidth")
            caption = figure.find_element(By.TAG_NAME, "figcaption").text
            assert "S3A OLCI Oa17 (865 nm), campaign small" in caption
    files = list(reported.folder.glob("results/small/pictures/Oa17/*.svg"))
    assert len(figures) == len(files) > 0


def test_text_fits_the_screen_and_can_be_read(report: ReportPage) -> None:
    browser = report.browser
    for category, pages in PAGES.items():
        for page in pages:
            with report.opened(category, page) as frame:
                wider = "return document.documentElement.scrollWidth - innerWidth"
                assert frame.execute_script(wider) <= 0, page
                for element in frame.find_elements(By.CSS_SELECTOR, "p, td, figcaption, pre"):
                    assert float(element.value_of_css_property("font-size")[:-2]) >= 13
                title = frame.find_element(By.TAG_NAME, "h1")
                assert title.rect["y"] >= 0
            # What is opened is seen below or beside the list, not behind it.
            lists, opened = (
                browser.find_element(By.CSS_SELECTOR, selector).rect
                for selector in ("nav", "iframe")
            )
            width, height = browser.execute_script("return [innerWidth, innerHeight]")
            assert opened["x"] + opened["width"] <= width + 1
            assert opened["y"] + opened["height"] <= height + 1
            assert (
                opened["x"] >= lists["x"] + lists["width"] - 1
                or opened["y"] >= lists["y"] + lists["height"] - 1
            )
            assert opened["height"] >= height / 2 - 1
            assert opened["width"] >= width / 2


def test_links_lead_to_lists_and_files(report: ReportPage, reported: Workspace) -> None:
    names = [
        link.text for link in report.browser.find_elements(By.CSS_SELECTOR, "#app .prose-sm li a")
    ]
    assert names == list(PAGES)
    for name in names:
        report.menu()
        report.browser.find_element(By.LINK_TEXT, name).click()
        assert PAGES[name][0] in report.visible_text()

    links = report.describe("Tables", "Tables").find_elements(By.CSS_SELECTOR, "li a")
    files = {Path(unquote(urlparse(link.get_attribute("href")).path)) for link in links}
    assert files == {Path(f) for f in reported.folder.glob("results/small/OUTLUT_*")}

    with report.opened("Tables", "Tables") as frame:
        saved = {
            link.get_attribute("download"): link.get_attribute("href")
            for link in frame.find_elements(By.CSS_SELECTOR, "a[download]")
        }
    assert set(saved) == {file.name for file in files}
    for file in files:
        assert base64.b64decode(saved[file.name].partition(",")[2]) == file.read_bytes()


def test_the_terminal_shows_where_the_report_is_and_no_line_for_a_file(
    reported: Workspace,
) -> None:
    printed = (reported.folder / "printed.txt").read_text()
    assert re.search(r"^Report: report.html  [\d.]+ MB$", printed, re.MULTILINE)
    assert len(printed.splitlines()) <= 4


def test_pages_say_what_was_made_with_what_and_at_which_cost(reported: Workspace) -> None:
    grid = text_of(reported, "bands_and_grid")
    assert "State finished: all tables are made" in grid
    assert "thetas solar zenith angle degree 20, 50 2" in grid
    assert "launches 32 32 of them retries - 0" in text_of(reported, "cost")
    assert "before the first launch" in text_of(reported, "cost")
    assert "6SV radiative transfer code, version 2.1" in text_of(reported, "provenance")
    assert "batch_size: 8" in text_of(reported, "configuration")


def test_a_campaign_that_has_not_run_has_a_report_and_nothing_is_started(
    workspace: Workspace,
) -> None:
    workspace.configure(SMALL | {"sixsv": {"executable": workspace.counting_executable()}})
    workspace.snakemake("--report", "elsewhere/report.html")
    assert (workspace.folder / "elsewhere/report.html").exists()

    said = text_of(workspace, "bands_and_grid")
    assert "not finished: 0 of 2 tables are made, 64 launches are left" in said
    assert "No table is made yet" in text_of(workspace, "provenance")
    assert workspace.launches() == 0


def test_a_campaign_is_reported_from_its_tables_when_store_and_batches_are_gone(
    reported: Workspace, tmp_path: Path
) -> None:
    shutil.copytree(reported.folder, tmp_path, dirs_exist_ok=True, symlinks=True)
    copy = Workspace.__new__(Workspace)
    copy.folder = tmp_path
    for folder in ("store", "results/small/batches", ".snakemake", "results/small/report"):
        shutil.rmtree(tmp_path / folder)
    (tmp_path / "deep").mkdir()
    printed = copy.snakemake("--report", "deep/report.html")

    assert "Missing metadata" not in printed
    assert "State finished" in text_of(copy, "bands_and_grid")
    assert "launches 32 32" in text_of(copy, "cost")
    # Links lead from the report to the files, wherever it is.
    assert "../results/small/OUTLUT_S3A_OLCI_Oa17.nc" in (tmp_path / "deep/report.html").read_text()


def test_tables_of_another_configuration_do_not_pass_for_those_of_this_one(
    reported: Workspace,
) -> None:
    reported.snakemake("--report", "changed.html", "--config", "allowed_failures=1")
    said = text_of(reported, "bands_and_grid")
    assert "not finished: 0 of 1 tables are made, 0 launches are left" in said
    assert "Oa17 865 100 % launched; the table is of another configuration" in said
    assert "OUTLUT" not in text_of(reported, "tables")
    reported.snakemake("--report", "report.html")
    assert "State finished" in text_of(reported, "bands_and_grid")


def test_failed_points_are_told_with_their_reasons_and_names_are_no_html(
    workspace: Workspace,
) -> None:
    script = """deck=$(cat)
case "$deck" in *" 40 0 1 1"*) echo "<b>no licence</b>" >&2; exit 3 ;; esac
printf "%s\\n" "$deck" | "$SIXSV\""""
    executable = {"executable": workspace.executable(script), "retries": 1}
    workspace.configure(SMALL | {"bands": ["Oa17"], "sixsv": executable, "allowed_failures": 16})
    workspace.snakemake()
    workspace.snakemake("--report", "report.html")

    cost = text_of(workspace, "cost")
    assert "launches - 48 of them retries - 16 points without a result - 16" in cost
    assert re.search(r"Oa17 crashed: .*<b>no licence</b> 16", cost, re.IGNORECASE)
    assert "Oa17 865 made 32 16" in text_of(workspace, "bands_and_grid")


def test_two_campaigns_have_reports_of_their_own(reported: Workspace) -> None:
    before = text_of(reported, "bands_and_grid")
    reported.snakemake("--report", "other.html", "--config", "campaign=other")
    assert "Campaign other" in text_of(reported, "bands_and_grid", "other")
    assert text_of(reported, "bands_and_grid") == before
