"""`mlops status`: what is served, from the stack's outputs and from the endpoints themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from mlops_cli.environment import Environment
from mlops_cli.stack import EnvironmentStack
from mlops_local import node

TIMEOUT_SECONDS = 3.0
STATE = "mlops-endpoint-state"
"""The header by which the gate of an endpoint says that it answers for pods that are not there."""
WITHOUT_PODS = ("idle", "waking")
ADDRESSES = ("modelRegistryUrl", "objectStoreUrl", "imageRegistry", "prometheusUrl", "alertmanagerUrl")
"""Outputs of the stack; those of Prometheus and Alertmanager are addresses inside the cluster."""


def gather(environment: Environment, stack: EnvironmentStack) -> dict[str, Any]:
    """The document that `--json` prints.

    `endpoints` has one entry each: name, url, model, version (what the server loaded, None when
    it does not answer), ready, and state: `ready`, `not ready`, `idle` (no pod; the next request wakes one)
    or `waking` (requests wait for one). The last two are ready too, since requests are answered.
    """
    outputs = {name: output.value for name, output in stack.open().outputs().items() if not output.secret}
    spec = environment.node_spec()
    return {
        "environment": environment.name,
        "node": node.status(spec).model_dump(mode="json") if spec else None,
        "endpoints": [_endpoint(entry) for entry in outputs.get("endpoints", [])],
        **{name: outputs.get(name) for name in ADDRESSES},
    }


def all_ready(document: Mapping[str, Any]) -> bool:
    """True when there is an endpoint and every endpoint is ready."""
    endpoints = document["endpoints"]
    return bool(endpoints) and all(endpoint["ready"] for endpoint in endpoints)


def _endpoint(entry: Mapping[str, Any]) -> dict[str, Any]:
    base = f"{entry['url']}/v2/models/{entry['model']}"
    ready, state, versions = False, "not ready", None
    try:
        answer = httpx.get(f"{base}/ready", timeout=TIMEOUT_SECONDS)
        ready = answer.status_code == httpx.codes.OK
        state = answer.headers.get(STATE, "ready") if ready else state
        # Any other question would wake an endpoint that has no pods.
        if state not in WITHOUT_PODS:
            versions = httpx.get(base, timeout=TIMEOUT_SECONDS).json().get("versions")
    except (httpx.HTTPError, ValueError):
        pass
    return {
        "name": entry["name"],
        "url": entry["url"],
        "model": entry["model"],
        "version": versions[-1] if versions else None,
        "ready": ready,
        "state": state,
    }
