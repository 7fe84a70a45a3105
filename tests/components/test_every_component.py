"""Rules that hold for every component, each checked on all of them."""

from __future__ import annotations

import inspect
import json
from typing import Any

import pulumi
import pytest
from pulumi.provider.experimental.analyzer import Analyzer
from pulumi.provider.experimental.schema import generate_schema

import pulumi_mlops
from component_samples import COMPONENTS, input_paths, make, replaced, sample
from recording_engine import Recording, Registration, registered, unknown

TYPE_TOKENS = {
    "AdmissionPolicies": "mlops:index:AdmissionPolicies",
    "AdoptedMonitoring": "mlops:index:AdoptedMonitoring",
    "Cluster": "mlops:index:Cluster",
    "Database": "mlops:index:Database",
    "GrafanaDashboards": "mlops:index:GrafanaDashboards",
    "GuardedNamespace": "mlops:index:GuardedNamespace",
    "ImageRegistry": "mlops:index:ImageRegistry",
    "Keda": "mlops:index:Keda",
    "ModelEndpoint": "mlops:index:ModelEndpoint",
    "ModelRegistry": "mlops:index:ModelRegistry",
    "Monitoring": "mlops:index:Monitoring",
    "ObjectStore": "mlops:index:ObjectStore",
    "Pipeline": "mlops:index:Pipeline",
    "Platform": "mlops:index:Platform",
    "Remediation": "mlops:index:Remediation",
}
WORKLOADS = ("DaemonSet", "Deployment", "StatefulSet", "Job", "CronJob")

each_component = pytest.mark.parametrize("component", COMPONENTS, ids=lambda component: component.__name__)
Component = type[pulumi.ComponentResource]


@pytest.fixture(scope="module")
def recordings() -> dict[Component, Recording]:
    """Every component once, called `one`."""
    return {component: registered(lambda c=component: make(c, "one")) for component in COMPONENTS}


def pod_specs(recording: Recording) -> list[dict[str, Any]]:
    found = []
    for resource in recording.resources:
        if resource.type.split(":")[-1] in WORKLOADS:
            spec = resource.inputs["spec"]
            spec = spec["jobTemplate"]["spec"] if "jobTemplate" in spec else spec
            found.append(spec["template"]["spec"])
    return found


def is_component(resource: Registration) -> bool:
    return resource.type.startswith("mlops:")


def test_type_tokens_are_these_and_no_component_is_missing(recordings: dict[Component, Recording]) -> None:
    exported = [getattr(pulumi_mlops, name) for name in pulumi_mlops.__all__]
    classes = filter(inspect.isclass, exported)
    assert {c for c in classes if issubclass(c, pulumi.ComponentResource)} == set(COMPONENTS)
    tokens = {
        component.__name__: resource.type
        for component, recording in recordings.items()
        for resource in recording.resources
        if resource.name == "one"
    }
    assert tokens == TYPE_TOKENS


def test_public_names_are_sorted_and_all_there() -> None:
    assert sorted(pulumi_mlops.__all__) == pulumi_mlops.__all__
    assert [name for name in pulumi_mlops.__all__ if not hasattr(pulumi_mlops, name)] == []


@each_component
def test_every_child_has_a_component_for_parent_and_its_name_in_front(
    component: Component, recordings: dict[Component, Recording]
) -> None:
    children = [resource for resource in recordings[component].resources if resource.name != "one"]
    assert [r.name for r in children if not r.parent or not r.name.startswith(f"{r.parent}-")] == []


@each_component
def test_the_registered_outputs_are_the_annotated_ones(
    component: Component, recordings: dict[Component, Recording]
) -> None:
    recording = recordings[component]
    for resource in filter(is_component, recording.resources):
        declared = inspect.get_annotations(getattr(pulumi_mlops, resource.type.split(":")[-1]))
        assert set(recording.outputs[resource.name]) <= set(declared)
        optional = {name for name, kind in declared.items() if "None" in str(kind)}
        assert set(declared) - optional <= set(recording.outputs[resource.name])


@pytest.mark.parametrize(
    "component",
    # A cluster has one KEDA: one external metrics API, one set of definitions. A namespace has one
    # Monitoring: KEDA, the dashboards and `mlops` find its parts by name.
    [component for component in COMPONENTS if component not in (pulumi_mlops.Keda, pulumi_mlops.Monitoring)],
    ids=lambda component: component.__name__,
)
def test_two_of_a_kind_live_in_one_stack(component: Component) -> None:
    def program() -> None:
        for name in ("one", "two"):
            extra = {"object_name": name} if component is pulumi_mlops.GuardedNamespace else {}
            make(component, name, **extra)

    recording = registered(program)
    assert len(recording.urns) == len(set(recording.urns))
    named = [
        (r.type, r.inputs["metadata"].get("namespace"), r.inputs["metadata"]["name"])
        for r in recording.resources
        if "metadata" in r.inputs
    ]
    assert len(named) == len(set(named))


