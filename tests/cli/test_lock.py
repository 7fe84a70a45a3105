from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlops_cli.errors import EnvironmentBusy
from mlops_cli.lock import exclusive

HOLD = """
import sys
from pathlib import Path
from mlops_cli.lock import exclusive
with exclusive(Path(sys.argv[1]), "mlops up local"):
    print("held", flush=True)
    sys.stdin.read()
"""


def hold(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_second_command_is_told_who_holds_the_environment(tmp_path: Path) -> None:
    with hold(tmp_path) as holder:
        expected = rf"`mlops up local` \(pid {holder.pid}, since "
        with pytest.raises(EnvironmentBusy, match=expected), exclusive(tmp_path, "mlops down local"):
            pass
        holder.kill()


def test_a_killed_holder_leaves_the_environment_free(tmp_path: Path) -> None:
    with hold(tmp_path) as holder:
        holder.kill()
        holder.wait()
    with exclusive(tmp_path, "mlops up local"):
        assert str(os.getpid()) in (tmp_path / "command.lock").read_text()
