"""The pod of Remediation, and what it may do in the models' namespace. Pure."""

from collections.abc import Iterable
from typing import Any

from pulumi_mlops import manifests, pod, rights
from pulumi_mlops.manifests import Object
from pulumi_mlops.placement import Placement

PORT = 8080
PATH = "/alerts"
JOBS = "/etc/mlops/jobs"
_START_SECONDS = 120


def receiver(
    place: Placement, image: Any, env: Object, secret_env: Iterable[str], content: Any, resources: Object
) -> Object:
    """The Deployment: one pod, and never two at once, so that its memory of what was done is whole.

    `secret_env` names what the Secret called like the component holds, `content` is a digest of its values.
    """
    token, token_mount = pod.api_token()
    jobs = {"name": "jobs", "configMap": {"name": place.name}}
    container = pod.container(
        "receiver",
        image,
        args=["remediate"],
        env=[
            *(pod.env_value(name, value) for name, value in env.items()),
            *(pod.env_secret(name, place.name) for name in secret_env),
        ],
        ports=[("http", PORT)],
        mounts=[token_mount, {"name": "jobs", "mountPath": JOBS, "readOnly": True}],
        probes=pod.probes(
            pod.http_check("/healthz", "http"),
            startup_seconds=_START_SECONDS,
            ready=pod.http_check("/readyz", "http"),
        ),
        resources=resources,
    )
    template = pod.pod_template(
        place.labels,
        [container],
        service_account=place.name,
        volumes=[token, jobs],
        grace_seconds=30,
        content=content,
    )
    return manifests.single_deployment(place.metadata(), place.selector, template)


def job_rules() -> list[Object]:
    """What it may do in the models' namespace: start Jobs and see which there are.

    A Job that it starts may use what any pod of the namespace can, the Secrets there too.
    """
    return [rights.rule("batch", ["jobs"], ["create", "list"])]
