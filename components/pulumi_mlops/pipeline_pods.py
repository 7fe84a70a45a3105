"""The pod of Pipeline: one run of `python3 -m mlops_pipelines`. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from pulumi_mlops import pod
from pulumi_mlops.manifests import Object
from pulumi_mlops.placement import Placement


def run(
    place: Placement,
    image: Any,
    pipeline: str,
    env: Mapping[str, Any],
    secret_env: Iterable[str],
    resources: Object,
) -> Object:
    """The pod template of one run; the Secret called like the component holds `secret_env`."""
    scratch, scratch_mount = pod.temporary("2Gi")
    container = pod.container(
        "pipeline",
        image,
        args=["run", pipeline],
        env=[
            *(pod.env_value(name, value) for name, value in env.items()),
            *(pod.env_secret(name, place.name) for name in secret_env),
            pod.env_value("MLFLOW_DISABLE_TELEMETRY", "true"),
            pod.env_value("DO_NOT_TRACK", "true"),
            pod.env_value("HOME", pod.TEMPORARY),
        ],
        mounts=[scratch_mount],
        resources=resources,
    )
    return pod.pod_template(
        place.labels, [container], service_account=place.name, volumes=[scratch], restart="Never"
    )
