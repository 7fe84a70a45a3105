"""The pod of ModelRegistry: MLflow's server. Pure."""

from collections.abc import Iterable
from typing import Any

from pulumi_mlops import manifests, pod
from pulumi_mlops.manifests import Object
from pulumi_mlops.placement import Placement

PORT = 5000
ADMIN = "admin"
_AUTH_FOLDER = "/etc/mlflow"


def server(
    place: Placement,
    image: Any,
    allowed_hosts: Any,
    store: tuple[Any, Any],
    artifacts: Any,
    store_key: Iterable[str],
    resources: Object,
) -> Object:
    """The Deployment of the server; `store` is (S3 endpoint, region), `store_key` the variables of its key.

    `artifacts` is the flag that says where the files of runs are; model artifacts proper are elsewhere.
    One worker and no job runner: the server keeps records, and each Python process costs 250 MiB.
    """
    auth, auth_mount = pod.secret_files("auth", place.named("auth"), _AUTH_FOLDER)
    scratch, scratch_mount = pod.temporary("1Gi")
    container = pod.container(
        "mlflow",
        image,
        args=[
            "server",
            "--app-name=basic-auth",
            "--host=0.0.0.0",
            f"--port={PORT}",
            "--workers=1",
            artifacts,
        ],
        env=[
            pod.env_value("MLFLOW_SERVER_ALLOWED_HOSTS", allowed_hosts),
            pod.env_value("MLFLOW_AUTH_CONFIG_PATH", f"{_AUTH_FOLDER}/basic_auth.ini"),
            pod.env_secret("MLFLOW_BACKEND_STORE_URI", place.named("secrets")),
            pod.env_secret("MLFLOW_FLASK_SERVER_SECRET_KEY", place.named("secrets")),
            pod.env_value("MLFLOW_S3_ENDPOINT_URL", store[0]),
            pod.env_value("AWS_REGION", store[1]),
            *(pod.env_secret(name, place.named("secrets")) for name in store_key),
            *_QUIET,
        ],
        ports=[("http", PORT)],
        mounts=[auth_mount, scratch_mount],
        probes=pod.probes(pod.http_check("/health", "http"), startup_seconds=300),
        resources=resources,
    )
    template = pod.pod_template(
        place.labels, [container], service_account=place.name, volumes=[auth, scratch]
    )
    # Two servers never run at once: both would migrate the database.
    return manifests.single_deployment(place.metadata(), place.selector, template)


_QUIET = [
    pod.env_value("MLFLOW_DISABLE_TELEMETRY", "true"),
    pod.env_value("DO_NOT_TRACK", "true"),
    pod.env_value("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false"),
    pod.env_value("GIT_PYTHON_REFRESH", "quiet"),
    pod.env_value("HOME", pod.TEMPORARY),
]
