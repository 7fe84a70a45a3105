"""Endpoints that scale on the requests they have at once: out in time, in without loss, not without data."""

from __future__ import annotations

import logging
import time

import pytest

from monitored_platform import empty_queries
from pulumi_mlops import dashboards
from running_platform import Platform, eventually
from scaled_platform import FEW, MANY, MODELS, load, measured, pods, step

FIGURES = logging.getLogger("figures")
STABILIZATION_SECONDS = 60
"""As the environment's file has it, where the components' default is 300."""

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(3600)]


def back_to_one(platform: Platform, seconds: float) -> float:
    return eventually(lambda: pods(platform) == (1, 1), seconds, "one pod again")


@pytest.mark.quiet
def test_a_step_to_four_times_the_clients_is_carried_within_45_seconds_and_none_fails(
    scaled: Platform,
) -> None:
    with load(scaled) as clients:
        seen = step(scaled, clients, 75)
        # The numbers of pods are the autoscaler's alone.
        assert pods(scaled)[0] > 1
        scaled.pulumi("preview", "--expect-no-changes", "--non-interactive")
        scaled.pulumi("refresh", "--expect-no-changes", "--non-interactive", "--yes")
    FIGURES.info(f"concurrency: {seen}, {len(clients.answers)} requests")
    assert (clients.failed(), clients.problems) == ([], [])
    assert seen.scaled_out is not None
    assert seen.scaled_out <= 45
    assert seen.recovered is not None
    assert seen.recovered <= 60


@pytest.mark.quiet
def test_the_operator_was_refused_nothing_and_may_read_no_secret_of_the_models(scaled: Platform) -> None:
    for server in ("keda-operator", "keda-adapter"):
        assert "forbidden" not in scaled.kubectl("logs", "-n", "mlops-keda", f"deployment/{server}")
    account = "system:serviceaccount:mlops-keda:keda-operator"
    for forbidden in ("get secrets", "list pods", "create pods", "patch deployments", "delete deployments"):
        verb, kind = forbidden.split()
        answer = scaled.kubectl("auth", "can-i", verb, kind, "-n", MODELS, "--as", account, check=False)
        assert answer.strip() == "no", forbidden


@pytest.mark.quiet
def test_the_dashboards_have_the_figures_of_keda(scaled: Platform) -> None:
    wanted = [query for query in dashboards.queries() if query.needs is dashboards.Needs.KEDA]
    assert wanted
    eventually(lambda: not empty_queries(scaled, wanted, 600), 120, "every query about KEDA has data")


@pytest.mark.soak
def test_pods_stay_while_prometheus_is_gone_and_go_without_a_lost_request_when_it_is_back(
    scaled: Platform,
) -> None:
    with load(scaled) as clients:
        clients.clients(MANY)
        eventually(lambda: pods(scaled)[1] >= 4, 90, "four pods")
        wanted = pods(scaled)[0]
        scaled.kubectl("scale", "statefulset/prometheus", "-n", "mlops-system", "--replicas=0")
        clients.clients(FEW)
        until = time.monotonic() + 3 * STABILIZATION_SECONDS
        fewest = wanted
        while time.monotonic() < until:
            fewest = min(fewest, *pods(scaled))
            time.sleep(1)
        assert fewest >= wanted
        scaled.kubectl("scale", "statefulset/prometheus", "-n", "mlops-system", "--replicas=1")
        took = back_to_one(scaled, 4 * STABILIZATION_SECONDS)
        # The last pod that goes drains.
        time.sleep(15)
    FIGURES.info(f"in again {took:.0f} s after Prometheus was back, {len(clients.answers)} requests")
    assert (clients.failed(), clients.problems) == ([], [])
    assert took >= STABILIZATION_SECONDS / 2


@pytest.mark.soak
def test_the_same_step_on_cpu_with_one_autoscaler_at_a_time(scaled: Platform) -> None:
    place = "mlops:endpoints[0].scaling"
    back_to_one(scaled, 4 * STABILIZATION_SECONDS)
    scaled.pulumi("config", "set", "--path", f"{place}.by", "cpu")
    scaled.pulumi("config", "rm", "--path", f"{place}.targetInFlight")
    scaled.pulumi("up", "--yes", "--non-interactive")
    objects = [one["metadata"]["name"] for one in scaled.get("scaledobjects", "-n", MODELS)["items"]]
    assert objects == ["seldom"]
    names = [scaler["metadata"]["name"] for scaler in scaled.get("hpa", "-n", MODELS)["items"]]
    assert sorted(names) == ["keda-hpa-seldom", "mortgage"]
    eventually(lambda: measured(scaled), 120, "the autoscaler knows the CPU")
    with load(scaled) as clients:
        seen = step(scaled, clients, 120)
        FIGURES.info(f"cpu: {seen}")
        clients.clients(0)
        took = back_to_one(scaled, 10 * STABILIZATION_SECONDS)
    FIGURES.info(f"cpu: in again after {took:.0f} s, {len(clients.answers)} requests")
    assert (clients.failed(), clients.problems) == ([], [])
