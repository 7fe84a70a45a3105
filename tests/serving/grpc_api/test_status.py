"""Every error has its gRPC status."""

from __future__ import annotations

import grpc
import pytest

from mlops_serving import errors
from mlops_serving.grpc_api.status import status


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.RequestError("why"), grpc.StatusCode.INVALID_ARGUMENT),
        (errors.NotFound("why"), grpc.StatusCode.NOT_FOUND),
        (errors.BodyTooLarge("why"), grpc.StatusCode.RESOURCE_EXHAUSTED),
        (errors.Unsupported("why"), grpc.StatusCode.UNIMPLEMENTED),
        (errors.Unavailable("why"), grpc.StatusCode.UNAVAILABLE),
        (errors.Overloaded("why"), grpc.StatusCode.RESOURCE_EXHAUSTED),
        (errors.DeadlineExceeded("why"), grpc.StatusCode.DEADLINE_EXCEEDED),
        (errors.PredictionFailed("why"), grpc.StatusCode.INTERNAL),
    ],
)
def test_the_status_says_who_must_do_something(error, code):
    assert status(error) == (code, "why")


def test_an_error_of_a_new_kind_has_the_status_of_what_it_is_a_kind_of():
    class Later(errors.Unavailable):
        pass

    assert status(Later("why"))[0] is grpc.StatusCode.UNAVAILABLE


def test_a_long_text_is_cut_so_that_it_fits_into_a_header():
    assert status(errors.NotFound("x" * 5000))[1] == "x" * 1000
