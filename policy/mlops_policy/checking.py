"""Checking objects of Kubernetes outside Pulumi: what is found, as a report. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mlops_policy.catalog import KUBERNETES
from mlops_policy.configuration import separated
from mlops_policy.judging import Finding, Judge, Outcome, configured
from mlops_policy.kubernetes.namespaces import LIMITS, QUOTA
from mlops_policy.kubernetes.scaling import AUTOSCALERS
from mlops_policy.manifests import unjudged
from mlops_policy.resources import Resource
from mlops_policy.rules import Level, Rule

VERSION: Final = 1
"""Of the report's document."""
RULES: Final = tuple(rule for rules in KUBERNETES.values() for rule in rules)


@dataclass(frozen=True)
class Report:
    """What rules say of objects.

    Attributes:
        findings: worst first.
        expired: a line for each exemption whose last day is past; each fails the check.
        notes: what else there is to know.
        levels: of each rule, by its name.
    """

    findings: Sequence[Finding]
    expired: Sequence[str]
    notes: Sequence[str]
    levels: Mapping[str, Level]

    @property
    def holds(self) -> bool:
        """Whether nothing mandatory is broken."""
        return not self.expired and not any(
            each.outcome is not Outcome.EXEMPT and self.levels[each.rule.name] is not Level.ADVISORY
            for each in self.findings
        )

    def document(self) -> dict[str, Any]:
        """The report for scripts."""
        return {
            "version": VERSION,
            "holds": self.holds,
            "findings": [
                {
                    "policy": each.rule.name,
                    "outcome": each.outcome.value,
                    "severity": each.rule.severity.value,
                    "level": self.levels[each.rule.name].value,
                    "object": each.urn,
                    "message": each.message,
                    "remedy": each.rule.remedy,
                }
                for each in self.findings
            ],
            "expired": list(self.expired),
            "notes": list(self.notes),
        }


def check(
    resources: Iterable[Resource], config: Mapping[str, Any], today: datetime.date, notes: Iterable[str] = ()
) -> Report:
    """What the rules about Kubernetes say of these objects, which are all there is.

    Args:
        config: by rule, its configuration, or its level alone.

    Raises:
        BadConfig: the configuration is not allowed.
        RuleFault: a rule itself failed.
    """
    everything = tuple(resources)
    given, values = separated(config, RULES)
    levels = {rule.name: given.get(rule.name, rule.level) for rule in RULES}
    chosen = [each for each in configured(RULES, values) if levels[each.rule.name] is not Level.DISABLED]
    judge = Judge(chosen, today)
    order = {rule.name: number for number, rule in enumerate(sorted(RULES, key=_badness))}
    found = sorted(judge.all(everything), key=lambda each: (order[each.rule.name], each.urn, each.message))
    kinds = [*(rule.kinds for rule in RULES), (QUOTA, LIMITS, *AUTOSCALERS)]
    return Report(found, judge.expired(), [*notes, *judge.unused(), *unjudged(everything, kinds)], levels)


def _badness(rule: Rule) -> tuple[int, str]:
    return ["critical", "high", "medium", "low"].index(rule.severity.value), rule.name
