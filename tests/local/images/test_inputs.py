"""An image's hash changes with its inputs, and with nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mlops_local.errors import ImageError
from mlops_local.images import inputs
from mlops_local.images.catalog import GO_GROUPS, RECIPES, GoProgram, RootFilesystem
from mlops_local.images.inputs import ImageSource, digest, image_hashes

ROOT = Path(__file__).parents[3]
PYTHON_IMAGES = ("mlflow", "pipeline", "serving")
Change = Callable[[Path], object]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the Python images are made from."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("pyproject.toml", "uv.lock"):
        shutil.copy2(ROOT / name, folder / name)
    for member in ("cli", "components", "local", "pipelines", "serving", "stacks"):
        (folder / member).mkdir()
        shutil.copy2(ROOT / member / "pyproject.toml", folder / member / "pyproject.toml")
        (folder / member / "source.py").write_text(f"# {member}\n")
    return folder


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("tools")
    found = {group: folder / f"{group}-0123456789abcdef" for group in GO_GROUPS}
    for recipe in RECIPES.values():
        if isinstance(recipe, GoProgram):
            found[recipe.group].mkdir(exist_ok=True)
            (found[recipe.group] / recipe.program).write_bytes(b"program")
    return found


def changed(checkout: Path, programs: dict[str, Path], file: str, text: str) -> set[str]:
    """Images whose hash differs while `file` of the checkout has `text` appended."""
    source = ImageSource(checkout, programs)
    before = image_hashes(RECIPES, source)
    path = checkout / file
    original = path.read_text() if path.exists() else None
    path.parent.mkdir(exist_ok=True)
    path.write_text((original or "") + text)
    try:
        after = image_hashes(RECIPES, source)
    finally:
        if original is None:
            path.unlink()
        else:
            path.write_text(original)
    return {name for name in RECIPES if before[name] != after[name]}


@pytest.mark.parametrize(
    ("file", "images"),
    [
        ("serving/source.py", {"serving", "pipeline"}),
        ("serving/new.py", {"serving", "pipeline"}),
        ("pipelines/source.py", {"pipeline"}),
        ("components/source.py", set()),
        ("docs/page.md", set()),
        ("serving/__pycache__/source.cpython-311.pyc", set()),
    ],
)
def test_change_of_a_file_rebuilds_exactly(
    checkout: Path, programs: dict[str, Path], file: str, images: set[str]
) -> None:
    assert changed(checkout, programs, file, "# changed\n") == images


def test_another_version_in_the_lock_rebuilds_the_images_that_have_the_package(
    checkout: Path, programs: dict[str, Path], tmp_path: Path
) -> None:
    copy = tmp_path / "checkout"
    shutil.copytree(checkout, copy)
    lock = (copy / "uv.lock").read_text()
    url = next(line for line in lock.splitlines() if "/onnxruntime-" in line and "cp311" in line)
    start = url.index("sha256:")
    (copy / "uv.lock").write_text(lock.replace(url, url[: start + 7] + "0" * 64 + url[start + 71 :]))
    before = image_hashes(RECIPES, ImageSource(checkout, programs))
    after = image_hashes(RECIPES, ImageSource(copy, programs))
    differing = {name for name in RECIPES if before[name] != after[name]}
    assert differing == {"serving-packages", "serving", "pipeline-packages", "pipeline"}


def test_a_program_from_other_pins_rebuilds_its_image_only(
    checkout: Path, programs: dict[str, Path], tmp_path: Path
) -> None:
    other = tmp_path / "coredns-fedcba9876543210"
    shutil.copytree(programs["coredns"], other)
    before = image_hashes(RECIPES, ImageSource(checkout, programs))
    after = image_hashes(RECIPES, ImageSource(checkout, {**programs, "coredns": other}))
    assert {name for name in RECIPES if before[name] != after[name]} == {"coredns"}


def test_other_packages_in_the_base_rebuild_all_that_takes_files_from_it(
    checkout: Path, programs: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = ImageSource(checkout, programs)
    before = image_hashes(RECIPES, source)
    base = RECIPES["base"]
    assert isinstance(base, RootFilesystem)
    monkeypatch.setitem(RECIPES, "base", replace(base, packages=(*base.packages, "tzdata")))
    after = image_hashes(RECIPES, source)
    other = {name for name in RECIPES if before[name] != after[name]}
    layers = {"serving-packages", "pipeline-packages"}
    assert other == {"base", "alertmanager", "otel-collector", *layers, *PYTHON_IMAGES}


def test_a_program_that_was_not_built_is_named(checkout: Path) -> None:
    with pytest.raises(ImageError, match=r"the program pause was not built .* build the Go group pause"):
        image_hashes(["pause"], ImageSource(checkout, {}))


def test_a_folder_without_a_lock_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"uv\.lock does not give the packages of mlops-serving"):
        image_hashes(["serving"], ImageSource(tmp_path, {}))


def test_two_checkouts_with_the_same_content_have_the_same_hashes(
    checkout: Path, programs: dict[str, Path], tmp_path: Path
) -> None:
    copy = tmp_path / "elsewhere"
    shutil.copytree(checkout, copy)
    here = image_hashes(PYTHON_IMAGES, ImageSource(checkout, programs))
    assert image_hashes(PYTHON_IMAGES, ImageSource(copy, programs)) == here


def test_digest_tells_parts_apart_that_would_join_to_the_same_text() -> None:
    assert digest(["ab", "c"]) != digest(["a", "bc"])
    assert digest(["a", "b"]) != digest(["b", "a"])
    assert len(digest([])) == 16


@pytest.mark.parametrize("name", ["base", "postgres"])
def test_what_the_catalog_says_of_a_root_filesystem_is_part_of_its_hash(name: str) -> None:
    parts = list(inputs.recipe_parts(RECIPES[name]))
    assert "usr/share/man" in parts
    assert "before" in parts
