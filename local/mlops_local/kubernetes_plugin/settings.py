"""The provider's own inputs: which cluster, and how to treat what is on it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mlops_local.kubernetes_plugin import kubeconfig
from mlops_local.kubernetes_plugin.errors import KubeconfigError
from mlops_local.kubernetes_plugin.replace import Mutability

KNOWN = frozenset(
    {
        "cluster",
        "clusterIdentifier",
        "context",
        "deleteUnreachable",
        "enableConfigMapMutable",
        "enablePatchForce",
        "enableSecretMutable",
        "enableServerSideApply",
        "helmReleaseSettings",
        "kubeClientSettings",
        "kubeconfig",
        "namespace",
        "pluginDownloadURL",
        "renderYamlToDirectory",
        "skipUpdateUnreachable",
        "suppressDeprecationWarnings",
        "suppressHelmHookWarnings",
        "upsertExistingObjects",
        "version",
    }
)
REFUSED = {
    "renderYamlToDirectory": "this kubernetes plugin applies objects to a cluster and renders no files",
    "cluster": "choose the cluster with `context`, whose entry in the kubeconfig names it",
}


@dataclass(frozen=True)
class Settings:
    """The inputs of `kubernetes.Provider` that this plugin acts on."""

    kubeconfig: str | None = None
    context: str | None = None
    namespace: str | None = None
    patch_force: bool = False
    upsert: bool = False
    delete_unreachable: bool = False
    mutability: Mutability = field(default_factory=Mutability)
    cluster_identifier: str | None = None


def refusals(values: Mapping[str, Any]) -> dict[str, str]:
    """Inputs that cannot be honoured, each with the reason."""
    refused = {name: reason for name, reason in REFUSED.items() if values.get(name)}
    if "enableServerSideApply" in values and not _flag(values, "enableServerSideApply"):
        refused["enableServerSideApply"] = "this kubernetes plugin works with server-side apply only"
    for name in sorted(set(values) - KNOWN):
        if not name.startswith("__"):
            refused[name] = f"not an input of the kubernetes provider; it has: {', '.join(sorted(KNOWN))}"
    return refused


def settings_of(values: Mapping[str, Any], environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the provider's inputs, with the official plugin's environment variables as defaults."""
    return Settings(
        kubeconfig=_kubeconfig(values.get("kubeconfig")),
        context=values.get("context"),
        namespace=values.get("namespace"),
        patch_force=_flag(values, "enablePatchForce", environment.get("PULUMI_K8S_ENABLE_PATCH_FORCE")),
        upsert=_flag(values, "upsertExistingObjects", environment.get("PULUMI_K8S_UPSERT_EXISTING_OBJECTS")),
        delete_unreachable=_flag(
            values, "deleteUnreachable", environment.get("PULUMI_K8S_DELETE_UNREACHABLE")
        ),
        mutability=Mutability(
            config_maps=_flag(
                values, "enableConfigMapMutable", environment.get("PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE")
            ),
            secrets=_flag(values, "enableSecretMutable", environment.get("PULUMI_K8S_ENABLE_SECRET_MUTABLE")),
        ),
        cluster_identifier=values.get("clusterIdentifier"),
    )


def is_other_cluster(old: Settings, new: Settings) -> bool:
    """True when the provider now speaks to another cluster, on which every object must be made anew."""
    if old.cluster_identifier or new.cluster_identifier:
        return old.cluster_identifier != new.cluster_identifier
    try:
        then = kubeconfig.load(old.kubeconfig, old.context)
        now = kubeconfig.load(new.kubeconfig, new.context)
    except KubeconfigError:
        return False
    return then.server != now.server


def _kubeconfig(given: Any) -> str | None:
    if given is None or isinstance(given, str):
        return given
    return json.dumps(given)


def _flag(values: Mapping[str, Any], name: str, default: str | None = None) -> bool:
    """The engine hands provider inputs over as JSON text, so `True` may arrive as "true"."""
    value = values.get(name, default)
    return value is True or str(value).lower() in ("true", "1", "t")
