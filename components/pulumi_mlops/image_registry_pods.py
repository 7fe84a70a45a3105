"""The pod of ImageRegistry: distribution's `registry` on a volume. Pure."""

import json
from typing import Any

from pulumi_mlops import manifests, pod
from pulumi_mlops.manifests import Object
from pulumi_mlops.placement import Placement

PORT = 5000
_AUTH_FOLDER = "/etc/registry-auth"
_CONFIG_FOLDER = "/etc/registry"


def config_file() -> str:
    """distribution's configuration (JSON is YAML): files on the volume, a password asked of everyone."""
    config = {
        "version": "0.1",
        "log": {"level": "warn", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": "/var/lib/registry"}, "delete": {"enabled": True}},
        "http": {"addr": f":{PORT}"},
        "auth": {"htpasswd": {"realm": "mlops", "path": f"{_AUTH_FOLDER}/htpasswd"}},
    }
    return json.dumps(config, indent=2)


def server(place: Placement, image: Any, volume: Object) -> Object:
    """The StatefulSet of the registry; `volume` is the claim `data`."""
    auth, auth_mount = pod.secret_files("auth", place.name, _AUTH_FOLDER)
    config = {"name": "config", "configMap": {"name": place.name}}
    config_mount = {"name": "config", "mountPath": _CONFIG_FOLDER, "readOnly": True}
    container = pod.container(
        "registry",
        image,
        args=["serve", f"{_CONFIG_FOLDER}/config.yml"],
        env=[
            pod.env_secret("REGISTRY_HTTP_SECRET", place.name),
            pod.env_value("OTEL_TRACES_EXPORTER", "none"),
        ],
        ports=[("registry", PORT)],
        mounts=[{"name": "data", "mountPath": "/var/lib/registry"}, auth_mount, config_mount],
        probes=pod.probes(pod.http_check("/", "registry"), startup_seconds=60),
        resources=pod.resources("50m", "64Mi", "512Mi"),
    )
    template = pod.pod_template(place.labels, [container], service_account=place.name, volumes=[auth, config])
    return manifests.stateful_set(place.metadata(), place.selector, template, [volume])
