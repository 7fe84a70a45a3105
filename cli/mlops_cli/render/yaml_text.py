"""Single resources of a rendered environment, for people. Pure."""

from __future__ import annotations

import difflib
from typing import Any

import yaml

from mlops_cli.errors import UnknownResource
from mlops_stacks.recording import SECRET_MARK, UNKNOWN_MARK, Document, Resource


def named(document: Document, name: str) -> tuple[Resource, ...]:
    """The resources of that name or URN; one name may be given to several types.

    Raises:
        UnknownResource: there is none; the message lists names that are close.
    """
    found = tuple(resource for resource in document.resources if name in (resource.name, resource.urn))
    if found:
        return found
    names = sorted({resource.name for resource in document.resources})
    close = difflib.get_close_matches(name, names, n=5)
    hint = f"close are {', '.join(close)}" if close else "`mlops render` lists them"
    raise UnknownResource(f"environment {document.environment!r} has no resource {name!r}; {hint}")


def inputs_of(resources: tuple[Resource, ...]) -> str:
    """The inputs of each as a YAML document under its URN."""
    return "---\n".join(f"# {resource.urn}\n{_dumped(resource.inputs)}" for resource in resources)


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as they are read."""


def _text(dumper: _Dumper, value: str) -> yaml.Node:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def _dumped(inputs: Any) -> str:
    return yaml.dump(_worded(inputs), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


def _worded(value: Any) -> Any:
    if value in (SECRET_MARK, UNKNOWN_MARK):
        return "[secret]" if value == SECRET_MARK else "[unknown]"
    if isinstance(value, dict):
        return {key: _worded(item) for key, item in value.items()}
    return [_worded(item) for item in value] if isinstance(value, list) else value
