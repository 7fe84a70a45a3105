"""The messages are those of the public protocols: independent modules say so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from grpc_health.v1 import health_pb2
from tritonclient.grpc import service_pb2

import mlops_serving.grpc_api
from mlops_serving.errors import RequestError
from mlops_serving.grpc_api import messages

FOLDER = Path(mlops_serving.grpc_api.__file__).parent
PUBLIC = {"inference.proto": service_pb2.DESCRIPTOR, "health.proto": health_pb2.DESCRIPTOR}


def shape(message):
    """Everything of a message that matters on the wire."""
    fields = {
        field.name: (
            field.number,
            field.type,
            field.is_repeated,
            field.message_type and field.message_type.full_name,
            field.containing_oneof and field.containing_oneof.name,
        )
        for field in message.fields
    }
    enums = {enum.name: dict(enum.values_by_name.items()).keys() for enum in message.enum_types}
    return fields, enums, {nested.name: shape(nested) for nested in message.nested_types}


@pytest.mark.parametrize("file", PUBLIC)
def test_every_message_has_the_fields_and_numbers_of_the_public_protocol(file):
    ours = messages.POOL.FindFileByName(file)
    assert ours.package == PUBLIC[file].package
    assert ours.message_types_by_name
    for name, message in ours.message_types_by_name.items():
        assert shape(message) == shape(PUBLIC[file].message_types_by_name[name]), name


@pytest.mark.parametrize("file", PUBLIC)
def test_every_method_has_the_messages_of_the_public_protocol(file):
    def methods(descriptor):
        return {
            (service.full_name, method.name): (
                method.input_type.full_name,
                method.output_type.full_name,
                method.client_streaming,
                method.server_streaming,
            )
            for service in descriptor.services_by_name.values()
            for method in service.methods
        }

    ours = methods(messages.POOL.FindFileByName(file))
    assert ours
    assert ours.items() <= methods(PUBLIC[file]).items()


def test_the_descriptors_are_compiled_from_the_proto_files(tmp_path):
    compiled = tmp_path / "protocol.binpb"
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{FOLDER}", f"--descriptor_set_out={compiled}"]
    subprocess.run([*command, *PUBLIC], check=True)
    assert (FOLDER / "protocol.binpb").read_bytes() == compiled.read_bytes(), (
        "see messages.py for the command"
    )


def test_bytes_that_are_no_message_are_a_request_error():
    with pytest.raises(RequestError, match=r"are no inference\.ModelInferRequest"):
        messages.parse(messages.ModelInferRequest, b"\xff\xff")
