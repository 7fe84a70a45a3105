"""The few inputs of a resource that a reader looks for first, as one short text. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlops_stacks.recording import SECRET_MARK, UNKNOWN_MARK

_DIGITS = 12


def of(inputs: Mapping[str, Any]) -> str:
    """Images, replicas, volume sizes, ports and schedule, as far as the resource has them."""
    spec = inputs.get("spec")
    if not isinstance(spec, Mapping):
        return ""
    return ", ".join([*_images(spec), *_replicas(spec), *_sizes(spec), *_ports(spec), *_schedule(spec)])


def _images(spec: Mapping[str, Any]) -> Iterator[str]:
    pod = _at(spec, "jobTemplate", "spec") or spec
    for container in _items(_at(pod, "template", "spec", "containers")):
        if "image" in container:
            yield f"image {_short(container['image'])}"


def _replicas(spec: Mapping[str, Any]) -> Iterator[str]:
    # A HorizontalPodAutoscaler's names, and a ScaledObject's.
    for least, most in (("minReplicas", "maxReplicas"), ("minReplicaCount", "maxReplicaCount")):
        if most in spec:
            yield f"replicas {_text(spec.get(least, 1))} to {_text(spec[most])}"
    if "replicas" in spec:
        yield f"replicas {_text(spec['replicas'])}"


def _sizes(spec: Mapping[str, Any]) -> Iterator[str]:
    templates = _items(spec.get("volumeClaimTemplates"))
    for claim in [spec, *(_at(template, "spec") for template in templates)]:
        size = _at(claim, "resources", "requests", "storage")
        if size is not None:
            yield f"size {_text(size)}"


def _ports(spec: Mapping[str, Any]) -> Iterator[str]:
    # Elsewhere than in a Service, `ports` are rules and not what is listened on.
    if "selector" not in spec:
        return
    for port in _items(spec.get("ports")):
        outside = f" on node port {_text(port['nodePort'])}" if "nodePort" in port else ""
        yield f"port {_text(port.get('port', UNKNOWN_MARK))}{outside}"


def _schedule(spec: Mapping[str, Any]) -> Iterator[str]:
    if "schedule" in spec:
        yield f"schedule {_text(spec['schedule'])}"


def _short(image: Any) -> str:
    """The last part of the reference, with the digest's first digits."""
    name, _, digest = _text(image).rpartition("/")[2].partition("@sha256:")
    return f"{name}@{digest[:_DIGITS]}" if digest else name


def _text(value: Any) -> str:
    if value == UNKNOWN_MARK:
        return "[unknown]"
    return "[secret]" if value == SECRET_MARK else str(value)


def _at(value: Any, *path: str) -> Any:
    """What lies at `path`; None where a step is missing, secret or unknown."""
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _items(value: Any) -> list[Mapping[str, Any]]:
    """The sections in a list; none where it is missing, secret or unknown."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
