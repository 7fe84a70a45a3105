"""Turns pydantic's errors into lines for people: where, what was given, what is allowed. Pure."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

_SECRET_SECTION = "secrets"  # noqa: S105 - a key's name
_TAGGED_SECTION = "cluster"
_KINDS = {
    "string_type": "text (in quotes if it looks like a number)",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "model_type": "a section with keys",
    "model_attributes_type": "a section with keys",
}


def explain(model: type[BaseModel], error: ValidationError, values: Mapping[str, object]) -> str:
    """One line for each problem in `values`, which `model` refused."""
    lines = [
        _line(model, problem, values) for problem in error.errors(include_url=False, include_input=False)
    ]
    return "\n".join(["the settings cannot be used:", *(f"  {line}" for line in lines)])


def _line(model: type[BaseModel], problem: Any, values: Mapping[str, object]) -> str:
    location = _without_tag(problem["loc"])
    path = _path(location)
    given = _given(location, values)
    kind = problem["type"]
    if kind == "extra_forbidden":
        allowed = _keys_at(model, problem["loc"][:-1])
        close = difflib.get_close_matches(str(location[-1]), allowed, n=1)
        hint = f" (did you mean {close[0]}?)" if close else ""
        return f"{path}: unknown key{hint}; allowed are {', '.join(allowed)}"
    if kind == "missing":
        return f"{path}: this key is required and was not given"
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        tags = problem["ctx"].get("expected_tags", "'local-node', 'kubeconfig'")
        return f"{path}.maker: {_given([*location, 'maker'], values)} was given; allowed are {tags}"
    if kind == "value_error":
        return f"{path}: {problem['ctx']['error']}" if location else str(problem["ctx"]["error"])
    return f"{path}: {given} was given; allowed is {_KINDS.get(kind, problem['msg'])}"


def _without_tag(location: Sequence[str | int]) -> list[str | int]:
    """pydantic names the union's member after `cluster`, which is no key in the file."""
    return [location[0], *location[2:]] if location[:1] == (_TAGGED_SECTION,) else list(location)


def _path(location: Sequence[str | int]) -> str:
    path = "mlops:"
    for step in location:
        path += f"[{step}]" if isinstance(step, int) else f".{step}"
    return path.replace("mlops:.", "mlops:")


def _given(location: Sequence[str | int], values: Any) -> str:
    if location and location[0] == _SECRET_SECTION:
        return "a value that is not shown"
    for step in location:
        try:
            values = values[step]
        except (KeyError, IndexError, TypeError):
            return "nothing"
    return repr(values)


def _keys_at(model: type[BaseModel], location: Sequence[str | int]) -> list[str]:
    kind: Any = model
    for step in location:
        kind = _inside(kind, step)
    fields = kind.model_fields if isinstance(kind, type) and issubclass(kind, BaseModel) else {}
    return [str(field.alias or name) for name, field in fields.items()]


def _inside(kind: Any, step: str | int) -> Any:
    """The type one step further: a field by its alias, a list's item, or a union's member by its tag."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        by_alias = {field.alias: field.annotation for field in kind.model_fields.values()}
        return _given_or_none(by_alias.get(str(step)))
    members = _sections(kind)
    tagged = [member for member in members if step in get_args(_tag(member))]
    return next(iter(tagged or members), None)


def _given_or_none(kind: Any) -> Any:
    """The section in `Section | None`; every other type as it is."""
    members = _sections(kind)
    return members[0] if len(members) == 1 and type(None) in get_args(kind) else kind


def _sections(kind: Any) -> list[type[BaseModel]]:
    return [member for member in get_args(kind) if isinstance(member, type) and issubclass(member, BaseModel)]


def _tag(member: type[BaseModel]) -> Any:
    field = member.model_fields.get("maker")
    return field.annotation if field else None
