from __future__ import annotations

from pathlib import Path

import pytest

from mlops_local.errors import LocalError
from mlops_local.paths import Paths


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").touch()
    (tmp_path / "uv.lock").touch()
    (tmp_path / "stacks").mkdir()
    return tmp_path


def test_defaults_follow_the_xdg_folders(workspace: Path) -> None:
    paths = Paths.read({"HOME": "/home/ada"}, workspace / "stacks")
    assert paths == Paths(
        workspace, home=Path("/home/ada/.local/share/mlops"), cache=Path("/home/ada/.cache/mlops")
    )


def test_variables_move_state_and_cache(workspace: Path) -> None:
    paths = Paths.read(
        {"HOME": "/home/ada", "MLOPS_HOME": "/srv/state", "MLOPS_CACHE": "/srv/cache"}, workspace
    )
    assert (paths.home, paths.cache) == (Path("/srv/state"), Path("/srv/cache"))


def test_outside_a_checkout_the_error_says_where_to_run(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="is not inside a checkout of pulumi-mlops"):
        Paths.read({}, tmp_path)
