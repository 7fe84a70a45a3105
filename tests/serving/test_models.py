"""Loading models with proof."""

from __future__ import annotations

import numpy as np
import pytest

from mlops_serving.artifact import Golden, Tensor, TensorSpec
from mlops_serving.errors import ModelError
from mlops_serving.models import load_model


def test_a_loaded_model_answers_as_the_training_library_did(loaded, iris):
    (got,) = loaded["2"].runtime.run({"X": iris.rows}, ["probabilities"])
    np.testing.assert_allclose(got, iris.probabilities["2"], atol=1e-6)
    assert 0 < loaded["2"].row_seconds <= loaded["2"].call_seconds < 1


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"inputs": (TensorSpec(name="X", datatype="FP64", shape=(-1, 4)),)}, "'X' as FP64"),
        (
            {"inputs": (TensorSpec(name="X", datatype="FP32", shape=(-1,)),)},
            r"the model has FP32 \[None, 4\]",
        ),
        ({"inputs": (TensorSpec(name="Z", datatype="FP32", shape=(-1, 4)),)}, r"also needs inputs \['X'\]"),
        ({"outputs": (TensorSpec(name="scores", datatype="FP32", shape=(-1,)),)}, "the model has None"),
    ],
)
def test_a_manifest_that_does_not_fit_its_model_is_refused(iris, changes, text):
    manifest = iris.manifests["1"].model_copy(update=changes)
    with pytest.raises(ModelError, match=text):
        load_model(manifest, iris.folders["1"], 1)


def test_a_file_that_is_no_model_is_refused(iris, make_artifact, tmp_path):
    good = iris.manifests["1"]
    manifest = make_artifact(tmp_path, b"not a model", good.inputs, good.outputs, good.golden)
    with pytest.raises(ModelError, match=r"cannot load model\.onnx of iris version 1"):
        load_model(manifest, tmp_path, 1)


def golden(iris, **changes):
    known = iris.manifests["1"].golden
    parts = {"inputs": known.inputs, "outputs": known.outputs, "atol": known.atol}
    return iris.manifests["1"].model_copy(update={"golden": Golden(**(parts | changes))})


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        (
            {"outputs": (Tensor(name="label", shape=(3,), datatype="INT64", data=(2, 2, 2)),)},
            "wrongly in output 'label'",
        ),
        (
            {"outputs": (Tensor(name="label", shape=(1,), datatype="INT64", data=(0,)),)},
            "wrongly in output 'label'",
        ),
        (
            {"outputs": (Tensor(name="nothing", shape=(1,), datatype="INT64", data=(0,)),)},
            "fails on its golden",
        ),
        (
            {"inputs": (Tensor(name="X", shape=(3, 4), datatype="FP32", data=(1.0,)),)},
            "golden tensors are malformed",
        ),
        (
            {"inputs": (Tensor(name="X", shape=(1, 3), datatype="FP32", data=(1.0,) * 3),)},
            "fails on its golden",
        ),
    ],
)
def test_a_model_that_does_not_give_its_golden_answers_is_refused(iris, changes, text):
    with pytest.raises(ModelError, match=text):
        load_model(golden(iris, **changes), iris.folders["1"], 1)


def test_golden_answers_may_differ_by_the_tolerance_and_no_more(iris):
    off = iris.probabilities["1"][:3] + np.float32(0.01)
    data = tuple(float(value) for value in off.reshape(-1))
    outputs = (Tensor(name="probabilities", shape=(3, 3), datatype="FP32", data=data),)
    assert load_model(golden(iris, outputs=outputs, atol=0.011), iris.folders["1"], 1).version == "1"
    with pytest.raises(ModelError, match=r"tolerance 0\.009"):
        load_model(golden(iris, outputs=outputs, atol=0.009), iris.folders["1"], 1)
