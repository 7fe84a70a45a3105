"""What a request means beyond its tensors: its id, its outputs, and how long it may wait."""

from __future__ import annotations

import numpy as np
import pytest

from mlops_serving.artifact import TensorSpec
from mlops_serving.errors import RequestError
from mlops_serving.grpc_api.decode import to_request
from mlops_serving.grpc_api.messages import ModelInferRequest
from mlops_serving.protocol.requests import signature

SIGNATURE = signature(
    (TensorSpec(name="X", datatype="FP32", shape=(-1, 2)),),
    (
        TensorSpec(name="Y", datatype="FP32", shape=(-1, 2)),
        TensorSpec(name="Z", datatype="FP32", shape=(-1, 2)),
    ),
)
ROWS = np.array([[1, 2], [3, 4]], np.float32)


def request(**more):
    tensor = {"name": "X", "datatype": "FP32", "shape": [2, 2]}
    return ModelInferRequest(inputs=[tensor], raw_input_contents=[ROWS.tobytes()], **more)


def timeout(remaining=None, **parameter):
    parameters = {"timeout": parameter} if parameter else {}
    return to_request(request(parameters=parameters), 1, remaining, SIGNATURE).timeout


def test_a_request_has_its_rows_id_outputs_and_size():
    got = to_request(request(id="a", outputs=[{"name": "Z"}]), 77, None, SIGNATURE)
    np.testing.assert_array_equal(got.inputs["X"], ROWS)
    assert (got.id, got.outputs, got.rows, got.size, got.timeout) == ("a", ("Z",), 2, 77, None)
    got = to_request(request(), 77, None, SIGNATURE)
    assert (got.id, got.outputs) == (None, ("Y", "Z"))


def test_the_sooner_of_timeout_and_deadline_counts():
    assert timeout() is None
    assert timeout(remaining=2.5) == 2.5
    assert timeout(int64_param=1_500_000) == 1.5
    assert timeout(uint64_param=1_500_000) == 1.5
    assert timeout(remaining=2.5, int64_param=1_500_000) == 1.5
    assert timeout(remaining=0.5, int64_param=1_500_000) == 0.5
    assert timeout(remaining=0.5, int64_param=0) == 0.5


def test_a_deadline_that_has_passed_is_not_taken_for_none():
    assert 0 < timeout(remaining=0.0) < 1e-5


@pytest.mark.parametrize("parameter", [{"int64_param": -1}, {"string_param": "1s"}, {"double_param": 0.5}])
def test_a_timeout_is_a_whole_number_of_microseconds(parameter):
    with pytest.raises(RequestError, match="whole number of microseconds"):
        timeout(**parameter)
