"""Objects of Kubernetes, from files or from a cluster, as resources. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from mlops_policy.errors import BadManifest
from mlops_policy.resources import Resource, is_of
from mlops_policy.yaml_text import documents

MOST_BYTES: Final = 64 * 1024 * 1024
"""What a file may have: several times what a cluster of thousands of objects comes to."""
_LIST = "List"


def read(content: bytes, file: str) -> tuple[Resource, ...]:
    """Every object of a file of manifests, in YAML of several documents or in JSON; lists are opened.

    Raises:
        BadManifest: it cannot be read, or has something else in it; the message names the place.
    """
    if len(content) > MOST_BYTES:
        raise BadManifest(f"{file}: {len(content)} bytes, and {MOST_BYTES} are read at most; split it")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadManifest(f"{file}: not text in UTF-8, at byte {error.start}") from None
    return tuple(
        resource_of(each, file)
        for document in documents(text, file)
        for each in opened(document.value, document.where)
    )


def opened(value: Any, where: str) -> Iterator[Mapping[str, Any]]:
    """The object that a document is, or those of its list.

    Raises:
        BadManifest: it is no object of Kubernetes.
    """
    if not isinstance(value, Mapping):
        raise BadManifest(f"{where}: {_kind_of(value)}, where an object with apiVersion and kind is expected")
    for key in ("apiVersion", "kind"):
        if not isinstance(value.get(key), str) or not value[key]:
            raise BadManifest(f"{where}: an object without {key}, which every object of Kubernetes has")
    items = value.get("items")
    if not value["kind"].endswith(_LIST) or not isinstance(items, list):
        yield value
        return
    # Items of a typed list do not repeat what they are.
    typed = value["kind"].removesuffix(_LIST)
    given = {"apiVersion": value["apiVersion"], "kind": typed} if typed else {}
    for number, item in enumerate(items):
        place = f"{where}, items[{number}]"
        yield from opened({**given, **item} if isinstance(item, Mapping) else item, place)


def resource_of(value: Mapping[str, Any], source: str) -> Resource:
    """One object; `source` is the file or cluster that it is of."""
    version = value["apiVersion"]
    group = version if "/" in version else f"core/{version}"
    metadata = value.get("metadata")
    known = metadata if isinstance(metadata, Mapping) else {}
    name = str(known.get("name") or known.get("generateName") or "")
    place = f"{known['namespace']}/{name}" if known.get("namespace") else name
    return Resource(
        urn=f"{source}#{value['kind']}/{place}",
        type=f"kubernetes:{group}:{value['kind']}",
        name=name,
        props=value,
    )


def own(value: Mapping[str, Any]) -> bool:
    """Whether somebody made an object of a cluster, and not another object or the API server itself."""
    metadata = value.get("metadata") or {}
    controlled = any(each.get("controller") for each in metadata.get("ownerReferences") or ())
    built_in = "kubernetes.io/bootstrapping" in (metadata.get("labels") or {})
    return not controlled and not built_in


def unjudged(resources: Iterable[Resource], kinds: Iterable[tuple[str, ...]]) -> list[str]:
    """A line for each kind of object that no rule is about, with how many there are.

    Args:
        kinds: of each rule.
    """
    every = list(kinds)
    counted: dict[str, int] = {}
    for each in resources:
        if not any(is_of(each.type, some) for some in every):
            counted[each.type] = counted.get(each.type, 0) + 1
    return [
        f"no policy is about {type_.removeprefix('kubernetes:')}, of which there are {count}"
        for type_, count in sorted(counted.items())
    ]


def _kind_of(value: Any) -> str:
    return {list: "a list", str: "a text", type(None): "nothing"}.get(type(value), "a value")
