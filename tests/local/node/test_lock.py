from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path

import pytest

from mlops_local.errors import NodeError
from mlops_local.node import NodeSpec
from mlops_local.node.layout import Layout
from mlops_local.node.lock import delete_home, is_home, locked


def test_the_second_is_told_who_is_at_work(short_path: Path) -> None:
    spec = NodeSpec(name="mlops", home=short_path / "n")
    with locked(spec, "start"), pytest.raises(NodeError) as refusal, locked(spec, "stop"):
        pass
    assert str(refusal.value) == (
        f"node mlops is being changed by process {os.getpid()} (start); wait until that ends"
    )


def test_the_lock_is_free_after_a_failure(short_path: Path) -> None:
    spec = NodeSpec(name="mlops", home=short_path / "n")
    with pytest.raises(ZeroDivisionError), locked(spec, "start"):
        raise ZeroDivisionError
    with locked(spec, "start"):
        pass


def test_only_a_folder_that_was_locked_is_a_home(short_path: Path) -> None:
    spec = NodeSpec(name="mlops", home=short_path / "n")
    assert not is_home(spec.home)
    with locked(spec, "start"):
        assert is_home(spec.home)


def test_a_home_is_deleted_with_all_that_it_holds(short_path: Path) -> None:
    spec = NodeSpec(name="mlops", home=short_path / "n")
    with locked(spec, "start"):
        (spec.home / "etcd/member").mkdir(parents=True)
        (spec.home / "kubeconfig").touch()
    delete_home(spec.home)
    assert list(short_path.iterdir()) == []


def test_what_a_killed_command_left_locked_for_a_moment_is_waited_for(short_path: Path) -> None:
    spec = NodeSpec(name="mlops", home=short_path / "n")
    with locked(spec, "start"):
        pass
    with Layout(spec.home).lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(f"process {2**22} (start)\n")
        file.flush()
        release = threading.Timer(0.2, fcntl.flock, (file, fcntl.LOCK_UN))
        release.start()
        with locked(spec, "stop"):
            pass
        release.join()
