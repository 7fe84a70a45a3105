"""Fixtures that every folder of tests may use."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mlops_local import toolchain
from serving_process import Gateway

CACHE = Path(os.environ.get("MLOPS_CACHE") or Path.home() / ".cache" / "mlops")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Two halves for pytest-xdist: what shares the `e2e` environment, which mostly waits, and the rest."""
    for item in items:
        shares = item.get_closest_marker("e2e") and "platform" in getattr(item, "fixturenames", ())
        item.add_marker(pytest.mark.xdist_group("e2e" if shares else "rest"))


@pytest.fixture(scope="session")
def binaries() -> Callable[[str], Path]:
    """`binaries(group)` is the folder with that group's programs, built once if need be."""

    def folder(group: str) -> Path:
        return toolchain.ensure([group], CACHE, print)[group]

    return folder


@pytest.fixture
def gateway(binaries: Callable[[str], Path], tmp_path: Path) -> Iterator[Gateway]:
    """An object store of the test's own."""
    folder = tmp_path / "buckets"
    folder.mkdir()
    made = Gateway(binaries("versitygw") / "versitygw", folder)
    made.start()
    yield made
    made.stop()
