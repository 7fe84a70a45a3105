"""Helm releases: their charts make objects that no policy sees, so somebody must have looked."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from mlops_policy.building import field
from mlops_policy.resources import Stack
from mlops_policy.rules import Level, Rule, RuleConfig, Severity, Subject
from mlops_policy.wanted import like

RELEASE = "kubernetes:helm.sh/*:Release"


class ReviewConfig(RuleConfig):
    """Charts that somebody has looked at."""

    reviewed: tuple[str, ...] = Field(default=(), description="Charts by <chart>@<version>.")


def _opaque(subject: Subject, stack: Stack, config: ReviewConfig) -> Iterator[str]:
    chart, version = subject.view.key("chart").text(), subject.view.key("version").text()
    if f"{chart}@{version}" not in config.reviewed:
        yield (
            f"chart {chart or '(none)'}, version {version or '(none)'}, makes objects that no policy sees; "
            "what is not in reviewed is not known to hold"
        )


RULES: tuple[Rule, ...] = (
    Rule(
        name="helm-chart-reviewed",
        says="Somebody has looked at what a Helm release makes, which policies do not see.",
        remedy="Give `mlops policy check` what `helm template` says, and add <chart>@<version> to reviewed.",
        severity=Severity.MEDIUM,
        kinds=(RELEASE,),
        judge=_opaque,
        level=Level.ADVISORY,
        config=ReviewConfig,
    ),
    field(
        "helm-chart-version",
        "A Helm release is of one version of its chart.",
        (RELEASE,),
        "version",
        like(r"v?\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?", "one whole version, such as 1.14.1"),
        severity=Severity.MEDIUM,
        bad="^1.0.0",
    ),
)
