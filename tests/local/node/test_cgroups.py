from __future__ import annotations

from pathlib import Path

import pytest

from mlops_local.node import cgroups

NAME = "mlops-test-cg"


def tree(root: Path, *names: str) -> Path:
    """A folder that looks like /sys/fs/cgroup."""
    for name in names:
        (root / name).mkdir(parents=True)
        (root / name / "cgroup.procs").touch()
    return root


def test_version_1_has_a_tree_for_each_controller(tmp_path: Path) -> None:
    root = tree(tmp_path, "memory", "pids", "unified")
    assert cgroups.hierarchies(root) == (root / "memory", root / "pids", root / "unified")


def test_version_2_has_one_tree(tmp_path: Path) -> None:
    (tmp_path / "cgroup.controllers").write_text("cpu memory\n")
    assert cgroups.hierarchies(tmp_path) == (tmp_path,)


def test_no_control_groups_are_no_trees(tmp_path: Path) -> None:
    assert cgroups.hierarchies(tmp_path / "absent") == ()


def test_version_2_passes_on_the_controllers_that_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cgroup.controllers").write_text("cpu hugetlb memory\n")
    (tmp_path / NAME).mkdir()
    (tmp_path / NAME / "cgroup.controllers").write_text("memory\n")
    monkeypatch.setattr(cgroups.hierarchies, "__defaults__", (tmp_path,))
    cgroups.create(NAME)
    assert (tmp_path / "cgroup.subtree_control").read_text() == "+cpu +memory"
    assert (tmp_path / NAME / "cgroup.subtree_control").read_text() == "+memory"
    assert (tmp_path / NAME / "system").is_dir()


@pytest.mark.cluster
def test_groups_are_made_twice_without_harm_and_removed() -> None:
    cgroups.create(NAME)
    cgroups.create(NAME)
    try:
        assert set(cgroups.left(NAME)) == {root / NAME for root in cgroups.hierarchies()}
        assert cgroups.members(NAME) == ()
    finally:
        cgroups.remove(NAME, seconds=5)
    assert cgroups.left(NAME) == ()
