"""A Chromium for all tests of the page, and the page in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from selenium.webdriver import Chrome

import chromium
from dashboard_browser import WIDE, Shown
from dashboard_page import served
from running_platform import CACHE
from scripted_prometheus import Script


@pytest.fixture(scope="session")
def chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """Headless, with a profile of its own."""
    chromium.ensure(CACHE)
    with chromium.browser(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture
def show(chrome: Chrome) -> Iterator[Callable[..., Shown]]:
    """`show(script)` is the page over it; at the end the console must be empty."""
    opened: list[tuple[Shown, object]] = []

    def make(script: Script, none: bool = False) -> Shown:
        context = served(script)
        page = context.__enter__()
        page.none = none
        shown = Shown(chrome, page)
        opened.append((shown, context))
        chromium.resize(chrome, *WIDE)
        chromium.prefer(chrome, "light")
        return shown

    yield make
    for shown, context in opened:
        found = chromium.complaints(chrome, shown.page.origin)
        chrome.get("about:blank")
        context.__exit__(None, None, None)
        assert found == []
