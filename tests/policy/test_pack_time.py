from __future__ import annotations

import datetime
import time
from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime.proto import analyzer_pb2

from many_endpoints import settings, timed
from mlops_policy import wire
from mlops_policy.analyzer import Analyzer
from mlops_policy.catalog import RULES
from mlops_stacks import program
from mlops_stacks.settings import NAMESPACE

RESOURCES = 1000
BAR_SECONDS = 5


def sent(value: Any) -> Any:
    """A value of a rendered document as the engine sends it."""
    if value == {"$unknown": True}:
        return sorted(wire.UNKNOWNS)[0]
    if value == {"$secret": True}:
        return {wire.SIGNATURE: wire.SECRET, "value": "hush"}
    if isinstance(value, dict):
        return {key: sent(item) for key, item in value.items()}
    return [sent(item) for item in value] if isinstance(value, list) else value


@pytest.mark.quiet
def test_a_thousand_resources_are_judged_in_time(tmp_path: Path) -> None:
    config = settings("prod", tmp_path, count=56)
    document, _ = timed(program.main, project=NAMESPACE, stack="prod", config=config)
    requests = []
    for each in document.resources:
        request = analyzer_pb2.AnalyzerResource(type=each.type, urn=each.urn, name=each.name)
        request.properties.update(sent(each.inputs))
        for key, urns in each.references.items():
            request.propertyDependencies[key].urns.extend(urns)
        requests.append(request)
    assert len(requests) >= RESOURCES
    analyzer = Analyzer("mlops", "0", RULES, today=datetime.date(2026, 1, 1))
    whole = analyzer_pb2.AnalyzeStackRequest(resources=requests)
    start = time.process_time()
    for request in requests:
        analyzer.Analyze(request, None)
    analyzer.AnalyzeStack(whole, None)
    assert time.process_time() - start < BAR_SECONDS
