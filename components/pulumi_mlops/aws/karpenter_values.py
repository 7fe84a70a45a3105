"""Values of Karpenter's chart, and the events it is told of. Pure.

Source: Karpenter 1.14, `charts/karpenter/values.yaml` and "Disruption" (karpenter.sh).
"""

import json
from collections.abc import Mapping
from typing import Any

from pulumi_mlops.aws import system_nodes

CHARTS = "oci://public.ecr.aws/karpenter"
NAMESPACE, SERVICE_ACCOUNT = "kube-system", "karpenter"


def _pattern(source: str, kind: str) -> str:
    return json.dumps({"source": [source], "detail-type": [kind]})


EVENTS: Mapping[str, str] = {
    "health": _pattern("aws.health", "AWS Health Event"),
    "rebalance": _pattern("aws.ec2", "EC2 Instance Rebalance Recommendation"),
    "spot-interruption": _pattern("aws.ec2", "EC2 Spot Instance Interruption Warning"),
    "state-change": _pattern("aws.ec2", "EC2 Instance State-change Notification"),
}
"""Patterns of EventBridge's rules, by name."""


def values(
    cluster: str,
    endpoint: str,
    queue: str,
    region: str,
    *,
    isolated: bool,
    image_repository: str | None,
) -> dict[str, Any]:
    """The chart's values.

    It uses the node's own name server, so that it can make the nodes that the cluster's would need, and is
    told its region, because one hop more keeps it from the metadata that says so.
    """
    size = {"cpu": "500m", "memory": "1Gi"}
    image = {} if image_repository is None else {"image": {"repository": image_repository}}
    return {
        "settings": {
            "clusterName": cluster,
            "clusterEndpoint": endpoint,
            "interruptionQueue": queue,
            "isolatedVPC": isolated,
        },
        "serviceAccount": {"name": SERVICE_ACCOUNT},
        "replicas": 2,
        "dnsPolicy": "Default",
        "nodeSelector": {"kubernetes.io/os": "linux", **system_nodes.LABELS},
        "tolerations": [system_nodes.TOLERATION],
        "controller": {
            "env": [{"name": "AWS_REGION", "value": region}],
            "resources": {"requests": size, "limits": {"memory": size["memory"]}},
            **image,
        },
    }
