"""Holds recorded inputs against the types of the SDKs: what a provider would refuse, without a provider.

Unknown and secret values pass for any type: nothing can be said of them.
"""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping
from typing import Any

import pulumi

import sdk_types
from mlops_stacks.recording import SECRET_MARK, UNKNOWN_MARK, Document, Recording, document_of

OPEN_ENUMS = frozenset({"InstanceType"})
"""Lists of the SDK that AWS adds to between its releases: a value that is not in one is no error."""


def problems(recorded: Document | Recording) -> list[str]:
    """One line for each input that the SDK's types do not allow: `name (type) path: what is wrong`."""
    return [
        f"{resource.name} ({resource.type}) {problem}"
        for resource in as_document(recorded).resources
        if resource.custom and resource.type.partition(":")[0] in sdk_types.PACKAGES
        for problem in _of_resource(resource.type, resource.inputs)
    ]


def as_document(recorded: Document | Recording) -> Document:
    """The document of a recording; a document as it is."""
    return recorded if isinstance(recorded, Document) else document_of("test", recorded, ())


def is_marked(value: Any) -> bool:
    """Whether a value of a document is unknown or secret."""
    return value in (UNKNOWN_MARK, SECRET_MARK)


def _of_resource(token: str, inputs: Mapping[str, Any]) -> Iterator[str]:
    try:
        args = sdk_types.args_class(token)
    except KeyError as error:
        yield str(error.args[0])
        return
    if args is None:
        return
    if (deprecation := sdk_types.deprecation(token)) is not None:
        yield deprecation
    yield from _of_object(args, inputs, "")


def _of_object(args: type, value: Mapping[str, Any], path: str) -> Iterator[str]:
    known = sdk_types.fields(args)
    # The SDK writes these with underscores, the API as they are given.
    extensions = {key for key in value if key.startswith("x-kubernetes-") and key.replace("-", "_") in known}
    for key in sorted(value.keys() - known.keys() - extensions):
        yield f"{_at(path, key)}: no such input; there are {', '.join(sorted(known))}"
    for key, field in sorted(known.items()):
        if key not in value:
            if field.required:
                yield f"{_at(path, key)}: must be given"
            continue
        if field.deprecated:
            yield f"{_at(path, key)}: is deprecated"
        yield from _of_value(field.kinds, value[key], _at(path, key))


def _of_value(kinds: tuple[Any, ...], value: Any, path: str) -> Iterator[str]:
    """Nothing if one of the kinds allows the value; else what the kind that is nearest says of it."""
    if is_marked(value) or not kinds or Any in kinds:
        return
    enums = [kind for kind in kinds if sdk_types.is_enum(kind) and kind.__name__ not in OPEN_ENUMS]
    # A union of text and an enum says: text on the wire, of which these values are known.
    others = [kind for kind in kinds if not (enums and kind is str)]
    said = [list(_of_kind(kind, value, path)) for kind in others]
    if all(said):
        yield from min(said, key=len) if _shaped(others, value) else [_wrong(tuple(others), value, path)]


def _of_kind(kind: Any, value: Any, path: str) -> Iterator[str]:
    if sdk_types.is_object(kind) and isinstance(value, Mapping):
        yield from _of_object(kind, value, path)
    elif sdk_types.is_list(kind) and isinstance(value, list):
        for number, item in enumerate(value):
            yield from _of_value(sdk_types.item_kinds(kind), item, f"{path}[{number}]")
    elif sdk_types.is_map(kind) and isinstance(value, Mapping):
        for key, item in value.items():
            yield from _of_value(sdk_types.item_kinds(kind), item, _at(path, key))
    elif not _is_single(kind, value):
        yield _wrong((kind,), value, path)


def _is_single(kind: Any, value: Any) -> bool:
    """Whether a kind that is neither object, list nor map allows the value."""
    if typing.get_origin(kind) is typing.Literal:
        return value in typing.get_args(kind)
    if sdk_types.is_enum(kind):
        return kind.__name__ in OPEN_ENUMS or value in [member.value for member in kind]
    if kind in (int, float):
        return isinstance(value, (int, kind)) and not isinstance(value, bool)
    if kind in (str, bool):
        return isinstance(value, kind)
    # Assets and archives are recorded as objects of their fields.
    return issubclass(kind, pulumi.Asset | pulumi.Archive) and isinstance(value, Mapping)


def _shaped(kinds: list[Any], value: Any) -> bool:
    """Whether one of the kinds is a list or object as the value is, so that it can say more of it."""
    return any(
        (isinstance(value, Mapping) and (sdk_types.is_object(kind) or sdk_types.is_map(kind)))
        or (isinstance(value, list) and sdk_types.is_list(kind))
        for kind in kinds
    )


def _wrong(kinds: tuple[Any, ...], value: Any, path: str) -> str:
    return f"{path}: {value!r} is not {' or '.join(_spoken(kind) for kind in kinds)}"


def _spoken(kind: Any) -> str:
    if typing.get_origin(kind) is typing.Literal:
        return " or ".join(repr(each) for each in typing.get_args(kind))
    if sdk_types.is_enum(kind):
        return f"one of {', '.join(repr(member.value) for member in kind)}"
    names = {str: "a text", bool: "a boolean", int: "a whole number", float: "a number"}
    if kind in names:
        return names[kind]
    if sdk_types.is_list(kind):
        return "a list"
    return "a map" if sdk_types.is_map(kind) else f"an object ({kind.__name__})"


def _at(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
