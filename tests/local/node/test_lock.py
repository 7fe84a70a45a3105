from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlops_local.errors import NodeError
from mlops_local.node import NodeSpec
from mlops_local.node.lock import locked


def test_the_second_is_told_who_is_at_work(tmp_path: Path) -> None:
    spec = NodeSpec(name="mlops", home=tmp_path / "n")
    with locked(spec, "start"), pytest.raises(NodeError) as refusal, locked(spec, "stop"):
        pass
    assert str(refusal.value) == (
        f"node mlops is being changed by process {os.getpid()} (start); wait until that ends"
    )


def test_the_lock_is_free_after_a_failure(tmp_path: Path) -> None:
    spec = NodeSpec(name="mlops", home=tmp_path / "n")
    with pytest.raises(ZeroDivisionError), locked(spec, "start"):
        raise ZeroDivisionError
    with locked(spec, "start"):
        pass
