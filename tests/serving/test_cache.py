"""Artifacts on local disk."""

from __future__ import annotations

import pytest

from mlops_serving.cache import ArtifactCache
from mlops_serving.errors import ArtifactError, DigestMismatch, StoreUnavailable


@pytest.fixture
def cache(iris_store, tmp_path):
    return ArtifactCache(tmp_path / "cache", iris_store, "iris")


def names(tmp_path):
    return sorted(path.name for path in (tmp_path / "cache" / "iris").iterdir())


def test_a_version_is_downloaded_once_and_then_needs_no_store(cache, gateway, iris, tmp_path):
    manifest, folder = cache.obtain("2")
    assert manifest == iris.manifests["2"]
    assert folder == tmp_path / "cache" / "iris" / "2"
    gateway.stop()
    assert cache.obtain("2") == (manifest, folder)


def test_a_refused_version_leaves_no_trace(cache, gateway, tmp_path):
    (gateway.folder / "models" / "models" / "iris" / "2" / "model.onnx").write_bytes(b"x")
    with pytest.raises(DigestMismatch):
        cache.obtain("2")
    with pytest.raises(ArtifactError):
        cache.obtain("9")
    gateway.stop()
    with pytest.raises(StoreUnavailable):
        cache.obtain("3")
    assert names(tmp_path) == []


def test_what_an_interrupted_download_left_is_cleared(cache, iris_store, tmp_path):
    (tmp_path / "cache" / "iris" / "2.part").mkdir()
    again = ArtifactCache(tmp_path / "cache", iris_store, "iris")
    assert names(tmp_path) == []
    assert again.obtain("2")[0].version == "2"


def test_only_the_versions_in_use_are_kept(cache, tmp_path):
    for version in ("1", "2", "3"):
        cache.obtain(version)
    cache.keep({"2", "3"})
    assert names(tmp_path) == ["2", "3"]
