from __future__ import annotations

import os
from pathlib import Path

import pytest

import promtool as debian


@pytest.fixture(scope="session")
def promtool() -> Path:
    """Prometheus' tool that checks and tests rules."""
    return debian.find(Path(os.environ.get("MLOPS_CACHE") or Path.home() / ".cache" / "mlops"))
