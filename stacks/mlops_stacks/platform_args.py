"""From settings to the arguments of the platform component. Pure but for secrets' values staying hidden."""

from pathlib import Path
from typing import Any, cast

from mlops_stacks import kubeconfig, monitoring_args
from mlops_stacks.aws_settings import EksCluster
from mlops_stacks.errors import SettingsError
from mlops_stacks.remediation_settings import RemediationSettings
from mlops_stacks.scaling_settings import Idle, Scaling, ScalingDirection
from mlops_stacks.setting_types import Resources
from mlops_stacks.settings import (
    SECRET_NAMES,
    EndpointSettings,
    ExistingCluster,
    Images,
    LocalNodeCluster,
    PipelineSettings,
    Secrets,
    Settings,
)
from pulumi_mlops import (
    AdmissionMode,
    ClusterArgs,
    KedaSource,
    PlatformArgs,
    PlatformSecretsArgs,
    StoreKeyArgs,
    checks,
    existing_context,
    local_node,
)


def platform_args(settings: Settings) -> PlatformArgs:
    """The platform that the settings describe, with all that it stores in its cluster.

    Raises `SettingsError` if what `mlops up` writes is not there yet.
    """
    if settings.images is None or settings.secrets is None:
        raise SettingsError(missing("images" if settings.images is None else "secrets"))
    images, secrets = settings.images, settings.secrets
    images.refuse_missing(image_names(settings))
    args = platform_parts(settings) | {
        "cluster": cluster_args(settings),
        "images": _given(images.model_dump()),
        "secrets": platform_secrets(settings, secrets),
        "object_store": _server(
            settings.object_store, size=settings.object_store.size, node_port=settings.object_store.node_port
        ),
        "database": _server(settings.database, size=settings.database.size),
    }
    return cast(PlatformArgs, args)


def image_names(settings: Settings) -> dict[str, str]:
    """The images that the environment uses, and what needs each."""
    stored_here = not isinstance(settings.cluster, EksCluster)
    groups = [
        (("mlflow", "pipeline", "serving"), "the platform", True),
        (("object_store",), "mlops:objectStore", stored_here),
        (("postgres",), "mlops:database", stored_here),
        (("keda_adapter", "keda_operator"), "mlops:keda.mode run", settings.keda.mode == "run"),
        (monitoring_args.IMAGES, "mlops:monitoring.mode run", settings.monitoring.mode == "run"),
    ]
    return {name: what for names, what, used in groups if used for name in names}


def platform_parts(settings: Settings) -> Any:
    """What of the platform is the same wherever it stores: all but cluster, images, secrets and stores."""
    args: dict[str, Any] = {
        "model_registry": _server(settings.model_registry, node_port=settings.model_registry.node_port),
        "pipelines": [_pipeline(pipeline) for pipeline in settings.pipelines],
        "endpoints": [_endpoint(endpoint) for endpoint in settings.endpoints],
    }
    if settings.keda.mode != "none":
        args["keda"] = _given(
            {
                "source": KedaSource(settings.keda.mode),
                "prometheus_url": settings.keda.prometheus_url,
                "namespace": settings.keda.namespace,
            }
        )
    if settings.admission.mode != "none":
        mode, leave_out = AdmissionMode(settings.admission.mode), list(settings.admission.leave_out)
        args["admission"] = _given({"mode": mode, "leave_out": leave_out})
    if settings.monitoring.mode != "none":
        args["monitoring"] = monitoring_args.monitoring(
            settings.monitoring, settings.cluster.api_server_cidrs
        )
    if settings.remediation is not None:
        args["remediation"] = _remediation(settings.remediation)
    return args


def cluster_args(settings: Settings) -> ClusterArgs:
    """The cluster contract, by the maker that the settings name; reads the kubeconfig."""
    cluster = settings.cluster
    if isinstance(cluster, LocalNodeCluster):
        if settings.kubeconfig is None:
            raise SettingsError(
                "mlops:kubeconfig: nothing was given; `mlops up` starts the local node and writes it"
            )
        return local_node(kubeconfig.read(Path(settings.kubeconfig)), cluster.registry_port)
    if not isinstance(cluster, ExistingCluster):
        raise SettingsError("mlops:cluster.maker: a cluster on AWS is made by the AWS part of the program")
    return existing_context(
        kubeconfig.read(Path(cluster.kubeconfig), cluster.context),
        cluster.context,
        cluster.image_registry,
        cluster.ingress_address,
        cluster.storage_class,
    )


def platform_secrets(settings: Settings, secrets: Secrets) -> PlatformSecretsArgs:
    """The platform's secrets in the clear; the components mark each a secret before it goes anywhere.

    Raises `SettingsError` for one that is needed and was not given.
    """
    made: PlatformSecretsArgs = {
        "model_registry_admin_password": secrets.model_registry_admin_password.get_secret_value(),
        "model_registry_session_key": secrets.model_registry_session_key.get_secret_value(),
    }
    if settings.remediation is not None:
        made["remediation_token"] = secrets.value("remediation_token", "mlops:remediation is set")
    if isinstance(settings.cluster, EksCluster):
        return made
    return {
        **made,
        "database_password": secrets.value("database_password", "the database is run"),
        "object_store_root": _key(secrets, "root"),
        "object_store_read_only": _key(secrets, "read_only"),
        "object_store_read_write": _key(secrets, "read_write"),
    }


