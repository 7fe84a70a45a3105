"""Real builds of small images: whole or not at all, once for the same inputs, nothing left behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from mlops_local.errors import ImageError
from mlops_local.images import ImageSource, build
from mlops_local.images.build import missing
from mlops_local.images.buildah import buildah
from mlops_local.images.layouts import image_config, manifest_digest

DEADLINE_SECONDS = 60.0
PROLOGUE = """
    import dataclasses, sys
    from pathlib import Path
    from mlops_local.errors import ImageError
    from mlops_local.images import ImageSource, build, catalog
    from mlops_local.images.build import RECIPES
    tools, cache = map(Path, sys.argv[1:])
    source = ImageSource(Path.cwd(), {"coredns": tools / "coredns-0123456789abcdef"})
"""


def script(text: str, source: ImageSource, cache: Path) -> list[str]:
    """Command of a Python program that builds in a process of its own."""
    program = textwrap.dedent(PROLOGUE) + textwrap.dedent(text)
    return [sys.executable, "-c", program, str(source.programs["coredns"].parent), str(cache)]


def left_behind(cache: Path) -> list[str]:
    """Processes and mounts that know the cache's path."""
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    commands = [line for line in listed.splitlines() if str(cache) in line]
    mounts = [line for line in Path("/proc/mounts").read_text().splitlines() if str(cache) in line]
    return commands + mounts


def test_missing_ancestors_are_built_first_and_present_ones_not_again(tmp_path: Path) -> None:
    folders = {name: tmp_path / name for name in ("base", "serving-packages", "serving", "pause")}
    (tmp_path / "base").mkdir()
    assert missing(["pause", "serving"], folders) == ["pause", "serving-packages", "serving"]


def test_nothing_is_built_for_the_sake_of_an_ancestor_that_was_deleted(tmp_path: Path) -> None:
    folders = {name: tmp_path / name for name in ("base", "serving-packages", "serving")}
    (tmp_path / "serving").mkdir()
    assert missing(["serving"], folders) == []


def test_an_unknown_image_is_refused_and_the_known_ones_named(small: ImageSource, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"unknown image 'grafana'; known: base, postgres"):
        build(["grafana"], small, tmp_path / "cache", print)


@pytest.mark.cluster
def test_an_image_built_by_an_earlier_command_is_a_parent_whatever_folder_it_is_in(
    small: ImageSource, tmp_path: Path
) -> None:
    layout = build(["pause"], small, tmp_path / ".cache", print)["pause"]
    containerfile = tmp_path / "Containerfile"
    containerfile.write_text("FROM localhost/parent:1\nUSER 1000:1000\n")
    with buildah(tmp_path / ".buildah", tmp_path / "log") as builder:
        builder.load("localhost/parent:1", layout)
        builder.build("localhost/child:1", containerfile, tmp_path / "tools", tmp_path / "child")
    config = image_config(tmp_path / "child")["config"]
    assert (config["User"], config["Entrypoint"]) == ("1000:1000", ["/pause"])


@pytest.mark.cluster
def test_image_has_its_user_and_entrypoint_and_the_second_build_does_nothing(
    small: ImageSource, tmp_path: Path
) -> None:
    cache, lines = tmp_path / "cache", list[str]()
    layout = build(["pause"], small, cache, lines.append)["pause"]
    config = image_config(layout)["config"]
    assert (config["User"], config["Entrypoint"]) == ("65532:65532", ["/pause"])
    assert lines[0] == "building image pause (1 of 1)"
    assert lines[1].endswith("1 MB unpacked")
    lines.clear()
    started = time.monotonic()
    assert build(["pause"], small, cache, lines.append) == {"pause": layout}
    assert time.monotonic() - started < 1
    assert lines == []
    assert sorted(path.name for path in (cache / "images").iterdir()) == [layout.name]
    assert left_behind(cache) == []


@pytest.mark.cluster
def test_equal_inputs_give_an_equal_digest_in_another_cache(small: ImageSource, tmp_path: Path) -> None:
    built = [build(["pause"], small, tmp_path / cache, print)["pause"] for cache in ("one", "two")]
    assert manifest_digest(built[0]) == manifest_digest(built[1])


@pytest.mark.cluster
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_build_leaves_no_layout_and_the_next_one_succeeds(
    small: ImageSource, tmp_path: Path, how: signal.Signals
) -> None:
    cache = tmp_path / "cache"
    command = script('build(["coredns"], source, cache, print)', small, cache)
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not list((cache / "images").glob(".coredns-*/Containerfile")):
        assert time.monotonic() < deadline
        assert process.poll() is None
    process.send_signal(how)
    assert process.wait(DEADLINE_SECONDS) != 0
    assert list((cache / "images").glob("coredns-*")) == []
    layout = build(["coredns"], small, cache, print)["coredns"]
    assert [path.name for path in (cache / "images").iterdir()] == [layout.name]
    while left_behind(cache):
        assert time.monotonic() < deadline


@pytest.mark.cluster
def test_a_second_builder_waits_for_the_first_and_finds_its_work_done(
    small: ImageSource, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    command = script('build(["coredns"], source, cache, print)', small, cache)
    builders = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    output = [builder.communicate(timeout=DEADLINE_SECONDS)[0] for builder in builders]
    assert [builder.returncode for builder in builders] == [0, 0]
    assert "".join(output).count("built image coredns") == 1


@pytest.mark.cluster
@pytest.mark.parametrize(
    ("check_first", "expected"),
    [(True, "image coredns cannot be built: the disk of"), (False, "the disk of")],
)
def test_a_full_disk_is_said_with_what_to_free_and_leaves_nothing_half(
    small: ImageSource, tmp_path: Path, check_first: bool, expected: str
) -> None:
    cache = tmp_path / "small-disk"
    cache.mkdir()
    unchecked = (
        "" if check_first else ('RECIPES["coredns"] = dataclasses.replace(RECIPES["coredns"], needed_mb=0)')
    )
    body = f"""
    {unchecked}
    try:
        build(["coredns"], source, cache, print)
    except ImageError as error:
        print(error)
    print(sorted(path.name for path in (cache / "images").iterdir()))
    """
    mounted = [
        "unshare",
        "--mount",
        "sh",
        "-c",
        'mount -t tmpfs -o size=90m none "$0" && exec "$@"',
        str(cache),
    ]
    result = subprocess.run(
        [*mounted, *script(body, small, cache)], capture_output=True, text=True, check=True
    )
    assert expected in result.stdout
    assert f"{cache} is full (" in result.stdout
    assert f"{cache / 'images'} may go, images are then built anew" in result.stdout
    assert result.stdout.splitlines()[-1] == "[]"
