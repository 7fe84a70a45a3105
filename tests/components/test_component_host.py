"""The plugin `mlops` as a process: what it constructs for another language is what Python programs get."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import grpc
import pulumi
import pytest
from pulumi.runtime.proto import errors_pb2, status_pb2

import pulumi_mlops as mlops
from component_process import ComponentProcess, Constructed, on_the_wire, output, plugin, secret
from component_samples import COMPONENTS, sample
from mlops_stacks.recording import SECRET_MARK, UNKNOWN_MARK, document_of, record

each_component = pytest.mark.parametrize("component", COMPONENTS, ids=lambda component: component.__name__)
PROVIDER = "urn:pulumi:test::mlops::pulumi:providers:kubernetes::own"


@pytest.fixture(scope="module")
def process() -> Iterator[ComponentProcess]:
    with plugin() as running:
        yield running


def endpoint(process: ComponentProcess, *, preview: bool = False, **changes: Any) -> Constructed:
    """The sample ModelEndpoint with some inputs replaced, as they travel."""
    inputs = on_the_wire(process.schema(), "ModelEndpoint", sample(mlops.ModelEndpoint)) | changes
    given = {key: value for key, value in inputs.items() if value is not None}
    return process.construct("ModelEndpoint", "one", given, preview=preview)


def complaint(process: ComponentProcess, **changes: Any) -> tuple[str, str]:
    """Path and reason with which the plugin refuses a ModelEndpoint."""
    with pytest.raises(grpc.RpcError) as caught:
        endpoint(process, **changes)
    status = status_pb2.Status.FromString(dict(caught.value.trailing_metadata())["grpc-status-details-bin"])
    errors = errors_pb2.InputPropertiesError()
    status.details[0].Unpack(errors)
    (error,) = errors.errors
    return error.property_path, error.reason


def inputs_of(constructed: Constructed, kind: str) -> Any:
    (found,) = [each for each in constructed.recording.resources if each.type.endswith(f":{kind}")]
    return found.inputs


@each_component
@pytest.mark.parametrize("preview", [False, True], ids=["update", "preview"])
def test_a_component_registers_the_same_for_another_language(
    process: ComponentProcess, component: type[pulumi.ComponentResource], preview: bool
) -> None:
    args = sample(component)
    here = record(
        lambda: component("one", args),  # type: ignore[arg-type]
        project="mlops",
        stack="test",
        config={},
        preview=preview,
    )
    name = component.__name__
    there = process.construct(name, "one", on_the_wire(process.schema(), name, args), preview=preview)
    assert there.recording.resources == document_of("test", here, ()).resources
    assert there.urn == f"urn:pulumi:test::mlops::mlops:index:{name}::one"
    declared = process.schema()["resources"][f"mlops:index:{name}"]
    assert set(declared.get("required") or ()) <= set(there.state) <= set(declared.get("properties") or ())


def test_a_secret_in_an_object_stays_one(process: ComponentProcess) -> None:
    store = {"url": "http://store:7070", "accessKeyId": "id", "secretAccessKey": output("key", hidden=True)}
    assert inputs_of(endpoint(process, store=store), "Secret")["stringData"] == SECRET_MARK


def test_a_number_that_another_resource_gives_is_taken(process: ComponentProcess) -> None:
    known = inputs_of(endpoint(process, nodePort=output(30077.0)), "Service")
    assert known["spec"]["ports"][0]["nodePort"] == 30077
    unknown = inputs_of(endpoint(process, nodePort=output(), preview=True), "Service")
    assert unknown["spec"]["ports"][0]["nodePort"] == UNKNOWN_MARK


def test_the_provider_that_a_program_hands_over_makes_every_object(process: ComponentProcess) -> None:
    made = process.construct(
        "GuardedNamespace", "team", {}, providers={"kubernetes": f"{PROVIDER}::some-id"}
    ).recording
    assert {each.provider for each in made.resources if each.custom} == {PROVIDER}


@pytest.mark.parametrize(
    "store", [secret({"url": "http://store:7070"}), output({"url": "http://store:7070"})]
)
def test_a_whole_object_that_is_an_output_is_refused_with_advice(
    process: ComponentProcess, store: Any
) -> None:
    assert complaint(process, store=store) == (
        "store",
        "this is an output or a secret as a whole; write it out here, with outputs and secrets for the "
        "values in it",
    )


def test_a_list_of_objects_that_is_an_output_is_refused_by_its_path(process: ComponentProcess) -> None:
    path, _ = complaint(process, allowedIngress=output([{"name": "shop", "port": 8080.0}]))
    assert path == "allowedIngress"


@pytest.mark.parametrize(
    ("changes", "path", "reason"),
    [
        ({"model": None}, "model", "Missing required input 'model' on 'ModelEndpoint'"),
        ({"nodePort": 2.5}, "node_port", "2.5 is not a whole number"),
        (
            {"image": "serving:latest"},
            "image",
            "'serving:latest' does not name an image by digest; allowed is registry/path@sha256:<64 hex "
            "digits>. A tag alone can change under a running platform: resolve it to its digest first.",
        ),
    ],
)
def test_a_wrong_argument_is_told_by_its_path_without_a_traceback(
    process: ComponentProcess, changes: dict[str, Any], path: str, reason: str
) -> None:
    assert complaint(process, **changes) == (path, reason)


def test_a_component_that_there_is_not_is_told_with_those_there_are(process: ComponentProcess) -> None:
    with pytest.raises(
        grpc.RpcError, match="no component 'mlops:index:Nothing'; there are: AdmissionPolicies"
    ):
        process.construct("Nothing", "one", {})


def test_the_process_hands_out_the_schema_of_this_version(process: ComponentProcess) -> None:
    assert (process.schema()["name"], process.schema()["version"]) == ("mlops", "0.1.0")