def missing(section: str) -> str:
    """Why the program cannot go on without a generated section of the settings, and what makes it."""
    images = ", ".join(str(field.alias) for field in Images.model_fields.values())
    by_hand = {
        "images": f"give an image by digest for each of {images}",
        "secrets": "give one with `pulumi config set --path --secret mlops:secrets.NAME` for each of "
        + ", ".join(SECRET_NAMES),
    }
    return f"mlops:{section}: nothing was given; `mlops up` writes it. By hand, {by_hand[section]}"


def _key(secrets: Secrets, who: str) -> StoreKeyArgs:
    use = "the object store is run"
    return {
        "access_key_id": secrets.value(f"object_store_{who}_key_id", use),
        "secret_access_key": secrets.value(f"object_store_{who}_secret_key", use),
    }


def _server(resources: Resources, **more: object) -> Any:
    return _given({**more, "resources": _resources(resources)})


def _pipeline(pipeline: PipelineSettings) -> Any:
    return _given(
        {
            "name": pipeline.name,
            "model": pipeline.model,
            "endpoint": pipeline.endpoint,
            "schedule": pipeline.schedule,
            "timeout_seconds": checks.seconds_of(pipeline.timeout),
            "resources": _resources(pipeline),
        }
    )


def _endpoint(endpoint: EndpointSettings) -> Any:
    return _given(
        {
            "name": endpoint.name,
            "model": endpoint.model,
            "version": endpoint.version,
            "min_replicas": endpoint.min_replicas,
            "max_replicas": endpoint.max_replicas,
            "target_cpu_percent": endpoint.target_cpu_percent,
            "scaling": _scaling(endpoint.scaling),
            "node_port": endpoint.node_port,
            "poll_seconds": checks.seconds_of(endpoint.poll),
            "drain_seconds": checks.seconds_of(endpoint.drain),
            "resources": _resources(endpoint),
            "grpc": endpoint.grpc,
            "workers": endpoint.workers,
            "server_settings": endpoint.server_settings,
            "mounted_secrets": endpoint.mounted_secrets,
            "tracing": endpoint.tracing and endpoint.tracing.model_dump(),
            "alerts": _alerts(endpoint),
        }
    )


def _alerts(endpoint: EndpointSettings) -> dict[str, object]:
    slo, drift = endpoint.slo, endpoint.drift
    return _given(
        {
            "owner": endpoint.owner,
            "runbooks": endpoint.runbooks,
            "slo": slo and slo.model_dump(exclude_none=True),
            "drift": drift and drift.model_dump(exclude_none=True),
        }
    )


def _scaling(scaling: Scaling) -> dict[str, object]:
    if scaling == Scaling():
        return {}
    return _given(
        {
            "by": scaling.by,
            "target_in_flight": scaling.target_in_flight,
            "scale_out": _direction(scaling.scale_out),
            "scale_in": _direction(scaling.scale_in),
            "minimums": [minimum.model_dump() for minimum in scaling.minimums],
            "idle": _idle(scaling.idle) if scaling.idle else None,
        }
    )


def _idle(idle: Idle) -> dict[str, object]:
    return _given(
        {
            "after_seconds": checks.seconds_of(idle.after) if idle.after else None,
            "hold_seconds": checks.seconds_of(idle.hold_for) if idle.hold_for else None,
            "max_waiting": idle.max_waiting,
            "gates": idle.gates,
        }
    )


def _direction(direction: ScalingDirection) -> dict[str, object]:
    wait = direction.stabilization
    steps = [
        _given(
            {
                "pods": step.pods,
                "percent": step.percent,
                "period_seconds": checks.seconds_of(step.period),
            }
        )
        for step in direction.steps
    ]
    return _given(
        {"stabilization_seconds": None if wait is None else checks.seconds_of(wait), "steps": steps}
    )


def _remediation(settings: RemediationSettings) -> Any:
    rules = [
        _given(
            {
                "alert": rule.alert,
                "action": rule.action,
                "endpoint": rule.endpoint,
                "cooldown_seconds": checks.seconds_of(rule.cooldown),
                "within_seconds": checks.seconds_of(rule.within) if rule.within else None,
            }
        )
        for rule in settings.rules
    ]
    limits = {"dry_run": settings.dry_run, "max_actions_per_hour": settings.max_actions_per_hour}
    return {**limits, "rules": rules}


def _resources(wanted: Resources) -> dict[str, object]:
    return _given({"cpu": wanted.cpu, "memory": wanted.memory, "memory_limit": wanted.memory_limit})


def _given(fields: dict[str, object]) -> dict[str, object]:
    """The fields that were given: the components hold the defaults of the rest."""
    return {key: value for key, value in fields.items() if value is not None and value not in ({}, [])}
