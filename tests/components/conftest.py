from __future__ import annotations

from pathlib import Path

import pytest

import promtool as debian
from running_platform import CACHE


@pytest.fixture(scope="session")
def promtool() -> Path:
    """Prometheus' tool that checks and tests rules."""
    return debian.find(CACHE)
