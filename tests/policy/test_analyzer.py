"""The analyzer by itself, where the engine need not be asked."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

from pulumi.runtime.proto import analyzer_pb2

from mlops_policy.analyzer import Analyzer
from mlops_policy.resources import Stack
from mlops_policy.rules import Rule, Severity, Subject

KIND = "team:index:Shelf"


def named(subject: Subject, stack: Stack, config: Any) -> Iterator[str]:
    if not subject.view.at("name").text():
        yield "it has no name"


RULE = Rule(
    name="shelf-named",
    says="A shelf has a name.",
    remedy="Name it.",
    severity=Severity.LOW,
    kinds=(KIND,),
    judge=named,
    across=True,
)


def said(outputs: dict[str, Any]) -> list[str]:
    """What is said of a stack with one shelf, which was registered with a name."""
    analyzer = Analyzer("house", "1", [RULE], today=datetime.date(2026, 1, 1))
    asked = analyzer_pb2.AnalyzeRequest(type=KIND, urn="urn::shelf", name="shelf")
    asked.properties.update({"name": "oak"})
    analyzer.Analyze(asked, None)
    there = analyzer_pb2.AnalyzerResource(type=KIND, urn="urn::shelf", name="shelf")
    there.properties.update(outputs)
    response = analyzer.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(resources=[there]), None)
    return [each.message.splitlines()[1] for each in response.diagnostics]


def test_a_resource_whose_provider_is_not_known_yet_is_judged_by_its_inputs() -> None:
    assert said({}) == []


def test_a_resource_that_is_there_is_judged_as_it_is() -> None:
    assert said({"name": "", "id": "1"}) == ["it has no name"]
