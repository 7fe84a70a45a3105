"""The page of policies is what the rules say."""

from __future__ import annotations

import runpy
from pathlib import Path

from mlops_policy.catalog import FAMILIES, RULES
from mlops_policy.rules import Framework, Rule, Severity

DOCS = Path(__file__).parents[2] / "docs"
PAGE = runpy.run_path(str(DOCS / "policies.py"))


def test_the_page_is_as_the_rules_are() -> None:
    assert (DOCS / "policies-reference.md").read_text() == PAGE["document"](), "run `make docs`"


def test_every_rule_has_a_row_in_its_family() -> None:
    sections = PAGE["document"]().split("\n## ")
    listed = {section.split("\n")[0]: [] for section in sections}
    for section in sections:
        listed[section.split("\n")[0]] = [
            line.split("`")[1] for line in section.split("\n") if line.startswith("| `")
        ]
    assert {PAGE["title"](family): [rule.name for rule in rules] for family, rules in FAMILIES.items()} == {
        name: names for name, names in listed.items() if name in map(PAGE["title"], FAMILIES)
    }


def test_a_row_tells_all_that_there_is_to_know() -> None:
    rule = Rule(
        name="gate-closed",
        says="The gate is closed.",
        remedy="Close it.",
        severity=Severity.LOW,
        kinds=("gate",),
        judge=lambda subject, stack, config: iter(()),
        path="closed",
        fix=True,
        frameworks=(Framework("Farm", "1.2"), Framework("Farm", "1.3"), Framework("Zoo", "9")),
    )
    assert PAGE["row"](rule) == (
        "`gate-closed`",
        "The gate is closed.",
        "low",
        "mandatory",
        "Close it. `remediate` sets `closed` to `true`.",
        "Farm 1.2, 1.3; Zoo 9",
        "",
    )


def test_every_rule_says_what_it_asks_and_what_to_do_in_a_sentence() -> None:
    assert [rule.name for rule in RULES if not (rule.says.endswith(".") and rule.remedy.endswith("."))] == []
