from __future__ import annotations

from typing import Any

from google.protobuf import struct_pb2
from google.protobuf.json_format import MessageToDict
from pulumi_policy import proxy

from mlops_policy import wire
from mlops_policy.views import UNKNOWN

SECRET = {wire.SIGNATURE: wire.SECRET, "value": {"token": "hush"}}


def message(value: dict[str, Any]) -> struct_pb2.Struct:
    made = struct_pb2.Struct()
    made.update(value)
    return made


def test_the_markers_of_unknown_values_are_those_of_pulumis_own_packs() -> None:
    theirs = {value for name, value in vars(proxy).items() if name.startswith("UNKNOWN_")}
    assert theirs == wire.UNKNOWNS


def test_properties_come_out_as_plain_python() -> None:
    sent = message({"n": 3, "half": 0.5, "late": sorted(wire.UNKNOWNS)[0], "list": [SECRET], "none": None})
    assert wire.properties(sent) == {
        "n": 3,
        "half": 0.5,
        "late": UNKNOWN,
        "list": [{"token": "hush"}],
        "none": None,
    }


def test_a_value_is_put_at_its_path_and_secrets_on_the_way_stay_secret() -> None:
    sent = message({"spec": {"containers": [{"name": "a"}]}, "hidden": SECRET})
    wire.put(sent, "spec.containers[0].securityContext.privileged", False)
    wire.put(sent, "hidden.token", "new")
    assert MessageToDict(sent) == {
        "spec": {"containers": [{"name": "a", "securityContext": {"privileged": False}}]},
        "hidden": {wire.SIGNATURE: wire.SECRET, "value": {"token": "new"}},
    }
