from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from mlops_cli.dashboard import queries
from mlops_cli.dashboard.queries import SPANS, Over

HOSTILE = 'a"} or vector(1) #\n\\'


def test_promtool_understands_every_query_whatever_the_endpoint_is_called(
    binaries: Callable[[str], Path], tmp_path: Path
) -> None:
    questions = [
        *queries.overview((HOSTILE, "mortgage"), 0).values(),
        *queries.overview((), 0).values(),
        *queries.charts(HOSTILE, HOSTILE, SPANS["15m"], 0).values(),
        *queries.drift(HOSTILE).values(),
    ]
    rules = [{"record": f"q{at}", "expr": each.promql} for at, each in enumerate(questions)]
    file = tmp_path / "rules.json"
    file.write_text(json.dumps({"groups": [{"name": "page", "rules": rules}]}))
    done = subprocess.run(
        [binaries("prometheus") / "promtool", "check", "rules", file],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"{len(rules)} rules found" in done.stdout


def test_replicas_are_asked_of_endpoints_only() -> None:
    seen = (
        "max by (namespace, deployment) (kube_deployment_spec_replicas and on (namespace, deployment) "
        'label_replace(last_over_time(mlops_model_info[1h]), "deployment", "$1", "endpoint", "(.+)"))'
    )
    assert queries.overview((), 0)["wanted"].promql == seen
    assert queries.overview(("b.c", "a"), 0)["wanted"].promql == (
        f"{seen} or max by (namespace, deployment) (kube_deployment_spec_replicas"
        '{namespace="mlops-models",deployment=~"a|b\\\\.c"})'
    )


def test_times_stay_where_they_are_from_one_refresh_to_the_next() -> None:
    first, later = (queries.over("up", SPANS["1h"], now) for now in (1_000_000_010.0, 1_000_000_019.9))
    assert first == later
    assert isinstance(first, Over)
    assert first.end.timestamp() % 30 == 0
    assert first.end - first.start == SPANS["1h"].length


def test_no_span_has_more_values_than_a_chart_has_pixels() -> None:
    assert {name: span.length / span.step for name, span in SPANS.items()} == {
        "15m": 60,
        "1h": 120,
        "6h": 180,
    }
