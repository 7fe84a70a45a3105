"""Turns pydantic's errors into lines for people: where, what was given, what is allowed. Pure."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError

from mlops_stacks.setting_types import Refused

_SECRET_SECTION = "secrets"  # noqa: S105 - a key's name
_HIDDEN = "a value that is not shown"
_TAGS = ("maker", "kind")
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
    location = _without_tags(model, problem["loc"])
    path = _path(location)
    given = _given(model, problem["loc"], location, values)
    kind = problem["type"]
    if kind == "extra_forbidden":
        allowed = _keys_at(model, problem["loc"][:-1])
        close = difflib.get_close_matches(str(location[-1]), allowed, n=1)
        hint = f" (did you mean {close[0]}?)" if close else ""
        return f"{path}: unknown key{hint}; allowed are {', '.join(allowed)}"
    if kind == "missing":
        return f"{path}: this key is required and was not given"
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        union = _at(model, problem["loc"])
        tag, tags = _tag_name(union), ", ".join(repr(one) for one in _all_tags(union))
        return f"{path}.{tag}: {_value([*location, tag], values)} was given; allowed are {tags}"
    if kind == "literal_error":
        return f"{path}: {given} was given; allowed are {problem['ctx']['expected']}"
    if kind == "value_error" and isinstance(problem["ctx"]["error"], Refused):
        return f"{path}{'.' if location else ''}{problem['ctx']['error']}"
    if kind == "value_error":
        return f"{path}: {problem['ctx']['error']}" if location else str(problem["ctx"]["error"])
    return f"{path}: {given} was given; allowed is {_KINDS.get(kind, problem['msg'])}"


def _without_tags(model: type[BaseModel], location: Sequence[str | int]) -> list[str | int]:
    """pydantic names the member of a union after its place, which is no key in the file."""
    kept, kind = [], model
    for step in location:
        if step not in _all_tags(kind):
            kept.append(step)
        kind = _inside(kind, step)
    return kept


def _path(location: Sequence[str | int]) -> str:
    path = "mlops:"
    for step in location:
        path += f"[{step}]" if isinstance(step, int) else f".{step}"
    return path.replace("mlops:.", "mlops:")


def _given(
    model: type[BaseModel],
    pydantic_location: Sequence[str | int],
    location: Sequence[str | int],
    values: Any,
) -> str:
    if location[:1] == [_SECRET_SECTION] or _holds_secrets(_at(model, pydantic_location)):
        return _HIDDEN
    return _value(location, values)


def _value(location: Sequence[str | int], values: Any) -> str:
    for step in location:
        try:
            values = values[step]
        except (KeyError, IndexError, TypeError):
            return "nothing"
    return repr(values)


def _keys_at(model: type[BaseModel], location: Sequence[str | int]) -> list[str]:
    kind = _at(model, location)
    fields = kind.model_fields if _is_section(kind) else {}
    return [str(field.alias or name) for name, field in fields.items()]


def _at(model: type[BaseModel], location: Sequence[str | int]) -> Any:
    """The type at pydantic's location."""
    kind: Any = model
    for step in location:
        kind = _inside(kind, step)
    return kind


def _inside(kind: Any, step: str | int) -> Any:
    """The type one step further: a field by its alias, a list's item, or a union's member by its tag."""
    if _is_section(kind):
        by_alias = {field.alias: field.annotation for field in kind.model_fields.values()}
        return _given_or_none(by_alias.get(str(step)))
    if isinstance(step, int):
        return _bare(next(iter(get_args(kind)), None))
    members = _sections(kind)
    tagged = [member for member in members if step in _tags_of(member)]
    return next(iter(tagged or members), None)


def _bare(kind: Any) -> Any:
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def _given_or_none(kind: Any) -> Any:
    """The section in `Section | None`; every other type as it is."""
    members = _sections(kind)
    return members[0] if len(members) == 1 and type(None) in get_args(kind) else kind


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _sections(kind: Any) -> list[type[BaseModel]]:
    return [member for member in get_args(kind) if _is_section(member)]


def _holds_secrets(kind: Any) -> bool:
    """Whether a value of this type, or something in it, may be a secret."""
    if _is_section(kind):
        return any(_holds_secrets(field.annotation) for field in kind.model_fields.values())
    return kind is SecretStr or any(_holds_secrets(_bare(member)) for member in get_args(kind))


def _tag_name(kind: Any) -> str:
    """The key by which the members of a union are told apart."""
    members = _sections(kind)
    return next(tag for tag in _TAGS if all(tag in member.model_fields for member in members))


def _all_tags(kind: Any) -> list[Any]:
    """The tags of a union of sections; none of another type."""
    members = [] if _is_section(kind) else _sections(kind)
    return [tag for member in members for tag in _tags_of(member)]


def _tags_of(member: type[BaseModel]) -> tuple[Any, ...]:
    fields = [member.model_fields[tag] for tag in _TAGS if tag in member.model_fields]
    return get_args(fields[0].annotation) if fields else ()
