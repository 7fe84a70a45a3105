"""Fixtures for the local platform's tests."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def short_path() -> Iterator[Path]:
    """An empty folder for a node's home: pytest's own is too deep for the kernel's limit on sockets."""
    with tempfile.TemporaryDirectory(prefix="mlops-test-") as folder:
        yield Path(folder)
