"""How often drift is found where there is none and where there is, and that PromQL decides the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2, norm

import drift_decision as twin
from endpoint_stories import ALERTS, POD
from pulumi_mlops.alerts import Drift, render
from rule_stories import gauge, name, run

RULES = {"endpoint.yaml": render(ALERTS)}
FEATURES, WINDOWS, TRAINED = 40, 1000, 1392
TENTHS = [*[0.1] * 10, 0, 0, 0]
KINDS = {
    "deciles and three empty bins": (TENTHS, 25),
    "categories, some rare": ([0.6, 0.3, 0.08, 0.015, 0.004, 0.001, 0, 0], 8),
    "almost always the same": ([0.995, 0.004, 0.001, 0], 4),
    "two values": ([0.5, 0.5], 3),
}
"""Shares of bins, and how many of the forty features are so."""


@pytest.mark.parametrize("rows", [100, 1000, 10_000])
@pytest.mark.parametrize("least_effect", [Drift().least_effect, 0.0])
def test_at_most_one_window_without_drift_in_a_hundred_alerts(rows: int, least_effect: float) -> None:
    draw = np.random.default_rng(rows)
    alerts = np.zeros(WINDOWS, bool)
    for shares, features in KINDS.values():
        trained = draw.multinomial(TRAINED, shares, size=(WINDOWS, features))
        live = draw.multinomial(rows, shares, size=(WINDOWS, features))
        limit = twin.threshold(live, trained, FEATURES, Drift().level, least_effect)
        alerts |= (twin.stability_index(live, trained) > limit).any(axis=1)
    assert sum(features for _, features in KINDS.values()) == FEATURES
    assert alerts.mean() <= 0.01


def test_half_a_sigma_in_one_feature_of_forty_is_found_within_a_thousand_rows() -> None:
    draw = np.random.default_rng(7)
    for _ in range(200):
        training = draw.normal(size=TRAINED)
        edges = np.quantile(training, np.arange(1, 10) / 10)
        trained = np.bincount(np.searchsorted(edges, training, side="right"), minlength=13)
        seen = draw.normal(loc=0.5, size=1000)
        codes = np.searchsorted(edges, seen, side="right")
        codes[seen < training.min()], codes[seen > training.max()] = 10, 11
        live = np.bincount(codes, minlength=13)
        assert twin.stability_index(live, trained) > twin.threshold(
            live, trained, FEATURES, Drift().level, Drift().least_effect
        )


def test_two_replicas_merged_are_one_stream_exactly() -> None:
    draw = np.random.default_rng(3)
    stream = draw.integers(0, 13, size=1000)
    half = draw.random(1000) < 0.5
    one, other, whole = (np.bincount(part, minlength=13) for part in (stream[half], stream[~half], stream))
    trained = draw.multinomial(TRAINED, TENTHS)
    assert (one + other == whole).all()
    assert twin.stability_index(one + other, trained) == twin.stability_index(whole, trained)


def test_the_approximated_quantiles_are_close_and_never_lower_by_one_percent() -> None:
    for above in (0.01, 0.001 / 10, 0.001 / 50):
        assert twin.normal_quantile(above) == pytest.approx(norm.isf(above), abs=5e-4)
        for bins in (3, 5, 13, 65):
            live = np.full(bins, 10)
            scale = 2 / live.sum()
            quantile = twin.threshold(live, live, 1, above, 0.0) / scale
            assert 0.99 < quantile / chi2.isf(above, bins - 1) < 1.08


def counters(feature: str, live: Any, trained: Any, pod: str = POD) -> dict[str, str]:
    known = f'{pod},version="1",feature="{feature}"'
    series = {}
    for number, (rows, reference) in enumerate(zip(live.tolist(), trained.tolist(), strict=True)):
        series[name("mlops_drift_rows_total", known, role="stable", bin=number)] = gauge((30, 0), (31, rows))
        series[name("mlops_drift_reference_rows", known, bin=number)] = gauge((61, reference))
    return series


def close(query: str, value: float) -> dict[str, Any]:
    samples = [{"labels": "{}", "value": 1}]
    return {
        "expr": f"count(abs({query} - {value!r}) < 1e-9)",
        "eval_time": "60m",
        "exp_samples": samples,
    }


def case(series: dict[str, str], looks: list[dict[str, Any]]) -> dict[str, Any]:
    listed = [{"series": key, "values": values} for key, values in series.items()]
    return {"interval": "1m", "input_series": listed, "promql_expr_test": looks}


@pytest.mark.parametrize("replicas", [1, 2])
def test_prometheus_comes_to_the_same_index_and_threshold(
    replicas: int, promtool: Path, tmp_path: Path
) -> None:
    draw = np.random.default_rng(11)
    tests = []
    for rows in (100, 1000, 10_000):
        series: dict[str, str] = {}
        looks = []
        for number, (shares, _) in enumerate(KINDS.values()):
            live, trained = draw.multinomial(rows, shares), draw.multinomial(TRAINED, shares)
            part = draw.binomial(live, 1 / replicas)
            series |= counters(f"f{number}", part, trained)
            if replicas == 2:
                series |= counters(f"f{number}", live - part, trained, POD.replace("7-a", "7-b"))
            limit = twin.threshold(live, trained, len(KINDS), Drift().level, Drift().least_effect)
            index = twin.stability_index(live, trained)
            looks += [
                close(f'mlops:drift_psi:1h{{feature="f{number}"}}', float(index)),
                close(f'mlops:drift_threshold:1h{{feature="f{number}"}}', float(limit)),
                close(f'mlops:drift_rows:1h{{feature="f{number}"}}', rows),
            ]
        tests.append(case(series, looks))
    code, printed = run(promtool, tmp_path, RULES, tests)
    assert code == 0, printed


def first_seen(minute: int, started: int, up: str) -> dict[str, str]:
    """A counter that is 500 when it is first scraped, and stays so."""
    known = f'{POD},version="1",feature="income"'
    return {
        name("mlops_drift_rows_total", known, role="stable", bin="<1"): gauge((minute, None), (60, 500)),
        name("process_start_time_seconds", POD, process="1"): gauge((minute, None), (60, started)),
        name("up", f'job="model-endpoint",{POD}'): up,
    }


@pytest.mark.parametrize(
    ("series", "rows"),
    [
        pytest.param(first_seen(70, 4100, gauge((70, None), (60, 1))), 500, id="a new pod"),
        pytest.param(first_seen(70, 0, gauge((130, 1))), 500, id="a new version in an old pod"),
        pytest.param(first_seen(70, 0, gauge((70, None), (60, 1))), 0, id="a Prometheus that was away"),
    ],
)
def test_rows_answered_before_the_first_scrape_count_unless_they_are_old(
    series: dict[str, str], rows: int, promtool: Path, tmp_path: Path
) -> None:
    look = {
        "expr": "sum(mlops:drift_rows:1h)",
        "eval_time": "90m",
        "exp_samples": [{"labels": "{}", "value": rows}],
    }
    code, printed = run(promtool, tmp_path, RULES, [case(series, [look])])
    assert code == 0, printed
