"""Artifacts on their way to the store and back."""

from __future__ import annotations

import pytest

from mlops_serving.artifact import dump_manifest
from mlops_serving.errors import ArtifactError, DigestMismatch
from mlops_serving.publish import fetch, publish, versions


def test_what_was_published_is_fetched_whole(store, iris, tmp_path):
    publish(store, iris.folders["1"], iris.manifests["1"])
    assert fetch(store, "iris", "1", tmp_path) == iris.manifests["1"]
    assert (tmp_path / "model.onnx").read_bytes() == (iris.folders["1"] / "model.onnx").read_bytes()


def test_publishing_again_completes_what_was_interrupted_and_changes_nothing_else(store, iris):
    store.create("models/iris/1/model.onnx", (iris.folders["1"] / "model.onnx").read_bytes())
    assert versions(store, "iris") == []
    for _ in range(2):
        publish(store, iris.folders["1"], iris.manifests["1"])
    assert versions(store, "iris") == ["1"]


def test_a_version_is_never_published_over(store, iris):
    publish(store, iris.folders["1"], iris.manifests["1"])
    other = iris.manifests["2"].model_copy(update={"version": "1"})
    with pytest.raises(ArtifactError, match="versions are immutable"):
        publish(store, iris.folders["2"], other)


def test_a_folder_that_is_not_what_its_manifest_says_is_not_published(store, iris):
    with pytest.raises(DigestMismatch):
        publish(store, iris.folders["2"], iris.manifests["1"])
    assert store.list("models/iris") == []


def test_versions_are_in_numeric_order(store, iris):
    for version in ("10", "9", "2"):
        publish(store, iris.folders["1"], iris.manifests["1"].model_copy(update={"version": version}))
    assert versions(store, "iris") == ["2", "9", "10"]


def test_a_version_that_is_not_there_is_answered_with_those_that_are(store, iris, tmp_path):
    with pytest.raises(ArtifactError, match="the versions there are: none"):
        fetch(store, "iris", "1", tmp_path)
    publish(store, iris.folders["2"], iris.manifests["2"])
    with pytest.raises(ArtifactError, match="no version '1'; the versions there are: 2"):
        fetch(store, "iris", "1", tmp_path)


def test_a_file_missing_in_the_store_is_named(gateway, store, iris, tmp_path):
    publish(store, iris.folders["1"], iris.manifests["1"])
    (gateway.folder / "models" / "models" / "iris" / "1" / "model.onnx").unlink()
    with pytest.raises(DigestMismatch, match=r"model\.onnx of models/iris/1 is missing"):
        fetch(store, "iris", "1", tmp_path)


def test_a_manifest_under_another_versions_key_is_refused(store, iris, tmp_path):
    store.create("models/iris/5/manifest.json", dump_manifest(iris.manifests["1"]))
    with pytest.raises(ArtifactError, match="is of models/iris/1"):
        fetch(store, "iris", "5", tmp_path)
