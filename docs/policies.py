"""Writes docs/policies-reference.md from the rules of the policy pack.

`make docs` runs it; a test fails when the file is not what this would write.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from mlops_policy.catalog import FAMILIES
from mlops_policy.exemptions import SCHEMA
from mlops_policy.judging import EXEMPTIONS
from mlops_policy.rules import Framework, Rule, schema_of
from mlops_policy.views import MISSING

TARGET = Path(__file__).with_name("policies-reference.md")
HEAD = """# Policies

Written by `make docs` from the rules.

`level` is what a violation does unless configuration says otherwise: `mandatory` stops the update, `advisory`
only tells. Where a level of `remediate` can mend a resource instead, the last sentence of the remedy says what it
sets. Controls of NIST 800-53 are those that AWS Security Hub states for its own control, without enhancements.
"""
ENTRIES = f"""## Exemptions

Every policy takes `{EXEMPTIONS}`: {SCHEMA["description"][0].lower()}{SCHEMA["description"][1:]} Each has:
"""


def document() -> str:
    """The whole file."""
    parts = [HEAD, ENTRIES, table(("key", "meaning"), exemptions()), "## Frameworks\n"]
    parts.append(table(("framework", "controls"), controls()))
    for family, rules in FAMILIES.items():
        parts += [f"## {title(family)}\n", table(COLUMNS, map(row, rules))]
    return "\n".join(parts)


COLUMNS = ("policy", "asks that", "severity", "level", "remedy", "frameworks", "configuration")


def row(rule: Rule) -> tuple[str, ...]:
    """What there is to say of one rule."""
    return (
        f"`{rule.name}`",
        rule.says,
        rule.severity.value,
        rule.level.value,
        " ".join(filter(None, (rule.remedy, mended(rule)))),
        "; ".join(f"{name} {', '.join(found)}" for name, found in by_framework(rule.frameworks).items()),
        "<br>".join(configuration(rule)),
    )


def mended(rule: Rule) -> str:
    """What a level of `remediate` sets; nothing where no value is safe."""
    if rule.fix is MISSING:
        return ""
    return f"`remediate` sets `{rule.path}` to `{json.dumps(rule.fix)}`."


def configuration(rule: Rule) -> Iterator[str]:
    """A text for each key of a rule's configuration but `exemptions`."""
    for key, schema in schema_of(rule).items():
        default = f" = `{json.dumps(schema['default'])}`" if "default" in schema else ""
        says = f": {schema['description']}" if "description" in schema else ""
        yield f"`{key}`{default}{says}"


def exemptions() -> Iterator[tuple[str, str]]:
    """One row for each key of an exemption."""
    for key, schema in SCHEMA["items"]["properties"].items():
        yield f"`{key}`", schema["description"]


def controls() -> Iterator[tuple[str, str]]:
    """One row for each framework, with the policies of each of its controls."""
    found: dict[str, dict[str, list[str]]] = {}
    for rule in (rule for rules in FAMILIES.values() for rule in rules):
        for each in rule.frameworks:
            found.setdefault(each.name, {}).setdefault(each.control, []).append(f"`{rule.name}`")
    for name, policies in sorted(found.items()):
        yield (
            name,
            "<br>".join(
                f"{control}: {', '.join(names)}" for control, names in sorted(policies.items(), key=_in_order)
            ),
        )


def by_framework(frameworks: Iterable[Framework]) -> dict[str, list[str]]:
    """Controls by the framework that they are of."""
    found: dict[str, list[str]] = {}
    for each in frameworks:
        found.setdefault(each.name, []).append(each.control)
    return found


def title(family: str) -> str:
    """A family's name as a heading."""
    first, _, rest = family.partition(" ")
    known = {"aws": "AWS", "mlops": "MLOps", "eks": "EKS", "s3": "S3", "ecr": "ECR", "rds": "RDS"}
    return ": ".join(filter(None, (known.get(first, first.capitalize()), known.get(rest, rest))))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return (
        "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in lines) + "\n"
    )


def _in_order(entry: tuple[str, list[str]]) -> list[tuple[int, int, str]]:
    """Numbers in a control's name by their size."""
    parts = entry[0].replace("-", ".").split(".")
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts]


if __name__ == "__main__":
    TARGET.write_text(document())
