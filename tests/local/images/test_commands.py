"""Commands that fail say which, with what output, where the rest is, and what to do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mlops_local.errors import ImageError
from mlops_local.images import commands


def test_output_of_a_command_is_returned_and_its_errors_logged(tmp_path: Path) -> None:
    log = tmp_path / "images.log"
    assert commands.run(["sh", "-c", "echo out; echo err >&2"], log) == "out\n"
    assert log.read_text() == "$ sh -c 'echo out; echo err >&2'\nerr\n"


def test_failure_has_the_last_lines_of_this_command_and_the_log(tmp_path: Path) -> None:
    log = tmp_path / "images.log"
    commands.run(["sh", "-c", "echo earlier >&2"], log)
    with pytest.raises(ImageError) as caught:
        commands.run(["sh", "-c", "for n in $(seq 12); do echo line $n >&2; done; exit 3"], log)
    message = str(caught.value)
    assert message.startswith("sh failed:\n  line 3\n")
    assert message.endswith(
        f"line 12\nIts whole output: {log}\n"
        "Mend what it names and run the command again; finished images are kept."
    )
    assert "earlier" not in message


def test_a_program_that_is_not_installed_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"no-such-program is not installed; `mlops doctor`"):
        commands.run(["no-such-program"], tmp_path / "images.log")


def test_an_isolated_command_is_named_and_not_what_isolates_it(tmp_path: Path) -> None:
    assert commands.program_of([*commands._ISOLATED, "buildah", "push"]) == "buildah"
    assert commands.program_of(["skopeo", "copy"]) == "skopeo"


def test_a_full_disk_in_the_output_names_the_folder_and_what_to_free(tmp_path: Path) -> None:
    text = commands.failure("buildah", "write /x: No space left on device", tmp_path / "images.log")
    assert f"the disk of {tmp_path} is full (" in text
    assert f"{tmp_path / 'images'} may go" in text
    assert "set MLOPS_CACHE to a folder on a larger disk" in text


def test_too_little_space_is_said_before_anything_is_built(tmp_path: Path) -> None:
    free_mb = shutil.disk_usage(tmp_path).free // 1_000_000
    commands.require_space("mlflow", 1, tmp_path)
    with pytest.raises(ImageError, match=rf"image mlflow cannot be built: .* of the {free_mb * 2} MB"):
        commands.require_space("mlflow", free_mb * 2, tmp_path)
