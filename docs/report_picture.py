"""Take the picture of the report for the README: the pictures of a band, on a screen of a laptop.

In the project's folder, with Chromium (Debian's packages chromium and chromium-driver)::

    make report-picture
"""

from __future__ import annotations

import argparse
from pathlib import Path

from browser import missing_browser, open_browser, resize, save_screenshot
from report_page import ReportPage

_WIDTH, _HEIGHT = 1280, 800


def take_picture(report: Path, picture: Path) -> None:
    """Save what the report looks like.

    Parameters
    ----------
    report : Path
        The report.
    picture : Path
        The PNG file to write.
    """
    with open_browser() as browser:
        resize(browser, _WIDTH, _HEIGHT)
        page = ReportPage(browser, report)
        category, *_ = (entry for entry in page.menu() if entry == "Pictures")
        with page.opened(category, page.pages(category)[0]):
            pass
        save_screenshot(browser, picture)


def main() -> None:
    """Read the command line and take the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("report", type=Path)
    parser.add_argument("picture", type=Path)
    chosen = parser.parse_args()
    if missing := missing_browser():
        parser.error(f"no browser: {missing}")
    take_picture(chosen.report, chosen.picture)


if __name__ == "__main__":
    main()
