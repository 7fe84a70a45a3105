"""Which argument of Platform goes to which part, and which flows between parts are open."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, TypeVar, cast

import pulumi

from pulumi_mlops import (
    alerts_wiring,
    checks,
    database_pods,
    inputs,
    model_endpoint_pods,
    model_gate_pods,
    model_registry_pods,
    monitoring_wiring,
    names,
    network_flows,
    object_store_pods,
    remediation_wiring,
)
from pulumi_mlops.database import DatabaseArgs, DatabaseSource
from pulumi_mlops.keda import KedaArgs, KedaSource
from pulumi_mlops.labels import selector
from pulumi_mlops.model_endpoint import ModelEndpointArgs
from pulumi_mlops.model_registry import ModelRegistryArgs
from pulumi_mlops.monitoring_config import PROMETHEUS, PROMETHEUS_PORT
from pulumi_mlops.object_store import ObjectStoreArgs, ObjectStoreSource
from pulumi_mlops.pipeline import Pipeline, PipelineArgs
from pulumi_mlops.platform_args import (
    PlatformArgs,
    PlatformEndpointArgs,
    PlatformKedaArgs,
    PlatformPipelineArgs,
    PlatformRemediationArgs,
)
from pulumi_mlops.platform_site import Site
from pulumi_mlops.remediation_args import RemediationArgs
from pulumi_mlops.shared_args import FlowArgs, StoreAccessArgs

T = TypeVar("T")

STORE, DATABASE, REGISTRY = "object-store", "database", "model-registry"
"""Object names, and so Service names, in the system namespace."""


def store_is_adopted(site: Site) -> bool:
    """Whether the object store is somebody else's."""
    return ObjectStoreSource(site.args["object_store"].get("source") or "run") is ObjectStoreSource.ADOPT


def database_is_adopted(site: Site) -> bool:
    """Whether the database is somebody else's."""
    return DatabaseSource(site.args["database"].get("source") or "run") is DatabaseSource.ADOPT


def refuse_duplicates(args: PlatformArgs) -> None:
    """Raise `pulumi.InputPropertyError` for two endpoints or two pipelines of one name."""
    parts: dict[str, list[str]] = {
        key: [part["name"] for part in inputs.section(args, key)] for key in ("endpoints", "pipelines")
    }
    for key, called in parts.items():
        twice = sorted(name for name, times in Counter(called).items() if times > 1)
        if twice:
            raise pulumi.InputPropertyError(key, f"{twice[0]!r} is there twice; names must differ")


def object_store(site: Site) -> ObjectStoreArgs:
    """The store admits everyone in the models namespace, and MLflow; one that is adopted is as it is."""
    if store_is_adopted(site):
        return cast(ObjectStoreArgs, site.args["object_store"])
    secrets, images = site.args["secrets"], site.args["images"]
    args: ObjectStoreArgs = {
        "object_name": STORE,
        "namespace": site.system,
        "image": inputs.text(images, "object_store", checks.image_by_digest, within="images"),
        "setup_image": images["pipeline"],
        "size": "10Gi",
        "root": inputs.section(secrets, "object_store_root"),
        "read_only": inputs.section(secrets, "object_store_read_only"),
        "read_write": inputs.section(secrets, "object_store_read_write"),
        "allowed_ingress": [
            {"name": "model registry", "port": object_store_pods.PORT, "pods": _pods(REGISTRY)},
            {"name": "pipelines and endpoints", "port": object_store_pods.PORT, "namespace": site.models},
            *remediation_wiring.store_ingress(site),
        ],
    }
    return _with(args, _of_cluster(site, "storage_class", "ingress_address"), site.args["object_store"])


def database(site: Site) -> DatabaseArgs:
    """The database admits MLflow only; one that is adopted is as it is."""
    if database_is_adopted(site):
        return cast(DatabaseArgs, site.args["database"])
    args: DatabaseArgs = {
        "object_name": DATABASE,
        "namespace": site.system,
        "image": inputs.text(site.args["images"], "postgres", checks.image_by_digest, within="images"),
        "size": "5Gi",
        "password": inputs.section(site.args["secrets"], "database_password"),
        "allowed_ingress": [{"name": "model registry", "port": database_pods.PORT, "pods": _pods(REGISTRY)}],
    }
    return _with(args, _of_cluster(site, "storage_class"), site.args["database"])


