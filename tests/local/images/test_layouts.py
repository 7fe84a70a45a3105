"""OCI layout folders: digests, sizes, shared layers, and which ones stay."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from pathlib import Path

from mlops_local.images import layouts


def blob(folder: Path, content: bytes) -> str:
    digest = hashlib.sha256(content).hexdigest()
    path = folder / "blobs" / "sha256" / digest
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return f"sha256:{digest}"


def layout(folder: Path, *layers: bytes) -> Path:
    """An OCI layout whose layers are `layers`, gzipped; returns its folder."""
    config = blob(folder, json.dumps({"config": {"User": "65532:65532"}}).encode())
    digests = [blob(folder, gzip.compress(layer, mtime=0)) for layer in layers]
    manifest = blob(
        folder,
        json.dumps({"config": {"digest": config}, "layers": [{"digest": d} for d in digests]}).encode(),
    )
    (folder / "index.json").write_text(json.dumps({"manifests": [{"digest": manifest}]}))
    return folder


def test_size_is_that_of_the_unpacked_layers(tmp_path: Path) -> None:
    made = layout(tmp_path / "a-0123456789abcdef", b"x" * 70_000, b"y" * 5_000)
    assert layouts.unpacked_bytes(made) == 75_000


def test_config_and_digest_are_those_of_the_one_image(tmp_path: Path) -> None:
    made = layout(tmp_path / "a-0123456789abcdef", b"x")
    assert layouts.image_config(made) == {"config": {"User": "65532:65532"}}
    manifest = made / "blobs" / "sha256" / layouts.manifest_digest(made).removeprefix("sha256:")
    assert manifest.is_file()


def test_layouts_share_the_layers_that_they_have_in_common_and_only_those(tmp_path: Path) -> None:
    base = layout(tmp_path / "base-0123456789abcdef", b"common")
    above = layout(tmp_path / "above-0123456789abcdef", b"common", b"own")
    layouts.share_blobs(above)
    common, own = layouts.layer_files(above)
    assert common.samefile(layouts.layer_files(base)[0])
    assert own.stat().st_nlink == 1
    assert layouts.unpacked_bytes(above) == len(b"common") + len(b"own")


def test_the_two_newest_layouts_of_an_image_stay_and_other_images_are_not_touched(tmp_path: Path) -> None:
    for age, name in enumerate(["serving-" + "a" * 16, "serving-" + "b" * 16, "serving-" + "c" * 16]):
        layout(tmp_path / name, b"x")
        os.utime(tmp_path / name, (1000 - age, 1000 - age))
    layout(tmp_path / ("serving-packages-" + "d" * 16), b"x")
    layouts.drop_outdated("serving", tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        "serving-" + "a" * 16,
        "serving-" + "b" * 16,
        "serving-packages-" + "d" * 16,
    }


def test_what_an_interrupted_build_left_goes_and_finished_layouts_stay(tmp_path: Path) -> None:
    layout(tmp_path / ("base-" + "a" * 16), b"x")
    (tmp_path / ".serving-x1y2" / "context").mkdir(parents=True)
    layouts.drop_unfinished(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["base-" + "a" * 16]
