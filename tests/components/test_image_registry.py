from __future__ import annotations

import json

import pulumi_mlops as mlops
from component_samples import make
from pulumi_mlops import image_registry_pods
from recording_engine import registered


def test_an_adopted_registry_registers_nothing_but_itself() -> None:
    recording = registered(
        lambda: mlops.ImageRegistry(
            "images", {"source": mlops.ImageRegistrySource.ADOPT, "address": "ghcr.io/team"}
        )
    )
    assert [r.name for r in recording.resources] == ["images"]
    assert recording.outputs["images"] == {"address": "ghcr.io/team"}


def test_a_registry_in_the_cluster_is_pulled_from_on_every_nodes_loopback_address() -> None:
    recording = registered(lambda: make(mlops.ImageRegistry, "images"))
    assert sorted((r.type.split(":")[-1], r.name) for r in recording.resources) == [
        ("ConfigMap", "images-config"),
        ("ImageRegistry", "images"),
        ("NetworkPolicy", "images-flows"),
        ("Secret", "images-secrets"),
        ("Service", "images-service"),
        ("ServiceAccount", "images-account"),
        ("StatefulSet", "images-server"),
    ]
    assert recording.outputs["images"] == {"address": "127.0.0.1:30500"}


def test_the_source_may_be_given_as_other_languages_give_it() -> None:
    recording = registered(lambda: make(mlops.ImageRegistry, "images", source="run"))
    assert recording.names_of("StatefulSet") == ["images-server"]


def test_the_registry_asks_everyone_for_a_password() -> None:
    assert json.loads(image_registry_pods.config_file())["auth"] == {
        "htpasswd": {"realm": "mlops", "path": "/etc/registry-auth/htpasswd"}
    }
