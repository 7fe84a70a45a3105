"""The OpenAPI document tells the truth: requests made from it meet only what it says."""

from __future__ import annotations

import json
import re

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from mlops_serving.protocol.openapi import document
from mlops_serving.protocol.paths import route
from serving_identity import MODELS, identity_server

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]
DOCUMENT = json.loads(document("1", tuple(MODELS)))
# Not `schema.parametrize()`: its tests share one name, of which pytest-xdist runs one and drops the others.
OPERATIONS = [found.ok() for found in schemathesis.openapi.from_dict(DOCUMENT).get_all_operations()]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with identity_server(tmp_path_factory.mktemp("openapi")) as server:
        yield server


def test_every_path_of_the_document_is_routed():
    for path, operations in DOCUMENT["paths"].items():
        for method in operations.keys() & {"get", "post"}:
            assert route(method.upper(), re.sub(r"{\w+}", "1", path))


def test_the_document_is_served(server):
    served = server.ask("/v2/openapi.json").json
    assert served["info"]["version"] == server.ask("/v2").json["version"]
    assert {**served, "info": None} == {**DOCUMENT, "info": None}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: f"{one.method} {one.path}")
def test_answers_are_as_the_document_says(server, operation):
    @given(case=operation.as_strategy())
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    def answered(case):
        case.call_and_validate(base_url=f"http://127.0.0.1:{server.port}", checks=CHECKS)

    answered()
