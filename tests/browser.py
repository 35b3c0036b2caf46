"""Headless Chromium for tests and screenshots, where Debian's chromium and chromium-driver are installed."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

QUIET = (
    "--headless --no-sandbox --disable-dev-shm-usage --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync --hide-scrollbars"
).split()


def missing() -> str:
    """Why no browser can be started, in a sentence; or nothing."""
    try:
        import selenium  # noqa: F401
    except ModuleNotFoundError:
        return "selenium is not installed (pip install -e '.[dev]')"
    programs = [name for name in ("chromium", "chromedriver") if not shutil.which(name)]
    return f"no {' and no '.join(programs)} here (apt-get install chromium chromium-driver)" if programs else ""


@contextmanager
def browser() -> Iterator[Any]:
    """A driver with a profile of its own, which logs all that reaches the console."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = str(shutil.which("chromium"))
        for argument in (*QUIET, f"--user-data-dir={profile}"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        driver = webdriver.Chrome(options, Service(shutil.which("chromedriver")))
        try:
            yield driver
        finally:
            driver.quit()


def show(driver: Any, page: Path, width: int = 1100, height: int = 800, dark: bool = False) -> None:
    """Open a page that is a file, as `visit`."""
    visit(driver, page.as_uri(), width, height, dark)


def visit(driver: Any, address: str, width: int = 1100, height: int = 800, dark: bool = False) -> None:
    """Open a page at this size, in the light or in the dark."""
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    driver.get(address)