def model_registry(
    site: Site, store_url: pulumi.Output[str], database_url: pulumi.Output[str]
) -> ModelRegistryArgs:
    """MLflow reaches its database and the store, and admits the pipelines."""
    secrets = site.args["secrets"]
    args: ModelRegistryArgs = {
        "object_name": REGISTRY,
        "namespace": site.system,
        "image": site.args["images"]["mlflow"],
        "database_url": database_url,
        "store": _store_access(site, store_url, "object_store_read_write"),
        "admin_password": secrets["model_registry_admin_password"],
        "session_key": secrets["model_registry_session_key"],
        "allowed_ingress": [
            {"name": "pipelines", "port": model_registry_pods.PORT, "namespace": site.models}
        ],
        "allowed_egress": [_to_database(site, database_url), *_to_store(site)],
    }
    return _with(args, _of_cluster(site, "ingress_address"), site.args["model_registry"])


def pipeline(
    site: Site, wanted: PlatformPipelineArgs, store_url: pulumi.Output[str], registry_url: pulumi.Output[str]
) -> PipelineArgs:
    """A pipeline writes to the store and to MLflow."""
    secrets = site.args["secrets"]
    args: PipelineArgs = {
        "object_name": f"{wanted['name']}-pipeline",
        "namespace": site.models,
        "image": site.args["images"]["pipeline"],
        "pipeline": wanted["name"],
        "model": wanted["model"],
        "endpoint": wanted["endpoint"],
        "store": _store_access(site, store_url, "object_store_read_write"),
        "tracking": {
            "url": registry_url,
            "username": model_registry_pods.ADMIN,
            "password": secrets["model_registry_admin_password"],
        },
        "allowed_egress": [
            *_to_store(site),
            {
                "name": "model registry",
                "port": model_registry_pods.PORT,
                "namespace": site.system,
                "pods": _pods(REGISTRY),
            },
        ],
    }
    return _with(args, _without(wanted, "name"))


def endpoint(
    site: Site,
    wanted: PlatformEndpointArgs,
    store_url: pulumi.Output[str],
    keda_namespace: pulumi.Output[str] | None,
) -> ModelEndpointArgs:
    """An endpoint only reads from the store, and shows its metrics to Prometheus alone; KEDA, which runs in
    `keda_namespace` if the platform runs it, asks the gate of one that scales to zero."""
    args: ModelEndpointArgs = {
        "object_name": wanted["name"],
        "namespace": site.models,
        "image": site.args["images"]["serving"],
        "model": wanted["model"],
        "store": _store_access(site, store_url, "object_store_read_only"),
        "allowed_ingress": [
            *monitoring_wiring.endpoint_ingress(site),
            *wanted.get("allowed_ingress", []),
        ],
        "allowed_egress": _to_store(site),
    }
    alerts = alerts_wiring.endpoint_alerts(site.args, wanted, monitoring_wiring.scrape_seconds(site.args))
    scaling: Mapping[str, Any] = wanted.get("scaling") or {}
    if scaling.get("by") == checks.ON_CONCURRENCY:
        scaling = {"prometheus_url": prometheus_url(site), **scaling}
    if wanted.get("min_replicas") == 0:
        asked = {"allowed_ingress": [_from_keda(site, keda_namespace)], **(scaling.get("idle") or {})}
        scaling = {**scaling, "idle": asked}
    tracing = wanted.get("tracing") or monitoring_wiring.endpoint_tracing(site)
    own = {"scaling": scaling or None, "alerts": alerts, "tracing": tracing}
    return _with(args, _of_cluster(site, "ingress_address"), _without(wanted, "name", "allowed_ingress"), own)


def remediation(
    site: Site,
    wanted: PlatformRemediationArgs,
    store_url: pulumi.Output[str],
    pipelines: Mapping[str, list[Pipeline]],
) -> RemediationArgs:
    """What acts on alerts writes releases, and starts the pipelines again."""
    access = _store_access(site, store_url, "object_store_read_write")
    return remediation_wiring.remediation(site, wanted, access, _to_store(site), pipelines)


def keda(site: Site, wanted: PlatformKedaArgs, namespace: pulumi.Output[str] | None) -> KedaArgs:
    """KEDA scales in the models namespace, and asks Prometheus, which collects its metrics."""
    source = KedaSource(wanted["source"])
    if source is KedaSource.ADOPT or namespace is None:
        return {"source": source}
    images = site.args["images"]
    return {
        "source": source,
        "object_name": "keda",
        "namespace": namespace,
        "operator_image": inputs.text(images, "keda_operator", checks.image_by_digest, within="images"),
        "adapter_image": inputs.text(images, "keda_adapter", checks.image_by_digest, within="images"),
        "scaled_namespaces": [site.models],
        "allowed_egress": [_to_prometheus(site), *_to_gates(site)],
        "allowed_ingress": monitoring_wiring.keda_ingress(site),
    }


