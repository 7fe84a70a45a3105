"""A headless Chromium of Debian's, driven by selenium; installed when it is missing."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium.webdriver import Chrome, ChromeOptions, ChromeService

from mlops_local import host_packages
from mlops_local.host_packages import HostPackage

PACKAGES = (
    HostPackage("chromium", ("chromium",), "shows the dashboard in the tests"),
    HostPackage("chromium-driver", ("chromedriver",), "drives Chromium"),
)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
)


def ensure(cache: Path) -> None:
    """Install what is missing.

    Raises `PreflightError` if that fails: a page that is not looked at is a page untested.
    """
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "chromium.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        host_packages.ensure(print, PACKAGES)


@contextmanager
def browser(profile: Path) -> Iterator[Chrome]:
    """A browser with a new profile in a folder."""
    options = ChromeOptions()
    options.binary_location = str(host_packages.find_program("chromium"))
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = Chrome(options, ChromeService(str(host_packages.find_program("chromedriver"))))
    try:
        # The first tab shows Chromium's own page, which is none of ours.
        driver.get("about:blank")
        for log in ("browser", "performance"):
            driver.get_log(log)
        yield driver
    finally:
        driver.quit()


def resize(driver: Chrome, width: int, height: int) -> None:
    """Give the page a size in CSS pixels; below 600 it is a phone's."""
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600},
    )


def prefer(driver: Chrome, scheme: str) -> None:
    """Tell pages that the user prefers the colour scheme `light` or `dark`."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def complaints(driver: Chrome, origin: str) -> list[str]:
    """What the console said, and requests that failed or went elsewhere than `origin`, since the last call.

    A stream of events that the page itself ended is no failure.
    """
    said = [f"{entry['level']}: {entry['message']}" for entry in driver.get_log("browser")]
    return said + _bad_requests(driver, origin)


def _bad_requests(driver: Chrome, origin: str) -> list[str]:
    bad: list[str] = []
    addresses: dict[str, str] = {}
    for entry in driver.get_log("performance"):
        event: dict[str, Any] = json.loads(entry["message"])["message"]
        told = event["params"]
        address = addresses.get(told.get("requestId", ""), "")
        if event["method"] == "Network.requestWillBeSent":
            address = addresses[told["requestId"]] = told["request"]["url"]
            if not address.startswith(f"{origin}/"):
                bad.append(f"elsewhere: {address}")
        if event["method"] == "Network.loadingFailed" and not ("/events" in address and told["canceled"]):
            bad.append(f"{told['errorText']}: {address}")
        if event["method"] == "Network.responseReceived" and told["response"]["status"] >= 400:
            bad.append(f"{told['response']['status']}: {told['response']['url']}")
    return bad
