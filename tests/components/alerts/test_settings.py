from __future__ import annotations

from typing import Any

import pytest

from mlops_serving.metrics import catalog, process
from pulumi_mlops.alerts import BurnWindow, EndpointAlerts, PlatformAlerts, Slo, limits, metrics, validated
from pulumi_mlops.errors import InvalidValue

PLACE = {"endpoint": "mortgage", "model": "mortgage", "namespace": "models"}


@pytest.mark.parametrize(
    ("slo", "words"),
    [
        ({"availability": 100.0}, "100 leaves no budget"),
        ({"availability": 0.0}, "slo.availability: 0 is not an objective"),
        ({"availability": -1.0}, "slo.availability: -1 is not an objective"),
        ({"availability": float("nan")}, "slo.availability: nan is not an objective"),
        ({"availability": 99.0, "latency": {"percent": 100, "seconds": 0.25}}, "slo.latency.percent: 100 is"),
        ({"availability": 99.0, "window": "30"}, "slo.window: '30' is not a window"),
        ({"availability": 99.0, "window": "3d"}, "the burn window 3d must be shorter than the objective's"),
        (
            {
                "availability": 99.0,
                "windows": [{"severity": "page", "long": "1h", "short": "10s", "factor": 2}],
            },
            "the window 10s is shorter than four scrape intervals of 5 s, so one lost scrape would empty it; "
            "use at least 20s or scrape more often",
        ),
        (
            {
                "availability": 99.0,
                "windows": [{"severity": "page", "long": "1h", "short": "1h", "factor": 2}],
            },
            "short, 1h, must be shorter than long, 1h",
        ),
    ],
)
def test_wrong_objectives_are_refused_with_path_and_remedy(slo: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        validated(EndpointAlerts, {**PLACE, "slo": slo})
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("owner", '"}} {{ query'),
        ("owner", "two\nlines"),
        ("owner", ""),
        ("runbooks", "javascript:alert(1)"),
        ("runbooks", "https://example.org/{{ . }}"),
        ("endpoint", 'x"} or vector(1) #'),
        ("namespace", 'x"}'),
        ("rejected_share", 1.0),
        ("queue_seconds", 0.2),
    ],
)
def test_what_would_break_a_rule_file_or_a_message_is_refused(key: str, value: object) -> None:
    with pytest.raises(InvalidValue, match=rf"^{key}: "):
        validated(EndpointAlerts, {**PLACE, key: value})


def test_a_namespace_of_the_platform_is_checked_too() -> None:
    with pytest.raises(InvalidValue, match="system_namespace: "):
        validated(PlatformAlerts, {"system_namespace": "a|b", "models_namespace": "models"})


def test_a_large_budget_times_the_factor_can_still_be_exceeded() -> None:
    page = BurnWindow(severity="page", long="1h", short="5m", factor=14.4)
    assert page.threshold(Slo(availability=99.5).error_budget) == 0.072
    assert page.threshold(Slo(availability=90.0).error_budget) == 0.55


def test_the_servers_metrics_and_buckets_are_those_of_the_server() -> None:
    known = {spec.name for spec in catalog.SPECS} | {
        spec.name for spec in vars(process).values() if _spec(spec)
    }
    parts = {f"{spec.name}_{part}" for spec in catalog.SPECS if spec.kind == "histogram" for part in _PARTS}
    assert known | parts >= metrics.SERVER
    assert metrics.REQUEST_SECONDS == catalog.SECONDS
    assert limits.bucket(0.25) == 0.25


def test_a_metric_that_nobody_has_is_refused() -> None:
    metrics.refuse_unknown('sum by (mlops_label) (mlops:made{a="mlops_x"})', frozenset({"mlops:made"}))
    with pytest.raises(InvalidValue, match="no metric is called mlops_request_total, so a rule on it would"):
        metrics.refuse_unknown("rate(mlops_request_total[5m])")


_PARTS = ("bucket", "count", "sum")


def _spec(value: object) -> bool:
    return isinstance(value, catalog.Spec)
