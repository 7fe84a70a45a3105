"""Waiting for a condition with an end."""

from __future__ import annotations

from mlops_local.node.polling import until


def test_what_holds_at_once_is_asked_once() -> None:
    asked: list[bool] = []
    assert until(lambda: not asked.append(True), 0)
    assert asked == [True]


def test_what_comes_to_hold_is_seen() -> None:
    answers = iter([False, False, True])
    assert until(lambda: next(answers), 10, 0)


def test_what_never_holds_is_given_up() -> None:
    assert not until(lambda: False, 0.01, 0)
