"""A small Prometheus in the system namespace, where the platform has none: what KEDA asks in the tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mlops_local.images import ImageSource, build, push, removals
from mlops_local.images.catalog import RECIPES, RootFilesystem
from pulumi_mlops import manifests, network_flows, pod
from pulumi_mlops.placement import Placement
from running_platform import CACHE, ROOT, Platform

SYSTEM, MODELS = "mlops-system", "mlops-models"
PLACE = Placement("prometheus", "prometheus", SYSTEM)
NAME = "test-prometheus"
PORT = 9090
CONFIG = """
global: {scrape_interval: 5s, scrape_timeout: 4s}
scrape_configs:
- job_name: model-endpoint
  honor_labels: true
  # Debian's Prometheus is built without the discovery of Kubernetes' pods.
  dns_sd_configs:
  - {names: [mortgage-pods.mlops-models.svc.cluster.local], type: A, port: 8081, refresh_interval: 5s}
  relabel_configs:
  - {target_label: namespace, replacement: mlops-models}
  - {target_label: endpoint, replacement: mortgage}
"""


def image(registry: str) -> str:
    """Debian's package as an image in the node's registry, by digest."""
    recipes: dict[str, Any] = RECIPES  # type: ignore[assignment]
    recipes[NAME] = RootFilesystem(
        packages=("prometheus",),
        removed=removals.DEBIAN,
        title="Prometheus",
        user_name="nonroot",
        entrypoint=("/usr/bin/prometheus",),
    )
    source = ImageSource(workspace=ROOT, programs={})
    return push(build([NAME], source, CACHE, print), registry, print)[NAME]


def objects(reference: str) -> list[dict[str, Any]]:
    """The pods' addresses by name, the configuration, the server and its network flows."""
    data, data_mount = pod.scratch("data", "/data", "1Gi")
    config = {"name": "config", "configMap": {"name": PLACE.name}}
    container = pod.container(
        "prometheus",
        reference,
        args=["--config.file=/etc/own/prometheus.yml", "--storage.tsdb.path=/data"],
        ports=[("http", PORT)],
        mounts=[data_mount, {"name": "config", "mountPath": "/etc/own"}],
        probes=pod.probes(pod.http_check("/-/ready", "http"), startup_seconds=60),
        resources=pod.resources("20m", "64Mi", "512Mi"),
    )
    template = pod.pod_template(PLACE.labels, [container], service_account=PLACE.name, volumes=[data, config])
    collected = Placement("model-endpoint", "mortgage", MODELS)
    headless = manifests.service(collected.metadata("pods"), collected.selector, 8081, "admin")
    headless["spec"] |= {"clusterIP": "None", "publishNotReadyAddresses": True}
    anywhere = [network_flows.egress({"cidr": network_flows.EVERYWHERE, "port": 8081})]
    return [
        _object("v1", "ServiceAccount", {"metadata": PLACE.metadata()}),
        _object("v1", "Service", headless),
        _object("v1", "ConfigMap", {"metadata": PLACE.metadata(), "data": {"prometheus.yml": CONFIG}}),
        _object(
            "networking.k8s.io/v1",
            "NetworkPolicy",
            network_flows.policy(
                PLACE.metadata(), PLACE.selector, [network_flows.from_outside(PORT)], anywhere
            ),
        ),
        _object("v1", "Service", manifests.service(PLACE.metadata(), PLACE.selector, PORT, "http")),
        _object(
            "apps/v1",
            "Deployment",
            {
                "metadata": PLACE.metadata(),
                "spec": {"replicas": 1, "selector": {"matchLabels": PLACE.selector}, "template": template},
            },
        ),
    ]


def _object(version: str, kind: str, fields: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, **fields}


def install(platform: Platform, registry: str, folder: Path) -> None:
    """Bring it up, unless the platform has a Prometheus of its own."""
    if platform.kubectl("get", "service", "prometheus", "-n", SYSTEM, "--ignore-not-found", "-o", "name"):
        return
    file = folder / "prometheus.json"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects(image(registry))}))
    platform.kubectl("apply", "--server-side", "-f", str(file))
    platform.kubectl("rollout", "status", "deployment/prometheus", "-n", SYSTEM, "--timeout=120s")
