"""Artifacts on local disk."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from mlops_serving.cache import ArtifactCache
from mlops_serving.errors import ArtifactError, DigestMismatch, StoreUnavailable


@pytest.fixture
def cache(iris_store, tmp_path):
    return ArtifactCache(tmp_path / "cache", iris_store, "iris")


def names(tmp_path):
    found = (tmp_path / "cache" / "iris").iterdir()
    return sorted(path.name for path in found if path.suffix != ".lock")


def obtained(cache, version):
    with cache.obtain(version) as found:
        return found


def test_a_version_is_downloaded_once_and_then_needs_no_store(cache, gateway, iris, tmp_path):
    manifest, folder = obtained(cache, "2")
    assert manifest == iris.manifests["2"]
    assert folder == tmp_path / "cache" / "iris" / "2"
    gateway.stop()
    assert obtained(cache, "2") == (manifest, folder)


def test_a_refused_version_leaves_no_trace(cache, gateway, tmp_path):
    (gateway.folder / "models" / "models" / "iris" / "2" / "model.onnx").write_bytes(b"x")
    with pytest.raises(DigestMismatch):
        obtained(cache, "2")
    with pytest.raises(ArtifactError):
        obtained(cache, "9")
    gateway.stop()
    with pytest.raises(StoreUnavailable):
        obtained(cache, "3")
    assert names(tmp_path) == []


def test_what_an_interrupted_download_left_does_not_matter_and_goes(cache, tmp_path):
    for version in ("2", "3"):
        (tmp_path / "cache" / "iris" / f"{version}.part" / "half").mkdir(parents=True)
    assert obtained(cache, "2")[0].version == "2"
    cache.keep({"2"})
    assert names(tmp_path) == ["2"]


def test_only_the_versions_in_use_are_kept(cache, tmp_path):
    for version in ("1", "2", "3"):
        obtained(cache, version)
    cache.keep({"2", "3"})
    assert names(tmp_path) == ["2", "3"]


def test_a_version_that_another_worker_is_loading_is_not_deleted(cache, iris_store, tmp_path):
    other = ArtifactCache(tmp_path / "cache", iris_store, "iris")
    with other.obtain("1"):
        cache.keep({"2"})
        assert names(tmp_path) == ["1"]
    cache.keep({"2"})
    assert names(tmp_path) == []


def test_a_version_that_goes_between_the_locks_is_downloaded_again(cache, tmp_path, monkeypatch):
    ensure, calls = cache._ensure, []

    def ensure_and_lose_it_once(final, version):
        manifest = ensure(final, version)
        calls.append(version)
        if len(calls) == 1:
            shutil.rmtree(final)
        return manifest

    monkeypatch.setattr(cache, "_ensure", ensure_and_lose_it_once)
    with cache.obtain("1") as (_, folder):
        assert folder.is_dir()
    assert calls == ["1", "1"]


OBTAIN = """
import os, sys
from pathlib import Path
from mlops_serving.cache import ArtifactCache
from mlops_serving.store import Store, store_settings
cache = ArtifactCache(Path(sys.argv[1]), Store(store_settings(os.environ)), "iris")
with cache.obtain("3") as (manifest, folder):
    assert (manifest.version, folder.is_dir()) == ("3", True)
"""


def test_workers_that_start_together_all_get_the_version(iris_store, gateway, tmp_path):
    command = [sys.executable, "-c", OBTAIN, str(tmp_path / "cache")]
    environ = os.environ | gateway.environ("models")
    workers = [subprocess.Popen(command, env=environ) for _ in range(4)]
    assert [worker.wait(60) for worker in workers] == [0] * 4
    assert names(tmp_path) == ["3"]
