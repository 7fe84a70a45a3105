"""The monitoring of a running environment, asked through the API server as `kubectl` does it."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import httpx

from pulumi_mlops import dashboards
from running_platform import Platform

SYSTEM = "mlops-system"


def path_of(service: str, path: str, **query: str) -> str:
    """Where the API server hands a request on to a service of the system namespace."""
    asked = f"?{urlencode(query)}" if query else ""
    return f"/api/v1/namespaces/{SYSTEM}/services/{service}/proxy{path}{asked}"


def ask(platform: Platform, service: str, path: str, **query: str) -> Any:
    """One GET, decoded."""
    return json.loads(platform.kubectl("get", "--raw", path_of(service, path, **query)))


def instant(platform: Platform, promql: str, **more: str) -> list[dict[str, Any]]:
    """The series of one query, now or at `time`; none while Prometheus is away."""
    asked = path_of("prometheus:9090", "/api/v1/query", query=promql, **more)
    answer = platform.kubectl("get", "--raw", asked, check=False)
    found: list[dict[str, Any]] = json.loads(answer)["data"]["result"] if answer else []
    return found


def targets(platform: Platform) -> list[dict[str, Any]]:
    """What Prometheus collects, each with `labels` and `health`."""
    found: list[dict[str, Any]] = ask(platform, "prometheus:9090", "/api/v1/targets")["data"]["activeTargets"]
    return found


def rules(platform: Platform) -> list[dict[str, Any]]:
    """Every rule with its `health`."""
    groups = ask(platform, "prometheus:9090", "/api/v1/rules")["data"]["groups"]
    return [rule for group in groups for rule in group["rules"]]


def alerts(platform: Platform, name: str) -> list[dict[str, Any]]:
    """The pending and firing alerts of one name, as Prometheus has them; none while it is away."""
    answer = platform.kubectl("get", "--raw", path_of("prometheus:9090", "/api/v1/alerts"), check=False)
    found = json.loads(answer)["data"]["alerts"] if answer else []
    return [alert for alert in found if alert["labels"]["alertname"] == name]


def told(platform: Platform, *matchers: str) -> list[dict[str, Any]]:
    """Alertmanager's alerts, also the silenced and inhibited."""
    raw = path_of("alertmanager:9093", "/api/v2/alerts") + "?" + urlencode([("filter", m) for m in matchers])
    found: list[dict[str, Any]] = json.loads(platform.kubectl("get", "--raw", raw))
    return found


def tell(platform: Platform, wanted: list[dict[str, Any]]) -> None:
    """Hand alerts to Alertmanager as Prometheus would."""
    with platform.proxy() as api:
        url = f"{api}{path_of('alertmanager:9093', '/api/v2/alerts')}"
        httpx.post(url, json=wanted, timeout=30).raise_for_status()


def empty_queries(platform: Platform, wanted: Sequence[dashboards.Query], seconds: float) -> list[str]:
    """Queries of dashboards that had no data at any time of the last `seconds`."""
    now = time.time()
    span = {"start": f"{now - seconds}", "end": f"{now}", "step": "15"}
    return [
        f"{query.dashboard}: {query.panel}: {query.expr}"
        for query in wanted
        if not ask(
            platform, "prometheus:9090", "/api/v1/query_range", query=dashboards.filled(query), **span
        )["data"]["result"]
    ]
