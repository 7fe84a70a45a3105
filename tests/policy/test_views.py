from __future__ import annotations

from typing import Any

import pytest

from mlops_policy.views import MISSING, UNKNOWN, UnknownRead, View, WrongShape, shown

PROPS = {
    "spec": {
        "replicas": 3.0,
        "on": "true",
        "items": [{"image": "a"}, {"image": UNKNOWN}, None],
        "labels": {"a.b/c": "d"},
        "nothing": None,
        "late": UNKNOWN,
    }
}


def view(path: str) -> View:
    return View(PROPS, "").at(path)


def test_a_view_knows_its_path_and_steps_never_fail() -> None:
    assert view("spec.none.of.it") == View(MISSING, "spec.none.of.it")
    assert view("spec.nothing") == View(MISSING, "spec.nothing")
    assert view("spec.late.deeper") == View(UNKNOWN, "spec.late.deeper")
    assert view("spec.labels").key("a.b/c") == View("d", 'spec.labels["a.b/c"]')


def test_values_are_read_by_type_and_absent_ones_have_defaults() -> None:
    assert (view("spec.replicas").whole(), view("spec.on").true()) == (3, True)
    absent = view("spec.none")
    assert (absent.text("x"), absent.whole(7), absent.true(), absent.items(), list(absent.entries())) == (
        "x", 7, False, [], [],
    )  # fmt: skip


@pytest.mark.parametrize("read", ["text", "whole", "true", "items", "texts", "plain"])
def test_reading_what_is_not_known_names_where_it_stands(read: str) -> None:
    with pytest.raises(UnknownRead) as raised:
        getattr(view("spec.late"), read)()
    assert raised.value.path == "spec.late"


@pytest.mark.parametrize(
    ("path", "read", "said"),
    [
        ("spec.replicas", "text", "spec.replicas is 3.0, where a text is expected"),
        ("spec.on", "whole", "spec.on is 'true', where a whole number is expected"),
        ("spec.labels", "items", "spec.labels is {'a.b/c': 'd'}, where a list is expected"),
        ("spec.replicas", "true", "spec.replicas is 3.0, where true or false is expected"),
    ],
)
def test_a_value_of_another_type_is_named_with_what_is_expected(path: str, read: str, said: str) -> None:
    with pytest.raises(WrongShape) as raised:
        getattr(view(path), read)()
    assert str(raised.value) == said


def test_a_step_into_a_text_is_a_wrong_shape() -> None:
    with pytest.raises(WrongShape, match=r"spec\.on is 'true', where a mapping is expected"):
        view("spec.on.deeper")


def test_a_path_leads_to_every_item_of_a_list() -> None:
    found = View(PROPS, "").places("spec.items[].image")
    assert found == [
        View("a", "spec.items[0].image"),
        View(UNKNOWN, "spec.items[1].image"),
        View(MISSING, "spec.items[2].image"),
    ]
    assert View(PROPS, "").places("spec.none[].image") == [View(MISSING, "spec.none[0].image")]


def test_a_whole_value_is_known_only_if_all_in_it_is() -> None:
    assert view("spec.labels").plain() == {"a.b/c": "d"}
    with pytest.raises(UnknownRead) as raised:
        view("spec.items").plain()
    assert raised.value.path == "spec.items[1].image"


@pytest.mark.parametrize(
    ("value", "said"),
    [(MISSING, "not set"), (UNKNOWN, "not known yet"), ("a", "'a'"), ("x" * 200, "'" + "x" * 76 + "...")],
)
def test_values_are_shown_in_short(value: Any, said: str) -> None:
    assert shown(value) == said
