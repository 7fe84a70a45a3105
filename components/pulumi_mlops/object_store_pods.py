"""The pods of ObjectStore: the gateway and the Job that makes its buckets. Pure."""

import json
from typing import Any

from pulumi_mlops import manifests, pod
from pulumi_mlops.manifests import Object
from pulumi_mlops.placement import Placement

PORT = 7070
REGION = "us-east-1"
_USERS_FOLDER = "/etc/versitygw"
_RETRIES = 4
_SETUP_SECONDS = 600


def users_file(keys: list[tuple[str, str]]) -> str:
    """versitygw's `users.json` for (access key id, secret key) pairs.

    Role `user` owns nothing: such a user may do what bucket policies say and no more, and cannot make
    buckets.  The file is only ever read by the gateway, so it can be a read-only Secret mount.
    """
    accounts = {
        key_id: {
            "access": key_id,
            "secret": secret,
            "role": "user",
            "userID": 0,
            "groupID": 0,
            "projectID": 0,
        }
        for key_id, secret in keys
    }
    return json.dumps({"accessAccounts": accounts}, sort_keys=True)


def gateway(place: Placement, image: Any, size: Any, storage_class: Any, resources: Object) -> Object:
    """The StatefulSet of the gateway: objects and their old versions in two folders of one volume."""
    users, users_mount = pod.secret_files("users", place.named("users"), _USERS_FOLDER)
    container = pod.container(
        "versitygw",
        image,
        args=[
            f"--port=:{PORT}",
            f"--region={REGION}",
            f"--iam-dir={_USERS_FOLDER}",
            "--health=/health",
            "--quiet",
            "posix",
            "--versioning-dir=/data/versions",
            "/data/objects",
        ],
        env=[
            pod.env_secret("ROOT_ACCESS_KEY_ID", place.named("root"), "AWS_ACCESS_KEY_ID"),
            pod.env_secret("ROOT_SECRET_ACCESS_KEY", place.named("root"), "AWS_SECRET_ACCESS_KEY"),
        ],
        ports=[("s3", PORT)],
        # The image has no shell to make folders with; kubelet makes those of a subPath.
        mounts=[
            {"name": "data", "mountPath": "/data/objects", "subPath": "objects"},
            {"name": "data", "mountPath": "/data/versions", "subPath": "versions"},
            users_mount,
        ],
        probes=pod.probes(pod.http_check("/health", "s3"), startup_seconds=60),
        resources=resources,
    )
    template = pod.pod_template(place.labels, [container], service_account=place.name, volumes=[users])
    claim = manifests.volume_claim("data", size, storage_class)
    return manifests.stateful_set(place.metadata(), place.selector, template, [claim])


def setup_job(place: Placement, setup: Placement, image: Any, url: Any) -> Object:
    """The Job that makes the buckets and the policies naming the users; it may run any number of times."""
    scratch, scratch_mount = pod.temporary("64Mi")
    container = pod.container(
        "store-setup",
        image,
        args=["store-setup"],
        env=[
            pod.env_value("MLOPS_STORE_URL", url),
            pod.env_value("AWS_REGION", REGION),
            pod.env_secret("AWS_ACCESS_KEY_ID", place.named("root")),
            pod.env_secret("AWS_SECRET_ACCESS_KEY", place.named("root")),
            pod.env_secret("MLOPS_STORE_READ_ONLY_KEY_ID", place.named("root")),
            pod.env_secret("MLOPS_STORE_READ_WRITE_KEY_ID", place.named("root")),
        ],
        mounts=[scratch_mount],
        resources=pod.resources("50m", "128Mi", "512Mi"),
    )
    template = pod.pod_template(
        setup.labels, [container], service_account=place.name, volumes=[scratch], restart="Never"
    )
    return {"metadata": setup.metadata(), "spec": manifests.job_spec(template, _RETRIES, _SETUP_SECONDS)}
