from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def promtool(binaries: Callable[[str], Path]) -> Path:
    """The tool that checks and tests rules, of the Prometheus that the platform runs."""
    return binaries("prometheus") / "promtool"
