"""An endpoint without pods: its first requests wait and are answered, and none is left when it is quiet."""

from __future__ import annotations

import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from running_platform import Platform, eventually, mlops
from scaled_platform import IDLE_SECONDS, MODELS, NAME, SELDOM, pods, servers

FIGURES = logging.getLogger("figures")
FIRST_ANSWER_SECONDS = 30
BODY = {"inputs": [{"name": "features", "shape": [1, 29], "datatype": "FP32", "data": [1.0] * 29}]}

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(3600)]


@pytest.fixture
def idle(scaled: Platform) -> Platform:
    # A pod on its way out answers still, and is not counted as ready.
    eventually(lambda: pods(scaled, SELDOM) == (0, 0) and not servers(scaled, SELDOM), 240, "no pods")
    return scaled


def entry(platform: Platform) -> dict[str, Any]:
    """What `mlops status` says of the endpoint."""
    status = json.loads(mlops("status", NAME, "--json", environment=NAME).stdout)
    found: dict[str, Any] = next(one for one in status["endpoints"] if one["name"] == SELDOM)
    return found


def url(platform: Platform) -> str:
    """Where the endpoint answers."""
    found: str = next(one["url"] for one in platform.status["endpoints"] if one["name"] == SELDOM)
    return found


def ask(platform: Platform) -> tuple[int, float]:
    """The status of an answer, and the seconds it took."""
    began = time.monotonic()
    answer = httpx.post(f"{url(platform)}/v2/models/mortgage/infer", json=BODY, timeout=90)
    return answer.status_code, time.monotonic() - began


@pytest.mark.quiet
def test_asking_how_it_is_says_idle_and_wakes_nobody(idle: Platform) -> None:
    for _ in range(3):
        said = entry(idle)
        assert (said["state"], said["ready"], said["version"]) == ("idle", True, None)
    assert pods(idle, SELDOM) == (0, 0)


@pytest.mark.quiet
def test_the_first_request_waits_for_a_pod_and_is_answered(idle: Platform) -> None:
    code, took = ask(idle)
    FIGURES.info(f"first answer after {took:.1f} s")
    assert code == 200
    assert took < FIRST_ANSWER_SECONDS
    # A pod says so itself now: the gate adds its header only where it speaks for pods that are not there.
    assert "mlops-endpoint-state" not in httpx.get(f"{url(idle)}/v2/health/ready").headers


@pytest.mark.quiet
def test_fifty_first_requests_at_once_are_all_answered(idle: Platform) -> None:
    with ThreadPoolExecutor(50) as clients:
        answers = [one.result() for one in [clients.submit(ask, idle) for _ in range(50)]]
    FIGURES.info(f"fifty first answers after {max(took for _, took in answers):.1f} s")
    assert [code for code, _ in answers] == [200] * 50


@pytest.mark.soak
def test_nothing_fails_while_it_goes_to_no_pods_and_comes_back(idle: Platform) -> None:
    """Pauses between requests just long enough for the last pod to go, some while it is going."""
    answers = []
    for pause in (0, 35, 42, 44, 46, 48, 50, 52, 55, 60):
        time.sleep(pause)
        answers.append(ask(idle))
    FIGURES.info(f"a trickle: {[f'{took:.1f}' for _, took in answers]} s")
    assert [code for code, _ in answers] == [200] * len(answers)
    began = time.monotonic()
    eventually(lambda: pods(idle, SELDOM) == (0, 0), 240, "no pods")
    took = time.monotonic() - began
    FIGURES.info(f"no pods {took:.0f} s after the last answer")
    assert took >= IDLE_SECONDS / 2


@pytest.mark.quiet
def test_pods_that_ask_for_the_model_go_through_the_gate_and_the_operator_was_refused_nothing(
    idle: Platform,
) -> None:
    service = idle.get("service", SELDOM, "-n", MODELS)
    assert service["spec"]["selector"]["app.kubernetes.io/name"] == "model-gate"
    assert "forbidden" not in idle.kubectl("logs", "-n", "mlops-keda", "deployment/keda-operator")
    idle.pulumi("preview", "--expect-no-changes", "--non-interactive")
