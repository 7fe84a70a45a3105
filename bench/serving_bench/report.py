"""Bars, whether they hold, and the table. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["yes", "NO", "not served yet", "not measured"]


@dataclass(frozen=True)
class Bar:
    """What is demanded, what was found, and whether that is enough."""

    demand: str
    found: str
    holds: Verdict


@dataclass(frozen=True)
class Row:
    """One kind of work: each server's figures in words, and the bars."""

    work: str
    figures: Sequence[str]
    bars: Sequence[Bar]


def at_least(demand: str, factor: float, ours: float, other: float) -> Bar:
    """`ours` must be `factor` times `other` or more."""
    return Bar(demand, f"{ours / other:.2f} x", _verdict(ours >= factor * other))


def at_most(demand: str, factor: float, ours: float, other: float) -> Bar:
    """`ours` must be `factor` times `other` or less."""
    return Bar(demand, f"{ours / other:.2f} x", _verdict(ours <= factor * other))


def below(demand: str, value: float, limit: float, unit: str) -> Bar:
    """`value` must not exceed `limit`, both in `unit`."""
    return Bar(demand, f"{value:,.1f} {unit}", _verdict(value <= limit))


def not_served(work: str, demands: Sequence[str], why: str = "") -> Row:
    """A row for work that the server refuses as not known to it."""
    return Row(work, [why] if why else [], [Bar(demand, "", "not served yet") for demand in demands])


def not_measured(work: str, why: str) -> Row:
    """A row for work that could not be measured, and why."""
    return Row(work, [f"failed: {why}"], [Bar("", "", "not measured")])


def table(rows: Sequence[Row]) -> str:
    """The Markdown table: one line a bar, the work and its figures beside the first."""
    lines = ["| work | medians | bar | found | holds |", "|---|---|---|---|---|"]
    for row in rows:
        for place, bar in enumerate(row.bars):
            head = (row.work, "<br>".join(row.figures)) if place == 0 else ("", "")
            lines.append("| " + " | ".join((*head, bar.demand, bar.found, bar.holds)) + " |")
    return "\n".join(lines)


def document(rows: Sequence[Row], facts: Mapping[str, str], notes: Sequence[str]) -> str:
    """The whole report: under what circumstances, the table, how to read it."""
    held = [bar.holds for row in rows for bar in row.bars]
    missed = sum(one != "yes" for one in held)
    summary = f"{len(held) - missed} of {len(held)} bars hold."
    circumstances = "\n".join(f"- {name}: {value}" for name, value in facts.items())
    explained = "\n".join(f"- {note}" for note in notes)
    return f"{circumstances}\n\n{summary}\n\n{table(rows)}\n\n{explained}\n"


def _verdict(holds: bool) -> Verdict:
    return "yes" if holds else "NO"
