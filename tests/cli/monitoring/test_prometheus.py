from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mlops_cli.environment import Environment
from mlops_cli.errors import BadQuery
from mlops_cli.monitoring.prometheus import Prometheus, Sample, matching, prometheus_of, quoted
from scripted_api import ScriptedApi
from serving_process import wait_until
from watched_platform import HOSTILE, Watched


def test_an_instant_vector_has_labels_time_and_value(prometheus: Prometheus) -> None:
    at = datetime.now(UTC)
    (found,) = prometheus.query('label_replace(vector(4.5), "a", "b", "", "")', at)
    assert (found.labels, found.value) == ({"a": "b"}, 4.5)
    assert found.time == pytest.approx(at.timestamp(), abs=0.001)


def test_a_scalar_is_a_sample_without_labels(prometheus: Prometheus) -> None:
    at = datetime.fromtimestamp(1_700_000_000, UTC)
    assert prometheus.query("scalar(vector(2))", at) == [Sample({}, 1_700_000_000, 2)]


def test_infinity_is_a_value(prometheus: Prometheus) -> None:
    assert [each.value for each in prometheus.query("vector(-1) / 0")] == [float("-inf")]


def test_a_query_that_nothing_matches_is_empty(prometheus: Prometheus) -> None:
    now = datetime.now(UTC)
    assert prometheus.query("nothing_of_the_kind") == []
    assert prometheus.query_range("nothing_of_the_kind", now, now, timedelta(seconds=1)) == []


@pytest.mark.parametrize("value", [HOSTILE, "\x00\x1f\x7f", "\u2028", "'`", "\udcff"])
def test_any_text_is_one_string_of_promql(prometheus: Prometheus, value: str) -> None:
    (found,) = prometheus.query(f"count(odd{{of!={quoted(value)}}} or vector(1)) or vector(0)")
    assert found.value >= 1


def test_a_hostile_label_value_selects_exactly_its_series(prometheus: Prometheus) -> None:
    (found,) = prometheus.query("odd" + matching(of=HOSTILE))
    assert (found.labels["of"], found.value) == (HOSTILE, 7)
    assert prometheus.query("odd" + matching(of='x"} or odd{of!="')) == []


def test_a_range_has_a_point_a_step(prometheus: Prometheus) -> None:
    start = datetime.fromtimestamp(1_700_000_000, UTC)
    (found,) = prometheus.query_range("vector(3)", start, start + timedelta(minutes=1), timedelta(seconds=30))
    assert found.points == ((1_700_000_000, 3), (1_700_000_030, 3), (1_700_000_060, 3))


@pytest.mark.parametrize("query", ["sum(", "vector(1)[5m]", "up + on (job) group_left () up{job=~'('}"])
def test_a_query_that_prometheus_refuses_is_quoted_with_its_reason(
    prometheus: Prometheus, query: str
) -> None:
    with pytest.raises(BadQuery) as caught:
        prometheus.query(query)
    assert query in str(caught.value)
    assert "parse error" in str(caught.value)


def test_a_matrix_is_refused_as_an_instant_vector(prometheus: Prometheus) -> None:
    with pytest.raises(BadQuery, match="gives a matrix"):
        prometheus.query("odd[5m]")


def test_too_many_points_are_refused(prometheus: Prometheus) -> None:
    now = datetime.now(UTC)
    with pytest.raises(BadQuery, match="11,000 points"):
        prometheus.query_range("up", now - timedelta(days=1), now, timedelta(seconds=1))


def test_alerts_fire_or_are_pending_since_a_time(prometheus: Prometheus) -> None:
    found = {alert.name: alert for alert in prometheus.alerts()}
    states = {name: alert.state for name, alert in found.items() if name.startswith("Test")}
    assert states == {
        "TestPage": "firing",
        "TestSilenced": "firing",
        "TestInhibited": "firing",
        "TestHostile": "firing",
        "TestPending": "pending",
    }
    assert found["TestPage"].annotations["runbook_url"] == "docs/runbooks/burns.md"
    assert timedelta(0) < datetime.now(UTC) - found["TestPage"].since < timedelta(minutes=10)


def test_rules_that_alert_are_known_by_name(prometheus: Prometheus) -> None:
    found = prometheus.alert_names()
    assert {"TestPage", "TestPending", "MlopsInputDrift"} < found
    assert not any(name.startswith("mlops:") for name in found)


def test_targets_are_up_or_say_why_not(prometheus: Prometheus, watched: Watched) -> None:
    def scraped() -> dict[str, tuple[str, str]] | None:
        found = {each.labels["job"]: (each.health, each.error) for each in prometheus.targets()}
        return None if "unknown" in {health for health, _ in found.values()} else found

    found = wait_until(scraped)
    assert found["model-endpoint"] == ("up", "")
    assert found["away"][0] == "down"
    assert "connection refused" in found["away"][1]
    assert f":{watched.absent}/metrics" in {t.labels["job"]: t.url for t in prometheus.targets()}["away"]


def test_the_platforms_own_is_asked_by_the_proxy(proxied: ScriptedApi, environment: Environment) -> None:
    with prometheus_of(environment) as prometheus:
        (found,) = prometheus.query("odd" + matching(of=HOSTILE))
    assert found.value == 7
    assert proxied.asked[0].startswith(
        "/api/v1/namespaces/mlops-system/services/prometheus:9090/proxy/api/v1/query?query=odd%7Bof%3D"
    )
