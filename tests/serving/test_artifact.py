"""The manifest, and files that are not what it says."""

from __future__ import annotations

import json

import pytest

from mlops_serving.artifact import (
    MANIFEST,
    FileEntry,
    ReferenceBins,
    artifact_key,
    dump_manifest,
    file_entry,
    parse_manifest,
    verify,
)
from mlops_serving.errors import ArtifactError, DigestMismatch


def test_a_manifest_survives_being_written_and_read(iris):
    manifest = iris.manifests["1"]
    assert parse_manifest(dump_manifest(manifest), "here") == manifest
    assert artifact_key("iris", "1") == "models/iris/1"


def changed(manifest, **fields):
    return json.dumps(json.loads(dump_manifest(manifest)) | fields).encode()


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"schema_version": 2}, "malformed at schema_version"),
        ({"surprise": 1}, "malformed at surprise: Extra inputs are not permitted"),
        ({"version": 1}, "malformed at version: Input should be a valid string"),
        ({"version": "01"}, "malformed at version"),
        ({"name": "../up"}, "malformed at name"),
        ({"framework": "ONNX"}, "malformed at framework: String should match pattern"),
        ({"entry_point": "model"}, "malformed at entry_point"),
        ({"files": []}, "malformed at files"),
        ({"model_file": "other.onnx"}, "'other.onnx' is not among files"),
        ({"created_at": "2026-11-24T00:00:00"}, "malformed at created_at"),
        ({"metrics": {"auc": "high"}}, "malformed at metrics.auc"),
        ({"inputs": [{"name": "X", "datatype": "FLOAT", "shape": [-1]}]}, "malformed at inputs.0.datatype"),
        ({"inputs": [{"name": "X", "datatype": "FP32", "shape": [-2]}]}, "malformed at inputs.0.shape.0"),
        ({"outputs": [{"name": "y", "datatype": "FP32", "shape": []}] * 2}, "an output is listed twice"),
    ],
)
def test_a_wrong_manifest_is_refused_at_the_place_that_is_wrong(iris, fields, text):
    with pytest.raises(ArtifactError) as caught:
        parse_manifest(changed(iris.manifests["1"], **fields), "models/iris/1/manifest.json")
    assert text in str(caught.value)
    assert str(caught.value).startswith("manifest models/iris/1/manifest.json is malformed at ")


def test_a_manifest_of_the_time_before_places_expectations_and_sensitive_columns_is_read(iris):
    document = json.loads(dump_manifest(iris.manifests["1"]))
    for field in ("expectations", "strict", "sensitive"):
        del document[field]
    bins = {"feature": "f", "kind": "numeric", "edges": [1.0], "counts": [1, 2], "missing": 0}
    old = parse_manifest(json.dumps(document | {"reference_bins": [bins]}).encode(), "here")
    assert (old.expectations, old.strict, dict(old.sensitive)) == ((), False, {})
    assert (old.reference_bins[0].tensor, old.reference_bins[0].largest) == (None, None)


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"null"])
def test_what_is_no_manifest_at_all_is_refused(text):
    with pytest.raises(ArtifactError, match="malformed at the whole document"):
        parse_manifest(text, "here")


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../../x", "a//b", "./a", "a/", MANIFEST, ""])
def test_a_file_cannot_lie_outside_the_artifact(path):
    with pytest.raises(ValueError, match="path"):
        FileEntry(path=path, sha256="0" * 64, size=0)


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: file.unlink(),
        lambda file: file.write_bytes(file.read_bytes()[:-1]),
        lambda file: file.write_bytes(b""),
        lambda file: file.write_bytes(b"\0" + file.read_bytes()[1:]),
        lambda file: file.write_bytes(file.read_bytes() + b"\0"),
    ],
    ids=["missing", "truncated", "empty", "altered", "longer"],
)
def test_a_damaged_file_is_refused_by_name(iris, make_artifact, tmp_path, damage):
    good = iris.manifests["1"]
    model = (iris.folders["1"] / "model.onnx").read_bytes()
    manifest = make_artifact(tmp_path, model, good.inputs, good.outputs, good.golden)
    verify(tmp_path, manifest)
    damage(tmp_path / "model.onnx")
    with pytest.raises(DigestMismatch, match=r"^model\.onnx of models/iris/1 "):
        verify(tmp_path, manifest)


def test_a_file_entry_has_the_sha256_of_the_whole_file(tmp_path):
    (tmp_path / "f").write_bytes(b"abc")
    entry = file_entry(tmp_path, "f")
    assert (entry.size, entry.sha256[:16]) == (3, "ba7816bf8f01cfea")


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "numeric", "edges": (1.0, 2.0), "counts": (1, 2)},
        {"kind": "numeric", "edges": (2.0, 1.0), "counts": (1, 2, 3)},
        {"kind": "numeric", "edges": (1.0, 1.0), "counts": (1, 2, 3)},
        {"kind": "numeric", "categories": ("a",), "counts": (1, 2)},
        {"kind": "categorical", "categories": ("a",), "counts": (1,)},
        {"kind": "categorical", "edges": (1.0,), "counts": (1, 2)},
    ],
)
def test_reference_bins_that_contradict_themselves_are_refused(fields):
    with pytest.raises(ValueError, match=r"feature 'f'"):
        ReferenceBins(feature="f", missing=0, **fields)
