"""A platform that real servers watch: figures of drift, alerts in every state, hostile names."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import monitoring_servers as servers
from mlops_cli.environment import Environment, open_environment
from mlops_local.paths import Paths
from pulumi_mlops.alerts import Drift, EndpointAlerts, render
from scripted_api import ScriptedApi
from serving_process import free_port

HOSTILE = 'a"b\\c\nd{e="f"} [bold]é'
DRIFT = Drift(least_rows=150, outputs=("label",))
ALERTS = EndpointAlerts(endpoint="mortgage", model="mortgage", namespace="mlops-models", drift=DRIFT)
SETTINGS = {
    "name": "mortgage",
    "model": "mortgage",
    "drift": {"leastRows": DRIFT.least_rows, "outputs": list(DRIFT.outputs)},
}
FEATURES: dict[str, dict[str, dict[str, tuple[int, int | None]]]] = {
    "1": {
        "income": {"<1": (500, 380), ">=1": (500, 20), "missing": (0, 0)},
        "age": {"<30": (500, 205), ">=30": (500, 195)},
        "small": {"<2": (50_000, 11_500), ">=2": (50_000, 8_500)},
        "rare": {"<5": (500, 45), ">=5": (500, 5)},
        "idle": {"<5": (500, None), ">=5": (500, None)},
        "label": {"yes": (800, 150), "no": (200, 250)},
    },
    "2": {HOSTILE: {"yes": (800, 150), "no": (200, 250)}},
}
"""By version, feature and bin: rows of the training data, and of the last hour."""
STATES = {
    "groups": [
        {
            "name": "states",
            "rules": [
                {
                    "alert": "TestPage",
                    "expr": "vector(1)",
                    "labels": {"severity": "page", "endpoint": "mortgage"},
                    "annotations": {"summary": "It burns", "runbook_url": "docs/runbooks/burns.md"},
                },
                {"alert": "TestSilenced", "expr": "vector(1)", "labels": {"severity": "page"}},
                {"alert": "TestInhibited", "expr": "vector(1)", "labels": {"severity": "ticket"}},
                {"alert": "TestPending", "expr": "vector(1)", "for": "1h", "labels": {"severity": "page"}},
                {
                    "alert": "TestHostile",
                    "expr": "vector(1)",
                    "labels": {"severity": "ticket", "endpoint": "[red]\x1b[31mx[/red]"},
                    "annotations": {"summary": "two\nlines"},
                },
            ],
        }
    ]
}


@dataclass(frozen=True)
class Watched:
    """The address of Prometheus, and the port of a target that is away."""

    prometheus: str
    absent: int


@contextmanager
def watched(folder: Path) -> Iterator[Watched]:
    """The servers; figures may take some seconds to be there."""
    absent = free_port()
    with ExitStack() as stack:
        port = stack.enter_context(servers.exporter(exposed()))
        rules = {
            # Each half minute is for a platform, not for a test.
            "endpoint.yaml": render(ALERTS).replace("interval: 30s", "interval: 1s"),
            "states.json": json.dumps(STATES),
        }
        jobs = {"model-endpoint": port, "away": absent}
        address = stack.enter_context(servers.prometheus(folder, jobs, rules))
        yield Watched(address, absent)


def exposed() -> str:
    """What the endpoint's pod exposes."""
    ours = {"namespace": "mlops-models", "pod": "mortgage-1", "endpoint": "mortgage", "model": "mortgage"}
    lines = [sample("process_start_time_seconds", ours, time.time()), sample("odd", {"of": HOSTILE}, 7)]
    lines.append(sample("mlops_drift_left_out", {**ours, "version": "2"}, 3))
    for version, features in FEATURES.items():
        for feature, bins in features.items():
            for name, (training, live) in bins.items():
                labels = {**ours, "version": version, "feature": feature, "bin": name}
                lines.append(sample("mlops_drift_reference_rows", labels, training))
                if live is not None:
                    lines.append(sample("mlops_drift_rows_total", {**labels, "role": "stable"}, live))
    return "\n".join([*lines, ""])


def sample(metric: str, labels: dict[str, str], value: float) -> str:
    """A line of the exposition format."""

    def escaped(text: str) -> str:
        return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')

    return metric + "{" + ",".join(f'{n}="{escaped(v)}"' for n, v in labels.items()) + f"}} {value}"


def adopted(url: str) -> dict[str, Any]:
    """Settings of monitoring where the cluster has a Prometheus at `url`."""
    return {"mode": "adopt", "prometheusUrl": url, "prometheusNamespace": "monitoring", "operatorLabels": {}}


def environment(folder: Path, api: ScriptedApi, **settings: Any) -> Environment:
    """An environment `test` in a workspace of its own, on the cluster behind `api`."""
    (folder / "kubeconfig").write_text(api.kubeconfig())
    for name in ("Pulumi.yaml", "uv.lock"):
        (folder / name).touch()
    (folder / "stacks").mkdir(exist_ok=True)
    cluster = {
        "maker": "kubeconfig",
        "kubeconfig": str(folder / "kubeconfig"),
        "context": "scripted",
        "imageRegistry": "registry.example.org/mlops",
        "ingressAddress": "10.0.0.7",
    }
    config = {"mlops:cluster": cluster, "mlops:endpoints": [SETTINGS], "mlops:monitoring": {"mode": "run"}}
    config |= {f"mlops:{name}": value for name, value in settings.items()}
    (folder / "stacks" / "Pulumi.test.yaml").write_text(json.dumps({"config": config}))
    return open_environment("test", Paths(folder, folder / "home", folder / "cache"))
