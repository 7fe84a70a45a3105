"""Stacks on the real engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from real_engine import RealStack


@pytest.fixture
def open_stack(binaries: Callable[[str], Path], tmp_path: Path) -> Iterator[Callable[..., RealStack]]:
    """`open_stack(name)` is a stack of the test's own."""
    cache = binaries("pulumi").parent.parent
    opened: list[RealStack] = []

    def make(name: str, **more: object) -> RealStack:
        opened.append(RealStack(name, tmp_path, cache, **more))  # type: ignore[arg-type]  # handed on
        return opened[-1]

    yield make
    for stack in opened:
        stack.close()
