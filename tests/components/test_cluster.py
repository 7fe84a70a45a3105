from __future__ import annotations

import pulumi_mlops as mlops
from component_samples import KUBECONFIG, make
from recording_engine import SECRET, registered


def test_a_cluster_is_a_provider_with_a_secret_kubeconfig() -> None:
    recording = registered(lambda: make(mlops.Cluster, "here"))
    provider = recording.of("kubernetes")
    assert (provider.name, provider.parent) == ("here-kubernetes", "here")
    assert provider.inputs == {"context": "here", "kubeconfig": SECRET, "enableServerSideApply": "true"}
    assert provider.secrets == {"kubeconfig": KUBECONFIG}
    assert recording.outputs["here"] == {
        "kubeconfig": SECRET,
        "image_registry": "127.0.0.1:30500",
        "ingress_address": "127.0.0.1",
        "storage_class": "standard",
    }


def test_without_a_context_the_kubeconfigs_current_one_is_used() -> None:
    recording = registered(lambda: make(mlops.Cluster, "here", context=None))
    assert "context" not in recording.of("kubernetes").inputs


def test_the_local_node_is_all_on_the_loopback_address() -> None:
    assert mlops.local_node("text", 30500) == {
        "kubeconfig": "text",
        "image_registry": "127.0.0.1:30500",
        "ingress_address": "127.0.0.1",
        "storage_class": "standard",
    }


def test_an_existing_context_keeps_the_clusters_default_storage_class_unless_one_is_named() -> None:
    args = mlops.existing_context("text", "prod", "registry.example.com/mlops", "10.0.0.9")
    assert args == {
        "kubeconfig": "text",
        "context": "prod",
        "image_registry": "registry.example.com/mlops",
        "ingress_address": "10.0.0.9",
    }
    assert mlops.existing_context("text", "prod", "r", "a", "fast")["storage_class"] == "fast"
