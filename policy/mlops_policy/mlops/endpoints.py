"""Which workloads serve models, and what their servers are set to. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from mlops_policy.kubernetes.objects import LONG_RUNNING, pod_spec
from mlops_policy.resources import Resource
from mlops_policy.views import MISSING, View, WrongShape, shown

KINDS = LONG_RUNNING
NAME_LABEL: Final = "app.kubernetes.io/name"
OWNER: Final = "mlops.dev/owner"
"""Annotation of an endpoint's workload: who answers for its model."""
COMPONENT: Final = "model-endpoint"
MODELS: Final = "MLOPS_MODELS"


def servers(resource: Resource) -> Iterator[View]:
    """The containers that serve models: those that are told which, or all of a pod that is labelled so."""
    containers = pod_spec(resource).at("containers").items()
    told = [each for each in containers if setting(each, MODELS).raw is not MISSING]
    labels = resource.view.at("spec.template.metadata.labels")
    if told:
        yield from told
    elif labels.key(NAME_LABEL).text() == COMPONENT:
        yield from containers


def workloads(resource: Resource) -> Iterator[View]:
    """The workload as one part, if it serves models."""
    if next(servers(resource), None) is not None:
        yield resource.view


def setting(container: View, name: str) -> View:
    """Where the value of an environment variable stands; of two of one name Kubernetes takes the last."""
    found = View(MISSING, f"{container.path}.env of {name}")
    for each in container.at("env").items():
        if each.key("name").text() == name:
            found = each.key("value") if each.key("value").raw is not MISSING else each.key("valueFrom")
    return found


def number(view: View, default: float) -> float:
    """A setting that is a number.

    Raises:
        WrongShape: it is none.
    """
    text = view.text()
    try:
        return float(text) if text else default
    except ValueError:
        raise WrongShape(f"{view.path} is {shown(text)}, where a number is expected") from None


def served(container: View) -> list[dict[str, Any]]:
    """The entries of MLOPS_MODELS: `name`, `endpoint` and `version` of each model.

    Raises:
        WrongShape: they are no JSON list of objects.
    """
    view = setting(container, MODELS)
    try:
        entries = json.loads(view.text("[]") or "[]")
    except ValueError:
        entries = None
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise WrongShape(f"{view.path} is {shown(view.raw)}, where a JSON list of models is expected")
    return entries


def names(resource: Resource) -> list[str]:
    """The endpoints that a workload serves: what metrics and alerts call them."""
    found = [
        str(each.get("endpoint") or each.get("name", ""))
        for container in servers(resource)
        for each in served(container)
    ]
    return list(dict.fromkeys(name for name in found if name))


def leaves_in_clear(url: str) -> bool:
    """Whether a URL leads out of the cluster without TLS; a Service's name has no dots or ends in `svc`."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removesuffix(".cluster.local")
    inside = "." not in host or host.endswith(".svc") or host in ("127.0.0.1", "::1")
    return parts.scheme == "http" and not inside