def prometheus_url(site: Site) -> pulumi.Input[str]:
    """Where the platform's Prometheus answers, or the one that the arguments name."""
    given = _given_prometheus(site)
    if given is not None:
        return given
    return pulumi.Output.concat("http://", PROMETHEUS, ".", site.system, f".svc:{PROMETHEUS_PORT}")


def _given_prometheus(site: Site) -> pulumi.Input[str] | None:
    """The address that the arguments of KEDA name, else that of an adopted Prometheus."""
    keda_args: Mapping[str, Any] = site.args.get("keda") or {}
    if keda_args.get("prometheus_url") is not None:
        return cast(str, keda_args["prometheus_url"])
    if not monitoring_wiring.is_adopted(site.args):
        return None
    wanted = inputs.section(site.args, "monitoring")
    return cast(str, inputs.text(wanted, "prometheus_url", checks.http_url, within="monitoring"))


def _to_prometheus(site: Site) -> FlowArgs:
    """To the platform's own pods; one given by its address may be anywhere, on any usual port."""
    if _given_prometheus(site) is None:
        return {
            "name": "prometheus",
            "port": PROMETHEUS_PORT,
            "namespace": site.system,
            "pods": monitoring_wiring.collecting(),
        }
    port = pulumi.Output.from_input(prometheus_url(site)).apply(names.port_of)
    return {"name": "prometheus", "port": port, "cidr": network_flows.EVERYWHERE}


def _from_keda(site: Site, namespace: pulumi.Output[str] | None) -> FlowArgs:
    wanted: Mapping[str, Any] = site.args.get("keda") or {}
    return {
        "name": "autoscaler",
        "port": model_endpoint_pods.ADMIN_PORT,
        "namespace": wanted.get("namespace", "keda") if namespace is None else namespace,
        "pods": {"app.kubernetes.io/name": "keda-operator"},
    }


def _to_gates(site: Site) -> list[FlowArgs]:
    """To the gates of those endpoints that scale to zero, if there are any."""
    if all(endpoint.get("min_replicas") != 0 for endpoint in site.args["endpoints"]):
        return []
    return [
        {
            "name": "gates",
            "port": model_endpoint_pods.ADMIN_PORT,
            "namespace": site.models,
            "pods": {"app.kubernetes.io/name": model_gate_pods.COMPONENT},
        }
    ]


def _pods(component: str) -> dict[str, pulumi.Input[str]]:
    return {**selector(component, component)}


def _to_store(site: Site) -> list[FlowArgs]:
    """To the platform's own pods; an adopted store may be anywhere."""
    if not store_is_adopted(site):
        own: FlowArgs = {
            "name": "object store",
            "port": object_store_pods.PORT,
            "namespace": site.system,
            "pods": _pods(STORE),
        }
        return [own]
    port = pulumi.Output.from_input(inputs.section(site.args["object_store"], "url")).apply(names.port_of)
    return [{"name": "object store", "port": port, "cidr": network_flows.EVERYWHERE}]


def _to_database(site: Site, url: pulumi.Output[str]) -> FlowArgs:
    if not database_is_adopted(site):
        return {"name": "database", "port": database_pods.PORT, "pods": _pods(DATABASE)}
    port = pulumi.Output.unsecret(url.apply(names.port_of))
    return {"name": "database", "port": port, "cidr": network_flows.EVERYWHERE}


def _store_access(site: Site, url: pulumi.Output[str], key: str) -> StoreAccessArgs:
    """The store with one of the platform's keys, or with none where pods have an identity of their own."""
    store: Mapping[str, Any] = site.args["object_store"]
    buckets: Mapping[str, Any] = store.get("buckets") or {}
    access = {
        "url": url,
        "region": store.get("region"),
        "bucket": buckets.get("models"),
        "data_bucket": buckets.get("data"),
        "requests_bucket": buckets.get("requests"),
        **cast(Mapping[str, Any], site.args["secrets"].get(key) or {}),
    }
    return cast(StoreAccessArgs, {name: value for name, value in access.items() if value is not None})


def _of_cluster(site: Site, *keys: str) -> dict[str, Any]:
    """Those facts about the cluster that were given."""
    return {key: site.args["cluster"].get(key) for key in keys}


def _without(wanted: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {name: value for name, value in wanted.items() if name not in keys}


def _with(args: T, *more: Mapping[str, Any]) -> T:
    merged: Any = args
    for extra in more:
        merged = merged | {key: value for key, value in extra.items() if value is not None}
    return cast(T, merged)
