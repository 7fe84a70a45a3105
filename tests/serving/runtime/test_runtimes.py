"""Which runtime loads a model, and whose models may run code."""

from __future__ import annotations

import numpy as np
import pytest

from mlops_serving.errors import ModelError
from mlops_serving.models import load_model
from mlops_serving.runtime import RUNTIMES, Kind
from serving_python import make_class, make_flower

HALVING = """
class Halves:
    def run(self, inputs, outputs):
        return [inputs["x"] / 2 for _ in outputs]

def load(manifest, folder, place):
    assert (folder / manifest.model_file).is_file()
    assert place.threads == 3
    return Halves()
"""


def test_a_new_runtime_is_a_module_and_a_line(tmp_path, monkeypatch):
    (tmp_path / "halving_runtime.py").write_text(HALVING)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(RUNTIMES, "halving", Kind("halving_runtime"))
    manifest = make_class(tmp_path / "model", framework="halving", answers=[0.5, 1.0])
    model = load_model(manifest, tmp_path / "model", 3)
    assert model.runtime.run({"x": np.float32([8])}, ["y"])[0].tolist() == [4]
    assert model.concurrent is None


def test_a_framework_that_the_server_has_not_is_refused_by_name(tmp_path):
    manifest = make_class(tmp_path, framework="torch")
    with pytest.raises(ModelError, match=r"double version 1 needs runtime 'torch'.*'onnx', 'pickle'"):
        load_model(manifest, tmp_path, 1)


def test_no_code_of_an_artifact_runs_without_permission(tmp_path):
    code = f"open({str(tmp_path / 'ran')!r}, 'w')\n"
    made = {
        "python": make_class(tmp_path / "python", code),
        "pickle": make_flower(tmp_path / "pickle", framework="pickle"),
    }
    for framework, manifest in made.items():
        with pytest.raises(
            ModelError, match=rf"is of framework {framework}, which runs code.*MLOPS_ALLOW_CODE"
        ):
            load_model(manifest, tmp_path / framework, 1)
    assert not (tmp_path / "ran").exists()
