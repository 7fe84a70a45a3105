"""Fixtures that every folder of tests may use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

from mlops_local import toolchain
from otlp_receiver import Receiver
from running_platform import CACHE
from serving_process import Gateway

RECORDED = ("tests/cli/", "tests/components/", "tests/docs/", "tests/policy/", "tests/stacks/")


class Thirds(LoadScopeScheduling):
    """Scopes that one worker has as a whole: who is done with one takes the next.

    What shares the `e2e` environment mostly waits; what records programs shares imports and recordings.
    """

    def _split_scope(self, nodeid: str) -> str:
        own_cluster = nodeid.startswith("tests/e2e/test_existing_cluster.py")
        if nodeid.startswith("tests/e2e/") and not own_cluster:
            return "e2e"
        return "recorded" if nodeid.startswith(RECORDED) else "rest"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first; of tests with one name pytest-xdist would run one without a word."""
    items.sort(key=lambda item: not item.nodeid.startswith("tests/e2e/"))
    names = Counter(item.nodeid for item in items)
    if twice := [name for name, count in names.items() if count > 1]:
        raise pytest.UsageError(f"tests share a name, give each its own: {twice}")


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Thirds:
    """Asked by pytest-xdist."""
    # It would begin with the scope of the most tests, and leave for the end the few that take longest.
    config.option.loadscopereorder = False
    return Thirds(config, log)


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


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A collector of traces that keeps them."""
    made = Receiver()
    yield made
    made.close()
