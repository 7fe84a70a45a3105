"""When each alert of the platform fires, ends, and does not fire."""

from __future__ import annotations

from pulumi_mlops.alerts import PlatformAlerts
from rule_stories import Story, gauge, name

ALERTS = PlatformAlerts(system_namespace="mlops-system", models_namespace="mlops-models")
CLAIM = 'namespace="mlops-system",persistentvolumeclaim="data-object-store-0"'


def volume(*free: float) -> dict[str, str]:
    """A volume of 100 bytes with so much free, a sample for each minute."""
    values = " ".join(f"{value:.15g}" for value in free)
    return {
        name("kubelet_volume_stats_capacity_bytes", CLAIM): gauge((len(free), 100)),
        name("kubelet_volume_stats_available_bytes", CLAIM): values,
    }


def server(kind: str, wanted: str, ready: str, labels: str) -> dict[str, str]:
    return {
        name(f"kube_{kind}", labels): wanted,
        name(f"kube_{kind.split('_')[0]}_status_replicas_ready", labels): ready,
    }


def restarts(*pieces: tuple[int, float]) -> dict[str, str]:
    pod = 'namespace="mlops-system",pod="database-0"'
    return {name("kube_pod_container_status_restarts_total", pod): gauge(*pieces)}


STORE = 'namespace="mlops-system",statefulset="object-store"'
MLFLOW = 'namespace="mlops-system",deployment="model-registry"'
STORIES = [
    Story(
        "MlopsVolumeFilling",
        "ticket",
        volume(*(13 - 0.01 * minute for minute in range(60)), *[60.0] * 60),
        at=50,
        resolved=90,
        quiet=[volume(*[14.0] * 120), volume(*(60 - 0.01 * minute for minute in range(120)))],
    ),
    Story(
        "MlopsVolumeFull",
        "page",
        volume(*[4.0] * 20, *[60.0] * 20),
        at=10,
        resolved=30,
        quiet=[{}, volume(*[6.0] * 40)],
    ),
    Story(
        "MlopsVolumeFiguresMissing",
        "ticket",
        {name("kubelet_volume_stats_capacity_bytes", CLAIM): gauge((5, 100), (40, None), (30, 100))},
        at=35,
        resolved=55,
        quiet=[volume(*[60.0] * 60)],
    ),
    Story(
        "MlopsPlatformServerNotReady",
        "page",
        server("statefulset_replicas", gauge((60, 1)), gauge((5, 1), (20, 0), (35, 1)), STORE),
        at=20,
        resolved=30,
        quiet=[{}, server("statefulset_replicas", gauge((60, 1)), gauge((60, 1)), STORE)],
    ),
    Story(
        "MlopsPlatformServerRestarts",
        "ticket",
        restarts((10, 0), (5, 1), (5, 2), (60, 3)),
        at=25,
        resolved=70,
        quiet=[{}, restarts((10, 0), (60, 1))],
    ),
]
