"""Artifacts in folders: which are found, and that nothing but a whole one is taken."""

from __future__ import annotations

import pytest

from mlops_serving.errors import ArtifactError, DigestMismatch
from mlops_serving.folder import ArtifactFolder, find_artifacts
from serving_python import make_class


def obtained(source, version):
    with source.obtain(version) as found:
        return found


def test_an_artifact_is_found_in_its_own_folder(tmp_path):
    make_class(tmp_path)
    assert find_artifacts(tmp_path) == [tmp_path]


def test_of_each_model_the_newest_version_is_found(tmp_path):
    for path in ("b/9", "b/10", "a/2", "a/draft"):
        make_class(tmp_path / path)
    (tmp_path / "b" / "11").mkdir()
    assert find_artifacts(tmp_path) == [tmp_path / "a" / "2", tmp_path / "b" / "10"]


def test_a_folder_without_artifacts_is_refused(tmp_path):
    with pytest.raises(ArtifactError, match=r"neither a manifest\.json nor folders <name>/<version>/"):
        find_artifacts(tmp_path)


def test_an_artifact_is_served_from_where_it_lies_and_never_deleted(tmp_path):
    made = make_class(tmp_path)
    source = ArtifactFolder(tmp_path)
    assert obtained(source, "1") == (made, tmp_path)
    source.keep(())
    assert obtained(source, "1") == (made, tmp_path)


def test_another_version_an_altered_file_and_a_missing_manifest_are_refused(tmp_path):
    make_class(tmp_path)
    source = ArtifactFolder(tmp_path)
    with pytest.raises(ArtifactError, match="has version 1 of model double, version 2 is wanted"):
        obtained(source, "2")
    (tmp_path / "double.py").write_text("")
    with pytest.raises(DigestMismatch, match=r"double\.py of models/double/1 has sha256"):
        obtained(source, "1")
    (tmp_path / "manifest.json").unlink()
    with pytest.raises(ArtifactError, match=r"manifest\.json cannot be read: No such file"):
        obtained(source, "1")
