"""The whole platform, brought up once a session by the command that users type."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator

import pytest

from running_platform import HOME, Platform, mlops
from scaled_platform import brought_up


@pytest.fixture(scope="session")
def platform() -> Iterator[Platform]:
    """The `e2e` environment from nothing to served, and away again at the end."""
    mlops("down", "e2e", "--purge")
    shutil.rmtree(HOME, ignore_errors=True)
    try:
        up = mlops("up", "e2e", timeout=3600)
        status = json.loads(mlops("status", "e2e", "--json").stdout)
        yield Platform(up_output=up.stdout, status=status)
    finally:
        mlops("down", "e2e", "--purge")
        shutil.rmtree(HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def scaled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """The `scaling` environment; each test leaves one pod of the one endpoint."""
    with brought_up(tmp_path_factory.mktemp("scaling")) as platform:
        yield platform
