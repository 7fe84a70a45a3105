"""A platform as the page may find it: three endpoints at work, quiet and down, drift, and alerts."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from scripted_prometheus import Line, Script

HOSTILE = "<img src=x onerror=alert(1)>"
MODELS = "mlops-models"


def script() -> Script:
    """`mortgage` with a canary, drift and a ticket; `quiet` without traffic; `gone` is down and pages."""
    world = Script(expected=("gone", "mortgage", "quiet"))
    world.namespaces = {"mortgage": MODELS, "quiet": MODELS}
    world.overview = {
        "seen": [({"namespace": MODELS, "endpoint": name}, 1) for name in ("mortgage", "quiet")],
        "models": [
            _model("mortgage", "12", "stable"),
            _model("mortgage", "13", "candidate"),
            _model("quiet", "3", "stable"),
        ],
        "release": [({"endpoint": "mortgage"}, 27), ({"endpoint": "quiet"}, 3)],
        "candidate": [({"endpoint": "mortgage", "mode": "canary"}, 10)],
        "requests": [
            ({"endpoint": "mortgage", "code": "200"}, 182.4),
            ({"endpoint": "mortgage", "code": "400"}, 1.2),
            ({"endpoint": "mortgage", "code": "500"}, 0.61),
            ({"endpoint": "quiet", "code": "200"}, 0),
        ],
        "p50": [({"endpoint": "mortgage"}, 0.00381), ({"endpoint": "quiet"}, math.nan)],
        "p95": [({"endpoint": "mortgage"}, 0.0178), ({"endpoint": "quiet"}, math.nan)],
        "p99": [({"endpoint": "mortgage"}, 0.214), ({"endpoint": "quiet"}, math.nan)],
        "in_flight": [({"endpoint": "mortgage"}, 7), ({"endpoint": "quiet"}, 0)],
        "queue": [({"endpoint": "mortgage"}, 12), ({"endpoint": "quiet"}, 0)],
        "wanted": [_pods("mortgage", 4), _pods("quiet", 1), _pods("gone", 2)],
        "ready": [_pods("mortgage", 3), _pods("quiet", 1), _pods("gone", 0)],
        "spark": [({"endpoint": "mortgage"}, _load), ({"endpoint": "quiet"}, 0)],
    }
    world.details = {("mortgage", name): lines for name, lines in _mortgage().items()}
    world.details |= {
        ("quiet", "in_flight"): [({}, 0)],
        ("quiet", "queue"): [({}, 0)],
        ("quiet", "wanted"): [({}, 1)],
        ("quiet", "ready"): [({}, 1)],
        ("quiet", "requests"): [({"code": "200"}, 0)],
    }
    world.alerts = alerts()
    return world


def alerts(now: datetime | None = None) -> list[dict[str, Any]]:
    """A page, a ticket and one pending, as Prometheus lists them."""
    at = now or datetime.now(UTC)
    return [
        _alert("MlopsInputDrift", "ticket", "mortgage", at - timedelta(hours=3), "input-drift.md"),
        _alert("MlopsEndpointDown", "page", "gone", at - timedelta(minutes=12), "endpoint-down.md"),
        _alert("MlopsRequestsWait", "ticket", "mortgage", at - timedelta(minutes=2), "requests-wait.md")
        | {"state": "pending"},
    ]


SUMMARIES = {
    "MlopsInputDrift": "2 inputs of mortgage differ from the training data",
    "MlopsEndpointDown": "No pod of gone is ready",
    "MlopsRequestsWait": "One request in twenty to mortgage waits 1.2s for the model",
}


def _alert(name: str, severity: str, endpoint: str, since: datetime, runbook: str) -> dict[str, Any]:
    return {
        "labels": {"alertname": name, "severity": severity, "endpoint": endpoint, "owner": "credit-risk"},
        "annotations": {
            "summary": SUMMARIES[name],
            "description": f"Serving release 27, stable version 12, candidate version 13. See {endpoint}.",
            "runbook_url": f"docs/runbooks/{runbook}",
        },
        "state": "firing",
        "activeAt": since.isoformat().replace("+00:00", "Z"),
        "value": "2e+00",
    }


def _model(endpoint: str, version: str, role: str) -> Line:
    return {
        "namespace": MODELS,
        "endpoint": endpoint,
        "model": endpoint,
        "version": version,
        "role": role,
    }, 1


def _pods(deployment: str, count: float) -> Line:
    return {"namespace": MODELS, "deployment": deployment}, count


def _load(at: float) -> float:
    return 150 + 40 * math.sin(at / 190) + 9 * math.sin(at / 23)


def _mortgage() -> dict[str, list[Line]]:
    return {
        "requests": [
            ({"code": "200"}, _load),
            ({"code": "400"}, lambda at: 4 + 2 * math.sin(at / 60)),
            ({"code": "500"}, lambda at: max(0.0, 11 * math.sin(at / 240) - 6)),
            ({"code": "503"}, 0),
        ],
        "p50": [({}, lambda at: 0.004 + 0.001 * math.sin(at / 130))],
        "p95": [({}, lambda at: 0.018 + 0.004 * math.sin(at / 130))],
        "p99": [({}, lambda at: 0.09 + 0.06 * math.sin(at / 190) ** 3)],
        "in_flight": [({}, lambda at: round(6 + 4 * math.sin(at / 190)))],
        "queue": [({}, lambda at: round(max(0.0, 20 * math.sin(at / 190) - 8)))],
        "wanted": [({}, lambda at: 4 if math.sin(at / 400) > 0 else 3)],
        "ready": [({}, lambda at: 4 if math.sin((at - 60) / 400) > 0 else 3)],
        **_drift(),
    }


FEATURES: dict[str, tuple[dict[str, float], dict[str, float], float, float]] = {
    "loan_amount": (
        {"<50": 40, "[50,90)": 80, "[90,120)": 190, "[120,150)": 260, "[150,210)": 330, ">=210": 290}
        | {"above": 10},
        {"<50": 140, "[50,90)": 290, "[90,120)": 350, "[120,150)": 260, "[150,210)": 220, ">=210": 132}
        | {"above": 0},
        0.412,
        0.1,
    ),
    "applicant_income": (
        {"<30": 120, "[30,45)": 260, "[45,60)": 310, "[60,90)": 330, ">=90": 180},
        {"<30": 180, "[30,45)": 360, "[45,60)": 340, "[60,90)": 320, ">=90": 192},
        0.0312,
        0.1,
    ),
    "married": ({"no": 410, "yes": 780, "missing": 10}, {"no": 470, "yes": 919, "missing": 3}, 0.0061, 0.1),
    "probabilities": (
        {f"[{number / 10:g},{(number + 1) / 10:g})": 60 + 22 * number for number in range(10)},
        {f"[{number / 10:g},{(number + 1) / 10:g})": 40 + 22 * number for number in range(10)},
        0.018,
        0.1,
    ),
}  # fmt: skip
"""Rows of the hour and of training by bin, index and threshold."""


def _drift() -> dict[str, list[Line]]:
    known = {"model": "mortgage", "version": "12"}
    found: dict[str, list[Line]] = {"bins": [], "reference": [], "index": [], "threshold": []}
    for feature, (observed, trained, index, threshold) in FEATURES.items():
        of_it = {**known, "feature": feature}
        found["bins"] += [({**of_it, "bin": each}, rows) for each, rows in observed.items()]
        found["reference"] += [({**of_it, "bin": each}, rows) for each, rows in trained.items()]
        found["index"].append((of_it, index))
        found["threshold"].append((of_it, threshold))
    return found
