from __future__ import annotations

import pytest

from network_samples import made
from recording_engine import Recording


@pytest.fixture(scope="module")
def network() -> Recording:
    """A network that is made."""
    return made()
