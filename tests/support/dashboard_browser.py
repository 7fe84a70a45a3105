"""The dashboard's page as a browser shows it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome

import chromium
from dashboard_page import Page
from serving_process import wait_until

WIDE, PHONE = (1360, 900), (390, 844)
PATIENCE = 60.0


class Shown:
    """The page in the browser."""

    def __init__(self, driver: Chrome, page: Page) -> None:
        self.driver = driver
        self.page = page

    def open(self, address: str = "") -> None:
        """Load the page anew at an address."""
        self.driver.get("about:blank")
        self.driver.get(f"{self.page.origin}/{address}")

    def text(self, selector: str) -> str:
        """What a reader sees of the first element; empty without one."""
        return str(self.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector))

    def texts(self, selector: str) -> list[str]:
        """The same of all elements."""
        script = "return [...document.querySelectorAll(arguments[0])].map((one) => one.innerText)"
        return [str(text) for text in self.run(script, selector)]

    def run(self, script: str, *arguments: object) -> Any:
        """Run a script in the page."""
        return self.driver.execute_script(script, *arguments)

    def wait(self, condition: Callable[[], object]) -> None:
        """Until it is true."""

        def held() -> object:
            try:
                return condition()
            except StaleElementReferenceException:
                return False

        wait_until(held, PATIENCE)

    def says(self, text: str, selector: str = "main") -> None:
        """Until the text is there."""
        self.wait(lambda: text in self.text(selector))

    def picture(self, name: str) -> None:
        """Keep what is shown in the folder $MLOPS_PAGE_SHOTS, for a person to look at."""
        if folder := os.environ.get("MLOPS_PAGE_SHOTS"):
            width, before = self.run("return [innerWidth, innerHeight]")
            height = self.run("return document.documentElement.scrollHeight")
            chromium.resize(self.driver, width, max(before, height))
            self.driver.save_screenshot(str(Path(folder) / f"{name}.png"))
            chromium.resize(self.driver, width, before)
