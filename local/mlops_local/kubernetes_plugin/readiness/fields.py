"""Readers of live Kubernetes objects: plain JSON in which any field may be missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Object = Mapping[str, Any]


def group_of(obj: Object) -> str:
    """`apps` of `apps/v1`; empty for the core group."""
    return str(obj["apiVersion"]).rpartition("/")[0]


def name_of(obj: Object) -> str:
    """`metadata.name`."""
    return str(obj["metadata"]["name"])


def namespace_of(obj: Object) -> str | None:
    """`metadata.namespace`; None for what has none."""
    namespace: str | None = obj["metadata"].get("namespace")
    return namespace


def title_of(obj: Object) -> str:
    """Kind, namespace and name, as messages call it; not for items of a list, which carry no kind."""
    namespace = namespace_of(obj)
    return f"{obj['kind']} {namespace + '/' if namespace else ''}{name_of(obj)}"


def annotations_of(obj: Object) -> Mapping[str, str]:
    """`metadata.annotations`, perhaps empty."""
    return obj.get("metadata", {}).get("annotations") or {}


def labels_of(obj: Object) -> Mapping[str, str]:
    """`metadata.labels`, perhaps empty."""
    return obj["metadata"].get("labels") or {}


def spec_of(obj: Object) -> Mapping[str, Any]:
    """`spec`, perhaps empty."""
    return obj.get("spec") or {}


def status_of(obj: Object) -> Mapping[str, Any]:
    """`status`, perhaps empty."""
    return obj.get("status") or {}


def condition(obj: Object, kind: str) -> Mapping[str, Any]:
    """The entry of `status.conditions` with this type, or an empty one."""
    entries: list[Mapping[str, Any]] = status_of(obj).get("conditions") or []
    return next((entry for entry in entries if entry.get("type") == kind), {})


def holds(obj: Object, kind: str) -> bool:
    """True when that condition's status is `True`."""
    return condition(obj, kind).get("status") == "True"


def is_observed(obj: Object) -> bool:
    """True when the controller has seen the newest spec; what `status` says before is of the old one."""
    return bool(status_of(obj).get("observedGeneration", 0) >= obj["metadata"].get("generation", 1))


def is_owned_by(obj: Object, owner: Object) -> bool:
    """True when one of `metadata.ownerReferences` is `owner`."""
    uid = owner["metadata"].get("uid")
    return any(entry.get("uid") == uid for entry in obj["metadata"].get("ownerReferences") or ())


def because(entry: Mapping[str, Any]) -> str:
    """`reason: message` of a condition, a container state or an event."""
    parts = (str(entry.get("reason") or ""), str(entry.get("message") or "").strip())
    return ": ".join(part for part in parts if part)


def selector_text(selector: Mapping[str, Any] | None) -> str:
    """A LabelSelector as the `labelSelector` parameter of a list request."""
    terms = [f"{key}={value}" for key, value in ((selector or {}).get("matchLabels") or {}).items()]
    for term in (selector or {}).get("matchExpressions") or ():
        key, values = term["key"], ",".join(term.get("values") or ())
        match term["operator"]:
            case "In":
                terms.append(f"{key} in ({values})")
            case "NotIn":
                terms.append(f"{key} notin ({values})")
            case "Exists":
                terms.append(key)
            case "DoesNotExist":
                terms.append(f"!{key}")
    return ",".join(terms)
