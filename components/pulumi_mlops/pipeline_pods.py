"""The pod of Pipeline: one run of `python3 -m mlops_pipelines`. Pure."""

from collections.abc import Mapping
from typing import Any

from pulumi_mlops import pod
from pulumi_mlops.manifests import Object
from pulumi_mlops.placement import Placement


def run(place: Placement, image: Any, pipeline: str, env: Mapping[str, Any], resources: Object) -> Object:
    """The pod template of one run; the Secret called like the component holds its keys and passwords."""
    scratch, scratch_mount = pod.temporary("2Gi")
    container = pod.container(
        "pipeline",
        image,
        args=["run", pipeline],
        env=[
            *(pod.env_value(name, value) for name, value in env.items()),
            *(pod.env_secret(name, place.name) for name in SECRET_ENV),
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


SECRET_ENV = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "MLFLOW_TRACKING_USERNAME",
    "MLFLOW_TRACKING_PASSWORD",
)
