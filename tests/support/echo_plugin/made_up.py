"""What a provider would add to a resource: an id, and outputs that nobody declared."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import aws_answers
from mlops_local.kubernetes_plugin import names, state
from mlops_local.kubernetes_plugin.values import UNKNOWN
from mlops_stacks.recording import Registration

_COUNTED: Mapping[str, tuple[str, ...]] = {"aws:ec2/launchTemplate:LaunchTemplate": ("latestVersion",)}
"""Outputs that each update counts up, by type."""


def outputs(token: str, urn: str, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The id of a new resource and its outputs beyond the inputs."""
    if token.startswith("kubernetes:"):
        return _of_kubernetes(urn, inputs)
    name = urn.split("::", 3)[3]
    made = dict(aws_answers.answers(_registration(token, urn, name, inputs)))
    identity = str(made.pop("id", name))
    return identity, made


def changed_by_update(token: str, outputs: Mapping[str, Any], preview: bool) -> dict[str, Any]:
    """The outputs that an update changes though nobody declared them; unknown in a preview."""
    counted = _COUNTED.get(token, ())
    return {key: UNKNOWN if preview else int(outputs.get(key, 0)) + 1 for key in counted}


def _of_kubernetes(urn: str, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    if "metadata" not in inputs:
        return urn.split("::", 3)[3], {}
    marks = {
        "uid": str(uuid.uuid5(uuid.NAMESPACE_URL, urn)),
        "resourceVersion": "1",
        "creationTimestamp": "2026-01-01T00:00:00Z",
    }
    return names.resource_id(inputs), {
        "metadata": {**inputs["metadata"], **marks},
        state.VERSION_KEY: inputs.get("apiVersion", ""),
        names.MANAGER_KEY: names.MANAGER_PREFIX + aws_answers.digits(urn)[:8],
    }


def _registration(token: str, urn: str, name: str, inputs: Mapping[str, Any]) -> Registration:
    return Registration(
        urn=urn,
        type=token,
        name=name,
        custom=True,
        parent="",
        provider="",
        dependencies=(),
        protect=False,
        retain_on_delete=False,
        deleted_with="",
        ignore_changes=(),
        inputs=inputs,
    )
