"""A Chromium for all tests of the page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome

import chromium
from running_platform import CACHE


@pytest.fixture(scope="session")
def chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """Headless, with a profile of its own."""
    chromium.ensure(CACHE)
    with chromium.browser(tmp_path_factory.mktemp("profile")) as driver:
        yield driver
