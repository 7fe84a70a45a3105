"""Every environment of the repository holds every rule about Kubernetes, as its settings configure them."""

from __future__ import annotations

import dataclasses
import datetime
import json
from pathlib import Path

import pytest

import aws_environments
from mlops_cli import render
from mlops_policy import documents
from mlops_policy.checking import RULES
from mlops_policy.judging import Judge, configured
from mlops_policy.stack_config import from_stack
from mlops_stacks.recording import Document

ROOT = Path(__file__).parents[2]
TODAY = datetime.date(2026, 11, 28)
KARPENTER = [
    (
        "helm-chart-reviewed",
        f"chart oci://public.ecr.aws/karpenter/{chart}, version 1.14.1, makes objects that no policy sees; "
        "what is not in reviewed is not known to hold",
    )
    for chart in ("karpenter", "karpenter-crd")
]
"""What is said of charts, and stops nothing."""


def _judged(document: Document, name: str) -> list[tuple[str, str]]:
    config = {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in aws_environments.config(name).items()
    }
    judge = Judge(configured(RULES, from_stack(config, RULES)[1]), TODAY)
    found = judge.all(documents.resources(document.model_dump(by_alias=True)))
    return [(each.rule.name, each.message) for each in found]


@pytest.mark.parametrize("name", ["local", "e2e", "scaling"])
def test_an_environment_on_a_node_of_its_own_breaks_no_rule(name: str) -> None:
    source = dataclasses.replace(render.find(name, {}, ROOT), images={})

    assert _judged(render.render(source), name) == []


@pytest.mark.parametrize("name", aws_environments.ENVIRONMENTS)
def test_an_environment_on_aws_breaks_no_rule_and_tells_of_its_charts(name: str) -> None:
    assert _judged(aws_environments.recorded(name, {}, preview=True), name) == KARPENTER
