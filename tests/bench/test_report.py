"""The report says of every bar whether it holds."""

from __future__ import annotations

from serving_bench.report import Bar, Row, at_least, at_most, below, document, not_measured, not_served, table


def test_a_bar_from_below_holds_from_its_factor_on() -> None:
    assert at_least(">= 20 x", 20, 400.0, 20.0) == Bar(">= 20 x", "20.00 x", "yes")
    assert at_least(">= 20 x", 20, 390.0, 20.0) == Bar(">= 20 x", "19.50 x", "NO")


def test_a_bar_from_above_holds_up_to_its_factor() -> None:
    assert at_most("<= 0.5 x", 0.5, 1.0, 2.0) == Bar("<= 0.5 x", "0.50 x", "yes")
    assert at_most("<= 0.5 x", 0.5, 1.1, 2.0) == Bar("<= 0.5 x", "0.55 x", "NO")


def test_a_limit_is_compared_in_its_unit() -> None:
    assert below("<= 130 MB", 99.5, 130.0, "MB") == Bar("<= 130 MB", "99.5 MB", "yes")
    assert below("<= 130 MB", 131.0, 130.0, "MB") == Bar("<= 130 MB", "131.0 MB", "NO")


def test_every_bar_has_a_line_and_the_work_stands_once() -> None:
    row = Row(
        "JSON", ["ours: 2", "other: 1"], [Bar(">= 2 x", "2.00 x", "yes"), Bar(">= 3 x", "2.00 x", "NO")]
    )
    assert table([row, not_served("gRPC", [">= 3 x MLServer"])]).splitlines()[2:] == [
        "| JSON | ours: 2<br>other: 1 | >= 2 x | 2.00 x | yes |",
        "|  |  | >= 3 x | 2.00 x | NO |",
        "| gRPC |  | >= 3 x MLServer |  | not served yet |",
    ]


def test_a_bar_that_does_not_hold_is_counted_as_such() -> None:
    rows = [Row("JSON", [], [Bar(">= 2 x", "2.00 x", "yes")]), not_measured("grpc", "no answer")]
    text = document(rows, {"date": "2026-11-24"}, ["a note"])
    assert text.startswith("- date: 2026-11-24\n\n1 of 2 bars hold.\n\n| work |")
    assert "| grpc | failed: no answer |  |  | not measured |" in text
    assert text.endswith("\n\n- a note\n")