@each_component
def test_a_preview_registers_what_an_update_registers(
    component: Component, recordings: dict[Component, Recording]
) -> None:
    preview = registered(lambda: make(component, "one"), preview=True)
    assert preview.resources == recordings[component].resources


@each_component
def test_each_input_may_be_unknown(component: Component, recordings: dict[Component, Recording]) -> None:
    urns = recordings[component].urns
    for path in input_paths(sample(component)):
        with_unknown = registered(
            lambda path=path: component("one", replaced(sample(component), path, unknown())), preview=True
        )
        assert with_unknown.urns == urns, path


@each_component
def test_no_secret_is_registered_in_clear(
    component: Component, recordings: dict[Component, Recording]
) -> None:
    recording = recordings[component]
    shown = json.dumps([[r.inputs for r in recording.resources], recording.outputs])
    assert "secret-" not in shown


@each_component
def test_every_kubernetes_object_has_a_name_of_its_own_choice(
    component: Component, recordings: dict[Component, Recording]
) -> None:
    objects = [r for r in recordings[component].resources if r.type.startswith("kubernetes:")]
    assert [r.name for r in objects if not r.inputs["metadata"].get("name")] == []


@each_component
def test_every_pod_meets_pod_security_restricted(
    component: Component, recordings: dict[Component, Recording]
) -> None:
    for spec in pod_specs(recordings[component]):
        security = spec["securityContext"]
        assert security["runAsNonRoot"] is True
        assert security["runAsUser"] > 0
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["automountServiceAccountToken"] is False
        for container in spec["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
                "readOnlyRootFilesystem": True,
            }
            assert container["image"].endswith("@sha256:" + "a" * 64)
            assert set(container["resources"]["requests"]) == {"cpu", "memory"}
            assert set(container["resources"]["limits"]) == {"memory"}


@each_component
def test_no_secret_reaches_a_pod_by_argument_or_plain_variable(
    component: Component, recordings: dict[Component, Recording]
) -> None:
    for spec in pod_specs(recordings[component]):
        for container in spec["containers"]:
            assert "secret-" not in json.dumps([container.get("args"), container.get("env")])


@pytest.mark.parametrize(
    ("component", "key"),
    [
        (pulumi_mlops.AdmissionPolicies, "mode"),
        (pulumi_mlops.AdoptedMonitoring, "operator_labels"),
        (pulumi_mlops.Cluster, "kubeconfig"),
        (pulumi_mlops.GrafanaDashboards, "namespace"),
        (pulumi_mlops.ObjectStore, "read_only"),
        (pulumi_mlops.Database, "password"),
        (pulumi_mlops.ModelRegistry, "store"),
        (pulumi_mlops.ImageRegistry, "htpasswd"),
        (pulumi_mlops.Keda, "scaled_namespaces"),
        (pulumi_mlops.Monitoring, "models_namespaces"),
        (pulumi_mlops.Pipeline, "tracking"),
        (pulumi_mlops.ModelEndpoint, "image"),
        (pulumi_mlops.Platform, "cluster"),
        (pulumi_mlops.Remediation, "rules"),
    ],
)
def test_a_missing_argument_is_named(component: Component, key: str) -> None:
    with pytest.raises(pulumi.InputPropertyError) as caught:
        registered(lambda: make(component, "one", **{key: None}))
    assert caught.value.property_path == key
    assert "required" in caught.value.reason


def test_the_schema_for_other_languages_can_be_inferred_and_describes_every_argument() -> None:
    result = Analyzer("mlops").analyze(COMPONENTS)
    definitions = result["component_definitions"]
    assert sorted(definitions) == sorted(TYPE_TOKENS)
    generate_schema("mlops", "0.1.0", None, definitions, result["type_definitions"], [])
    silent = [
        f"{kind.name}.{name}"
        for kind in [*definitions.values(), *result["type_definitions"].values()]
        for properties in ([kind.inputs] if hasattr(kind, "inputs") else [kind.properties])
        for name, definition in properties.items()
        if not definition.description
    ]
    assert silent == []
