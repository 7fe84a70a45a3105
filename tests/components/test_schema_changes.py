from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

import schema_changes

OLD: dict[str, Any] = {
    "resources": {
        "mlops:index:Box": {
            "inputProperties": {
                "size": {"type": "string", "description": "How large."},
                "flows": {"type": "array", "items": {"$ref": "#/types/mlops:index:Flow", "plain": True}},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
            },
            "requiredInputs": ["size"],
            "properties": {"url": {"type": "string"}, "port": {"type": "integer"}},
            "required": ["url"],
        }
    },
    "types": {
        "mlops:index:Flow": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "port": {"type": "integer"}},
            "required": ["name"],
        },
        "mlops:index:Source": {"type": "string", "enum": [{"value": "run"}, {"value": "adopt"}]},
    },
}
BOX, FLOW, SOURCE = "mlops:index:Box", "mlops:index:Flow", "mlops:index:Source"
Change = Callable[[dict[str, Any], dict[str, Any], dict[str, Any]], object]

BREAKING: dict[str, tuple[Change, list[str]]] = {
    "a removed input": (lambda b, f, s: b["inputProperties"].pop("labels"), [f"{BOX} input labels is gone"]),
    "a retyped input": (
        lambda b, f, s: b["inputProperties"]["size"].update(type="integer"),
        [f"{BOX} input size was string, is integer"],
    ),
    "a retyped value of a dictionary": (
        lambda b, f, s: b["inputProperties"]["labels"].update(additionalProperties={"type": "integer"}),
        [f"{BOX} input labels was {{string}}, is {{integer}}"],
    ),
    "an item that must be plain no longer": (
        lambda b, f, s: b["inputProperties"]["flows"]["items"].pop("plain"),
        [f"{BOX} input flows was [plain #/types/{FLOW}], is [#/types/{FLOW}]"],
    ),
    "an input that became required": (
        lambda b, f, s: b["requiredInputs"].append("labels"),
        [f"{BOX} input labels is now required"],
    ),
    "a new input that is required": (
        lambda b, f, s: (
            b["inputProperties"].update(color={"type": "string"}),
            b["requiredInputs"].append("color"),
        ),
        [f"{BOX} input color is new and required"],
    ),
    "a removed output": (lambda b, f, s: b["properties"].pop("port"), [f"{BOX} output port is gone"]),
    "an output that may be absent": (
        lambda b, f, s: b["required"].remove("url"),
        [f"{BOX} output url is no longer required"],
    ),
    "a removed key of a type": (lambda b, f, s: f["properties"].pop("port"), [f"{FLOW} port is gone"]),
    "a key of a type that became required": (
        lambda b, f, s: f["required"].append("port"),
        [f"{FLOW} port is now required"],
    ),
    "a removed value": (lambda b, f, s: s["enum"].pop(), [f"{SOURCE} value 'adopt' is gone"]),
    "another kind of type": (lambda b, f, s: s.update(type="integer"), [f"{SOURCE} was string, is integer"]),
}
ADDITIONS: dict[str, tuple[Change, list[str]]] = {
    "a new input": (
        lambda b, f, s: b["inputProperties"].update(color={"type": "string"}),
        [f"{BOX} input color is new"],
    ),
    "an input that is no longer required": (
        lambda b, f, s: b["requiredInputs"].clear(),
        [f"{BOX} input size is no longer required"],
    ),
    "a new output": (
        lambda b, f, s: (b["properties"].update(host={"type": "string"}), b["required"].append("host")),
        [f"{BOX} output host is new"],
    ),
    "an output that is always there now": (
        lambda b, f, s: b["required"].append("port"),
        [f"{BOX} output port is now required"],
    ),
    "a new value": (lambda b, f, s: s["enum"].append({"value": "skip"}), [f"{SOURCE} value 'skip' is new"]),
    "another description": (lambda b, f, s: b["inputProperties"]["size"].update(description="Size."), []),
}


def changed(change: Change) -> schema_changes.Changes:
    new = copy.deepcopy(OLD)
    change(new["resources"][BOX], new["types"][FLOW], new["types"][SOURCE])
    return schema_changes.between(OLD, new)


@pytest.mark.parametrize(("change", "lines"), BREAKING.values(), ids=BREAKING)
def test_this_breaks_a_program(change: Change, lines: list[str]) -> None:
    assert changed(change) == schema_changes.Changes(breaking=lines, additions=[])


@pytest.mark.parametrize(("change", "lines"), ADDITIONS.values(), ids=ADDITIONS)
def test_this_only_adds(change: Change, lines: list[str]) -> None:
    assert changed(change) == schema_changes.Changes(breaking=[], additions=lines)


def test_a_renamed_property_is_one_gone_and_one_new() -> None:
    def rename(box: dict[str, Any], flow: dict[str, Any], source: dict[str, Any]) -> None:
        box["inputProperties"]["tags"] = box["inputProperties"].pop("labels")

    assert changed(rename) == schema_changes.Changes(
        breaking=[f"{BOX} input labels is gone"], additions=[f"{BOX} input tags is new"]
    )


@pytest.mark.parametrize("section", ["resources", "types"])
def test_a_component_or_a_type_that_is_gone_breaks_and_a_new_one_adds(section: str) -> None:
    token = next(iter(OLD[section]))
    without = copy.deepcopy(OLD)
    del without[section][token]
    assert schema_changes.between(OLD, without) == schema_changes.Changes([f"{token} is gone"], [])
    assert schema_changes.between(without, OLD) == schema_changes.Changes([], [f"{token} is new"])
