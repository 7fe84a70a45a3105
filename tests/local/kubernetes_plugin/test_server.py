"""What the gRPC side adds: partial failures, autonaming, provider replacement."""

from __future__ import annotations

import pytest
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime.proto import provider_pb2, status_pb2

from mlops_local.kubernetes_plugin.errors import PartialStateError
from mlops_local.kubernetes_plugin.names import Proposal
from mlops_local.kubernetes_plugin.server import SCHEMA, details, proposal_in
from mlops_local.kubernetes_plugin.settings import KNOWN

OPTIONS = provider_pb2.CheckRequest.AutonamingOptions


def test_an_object_that_is_not_ready_reaches_the_engine_with_its_state() -> None:
    state = {"kind": PropertyValue("Pod")}
    key, packed = details(PartialStateError("not ready", "home/web", state, ["because"], state))
    assert key == "grpc-status-details-bin"
    status = status_pb2.Status.FromString(packed)
    failure = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(failure)
    assert (failure.id, list(failure.reasons)) == ("home/web", ["because"])
    assert failure.properties.fields["kind"].string_value == "Pod"
    assert failure.inputs.fields["kind"].string_value == "Pod"


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (provider_pb2.CheckRequest(), None),
        (
            provider_pb2.CheckRequest(autonaming=OPTIONS(proposed_name="a", mode=OPTIONS.PROPOSE)),
            Proposal("a"),
        ),
        (provider_pb2.CheckRequest(autonaming=OPTIONS(mode=OPTIONS.DISABLE)), Proposal(None)),
    ],
)
def test_the_engines_autonaming_is_heard(
    request_: provider_pb2.CheckRequest, expected: Proposal | None
) -> None:
    assert proposal_in(request_) == expected


def test_the_schema_tells_programs_in_yaml_of_settings_that_there_are() -> None:
    settings = SCHEMA["provider"]["inputProperties"]
    assert {"kubeconfig", "context", "enableServerSideApply"} <= set(settings) <= KNOWN
    assert (SCHEMA["name"], "version" in SCHEMA) == ("kubernetes", True)
