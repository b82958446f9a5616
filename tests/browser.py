"""A real browser without a screen: Chromium, driven by selenium."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

_PROGRAMS = ("chromium", "chromedriver")
_PACKAGES = ("chromium", "chromium-driver")
# No sandbox, because tests run as root in containers; nothing that asks a network by itself.
_OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-prefers-reduced-motion",
)


def missing_browser() -> str:
    """Give what is missing of the browser; empty if it can be used."""
    missing = [program for program in _PROGRAMS if shutil.which(program) is None]
    return f"{' and '.join(missing)}: Debian's packages {' '.join(_PACKAGES)}" if missing else ""


def install_browser() -> None:
    """Install the browser where that is possible: as root on Debian."""
    if not missing_browser() or os.getuid() != 0 or shutil.which("apt-get") is None:
        return
    apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update"], ["-y", "--no-install-recommends", "install", *_PACKAGES]):
        subprocess.run([*apt, *arguments], env=quiet, check=False, stdout=subprocess.DEVNULL)


@contextmanager
def open_browser() -> Iterator[webdriver.Chrome]:
    """Start a browser that notes what pages log and ask for."""
    options = Options()
    options.binary_location = shutil.which("chromium") or "chromium"
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    with TemporaryDirectory() as profile:
        for option in (*_OPTIONS, f"--user-data-dir={profile}"):
            options.add_argument(option)
        driver = webdriver.Chrome(options, Service(shutil.which("chromedriver")))
        try:
            yield driver
        finally:
            driver.quit()


def resize(browser: webdriver.Chrome, width: int, height: int) -> None:
    """Give a page the size of a screen; a window cannot be as narrow as a telephone."""
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 700},
    )


def requests(browser: webdriver.Chrome) -> list[str]:
    """Give the addresses that pages have asked for since the last call."""
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    ]


def script_errors(browser: webdriver.Chrome) -> list[str]:
    """Give what pages have logged as errors since the last call."""
    return [e["message"] for e in browser.get_log("browser") if e["level"] == "SEVERE"]


def save_screenshot(browser: webdriver.Chrome, path: Path) -> None:
    """Save what is on the screen as PNG."""
    assert browser.save_screenshot(str(path))
