from __future__ import annotations

import stat
from pathlib import Path

from mlops_local.node.files import differ, last_lines, write_private


def test_a_written_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "key"
    assert write_private(path, "secret")
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("secret", 0o600)


def test_the_same_text_is_not_written_again(tmp_path: Path) -> None:
    write_private(tmp_path / "key", "secret")
    before = (tmp_path / "key").stat().st_ino
    assert not write_private(tmp_path / "key", "secret")
    assert (tmp_path / "key").stat().st_ino == before


def test_an_interrupted_write_leaves_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / ".key.new").write_text("half")
    assert write_private(tmp_path / "key", "whole")
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_absent_and_changed_files_differ(tmp_path: Path) -> None:
    (tmp_path / "same").write_text("1")
    (tmp_path / "other").write_text("2")
    wanted = {tmp_path / "same": "1", tmp_path / "other": "1", tmp_path / "absent": "1"}
    assert differ(wanted) == (tmp_path / "other", tmp_path / "absent")


def test_the_end_of_a_log_is_shown(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("\n".join(str(number) for number in range(50000)))
    assert last_lines(tmp_path / "log", 2) == "49998\n49999"
    assert last_lines(tmp_path / "absent", 2) == ""
