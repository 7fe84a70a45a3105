from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

import real_alertmanager
from real_alertmanager import Alertmanager

Run = Callable[[Mapping[str, str]], AbstractContextManager[Alertmanager]]


@pytest.fixture
def run(binaries: Callable[[str], Path], tmp_path: Path) -> Run:
    """`run(files)` is the platform's Alertmanager with these files."""
    program = binaries("alertmanager") / "alertmanager"
    return lambda files: real_alertmanager.running(program, tmp_path / "alertmanager", files)
