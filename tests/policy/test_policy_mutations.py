"""How a resource is changed so that it breaks a rule."""

from __future__ import annotations

from typing import Any

from mlops_policy.resources import Resource
from mlops_policy.views import MISSING
from policy_mutations import with_field


def changed(props: dict[str, Any], path: str, value: Any) -> Any:
    made = with_field(Resource("urn", "type", "name", props), path, value)
    return made.props if made else None


def test_a_value_is_put_where_there_is_a_place_for_it() -> None:
    props: dict[str, Any] = {"a": [{"b": 1}], "text": "x"}
    assert changed(props, "a[0].b", MISSING) == {"a": [{}], "text": "x"}
    assert changed(props, "a[0].c", 2) == {"a": [{"b": 1, "c": 2}], "text": "x"}
    assert changed(props, "c.d", True) == {"a": [{"b": 1}], "text": "x", "c": {"d": True}}
    assert props == {"a": [{"b": 1}], "text": "x"}


def test_nothing_is_made_up_where_there_is_no_place() -> None:
    props: dict[str, Any] = {"a": [{"b": 1}], "text": "x"}
    assert changed(props, "a[1].b", True) is None
    assert changed(props, "x.y", MISSING) is None
    assert changed(props, "text.y", True) is None
