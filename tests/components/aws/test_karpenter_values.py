from __future__ import annotations

import json
from typing import Any

from pulumi_mlops.aws import karpenter_values


def values(**changes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {"isolated": False, "image_repository": None, **changes}
    return karpenter_values.values(
        "risk", "https://api.example", "risk-interruptions", "eu-central-1", **given
    )


def test_karpenter_runs_twice_on_the_system_nodes_and_knows_its_queue() -> None:
    assert values() == {
        "settings": {
            "clusterName": "risk",
            "clusterEndpoint": "https://api.example",
            "interruptionQueue": "risk-interruptions",
            "isolatedVPC": False,
        },
        "serviceAccount": {"name": "karpenter"},
        "replicas": 2,
        "dnsPolicy": "Default",
        "nodeSelector": {"kubernetes.io/os": "linux", "mlops.dev/nodes": "system"},
        "tolerations": [{"key": "CriticalAddonsOnly", "operator": "Exists"}],
        "controller": {
            "env": [{"name": "AWS_REGION", "value": "eu-central-1"}],
            "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"memory": "1Gi"}},
        },
    }


def test_a_network_without_internet_asks_no_prices_and_takes_a_mirror() -> None:
    found = values(isolated=True, image_repository="registry.example/karpenter")
    assert found["settings"]["isolatedVPC"] is True
    assert found["controller"]["image"] == {"repository": "registry.example/karpenter"}


def test_four_kinds_of_event_foretell_an_end() -> None:
    assert {name: json.loads(pattern) for name, pattern in karpenter_values.EVENTS.items()} == {
        "health": {"source": ["aws.health"], "detail-type": ["AWS Health Event"]},
        "rebalance": {"source": ["aws.ec2"], "detail-type": ["EC2 Instance Rebalance Recommendation"]},
        "spot-interruption": {
            "source": ["aws.ec2"],
            "detail-type": ["EC2 Spot Instance Interruption Warning"],
        },
        "state-change": {"source": ["aws.ec2"], "detail-type": ["EC2 Instance State-change Notification"]},
    }
