"""The environment `scaling`: an endpoint whose pods follow its requests, and how to watch them."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import request_load
import waiting_model
from platform_releases import open_store, release, served_version
from running_platform import Platform, eventually, home_of, mlops

NAME = "scaling"
MODELS = "mlops-models"
SELDOM = "seldom"
"""The endpoint that has no pods while nobody asks."""
IDLE_SECONDS = 30
"""As the environment's file has it."""
FEW, MANY = 4, 16
"""Clients that one pod carries, and that four carry; a pod is wanted for every three requests at once."""
SLO_SECONDS = 1.0
WINDOW_SECONDS = 10


@contextmanager
def brought_up(folder: Path) -> Iterator[Platform]:
    """The environment from nothing, with the model that takes its time, and away again."""
    mlops("down", NAME, "--purge", environment=NAME)
    shutil.rmtree(home_of(NAME), ignore_errors=True)
    try:
        up = mlops("up", NAME, timeout=3600, environment=NAME)
        status = json.loads(mlops("status", NAME, "--json", environment=NAME).stdout)
        platform = Platform(up_output=up.stdout, status=status, environment=NAME)
        prepare(platform, folder)
        yield platform
    finally:
        mlops("down", NAME, "--purge", environment=NAME)
        shutil.rmtree(home_of(NAME), ignore_errors=True)


def prepare(platform: Platform, folder: Path) -> None:
    """Serve the model that takes its time, and wait until the autoscaler has a figure."""
    model = folder / "waiting"
    model.mkdir()
    store = open_store(platform)
    release(store, waiting_model.publish_it(store, model), "its time is known")
    eventually(lambda: served_version(platform) == waiting_model.VERSION, 60, "the waiting model is served")
    eventually(lambda: measured(platform), 120, "the autoscaler knows the load")


def measured(platform: Platform) -> bool:
    """Whether the autoscaler of the endpoint that always has pods has a figure to follow."""
    found = [one for one in platform.get("hpa", "-n", MODELS)["items"] if not _of_seldom(one)]
    return bool(found) and all(_active(scaler) for scaler in found)


def _of_seldom(scaler: dict[str, Any]) -> bool:
    return bool(scaler["spec"]["scaleTargetRef"]["name"] == SELDOM)


def _active(scaler: dict[str, Any]) -> bool:
    conditions = scaler.get("status", {}).get("conditions", [])
    return any(c["type"] == "ScalingActive" and c["status"] == "True" for c in conditions)


def pods(platform: Platform, endpoint: str = "mortgage") -> tuple[int, int]:
    """How many pods are wanted, and how many are ready."""
    found = platform.get("deployment", endpoint, "-n", MODELS)
    return found["spec"]["replicas"], found["status"].get("readyReplicas", 0)


def servers(platform: Platform, endpoint: str) -> list[str]:
    """The pods that serve its model, those on their way out too."""
    chosen = f"app.kubernetes.io/name=model-endpoint,app.kubernetes.io/instance={endpoint}"
    return [pod["metadata"]["name"] for pod in platform.get("pods", "-n", MODELS, "-l", chosen)["items"]]


@contextmanager
def load(platform: Platform) -> Iterator[request_load.Load]:
    """Clients of the endpoint, none yet."""
    url = f"{platform.endpoint['url']}/v2/models/mortgage/infer"
    with request_load.running(url, waiting_model.BODY, MANY) as clients:
        yield clients


@dataclass(frozen=True)
class Step:
    """What a step of the load did, in seconds after it; None where it did not happen in time."""

    scaled_out: float | None
    recovered: float | None
    p99_before: float
    p99_worst: float
    p99_after: float


def step(platform: Platform, clients: request_load.Load, seconds: float) -> Step:
    """From few clients to many, watched for so long."""
    clients.clients(FEW)
    calm = time.monotonic()
    time.sleep(2 * WINDOW_SECONDS)
    before = clients.quantile(0.99, calm, time.monotonic())
    began = clients.clients(MANY)
    scaled_out = None
    while time.monotonic() < began + seconds:
        if scaled_out is None and pods(platform)[1] >= 4:
            scaled_out = time.monotonic() - began
        time.sleep(0.5)
    windows = [
        (offset, clients.quantile(0.99, began + offset - WINDOW_SECONDS, began + offset))
        for offset in range(WINDOW_SECONDS, int(seconds) + 1)
    ]
    late = [offset for offset, p99 in windows if p99 > SLO_SECONDS]
    recovered = float(late[-1] + 1) if late else 0.0
    return Step(
        scaled_out=scaled_out,
        recovered=None if recovered > windows[-1][0] else recovered,
        p99_before=before,
        p99_worst=max(p99 for _, p99 in windows),
        p99_after=windows[-1][1],
    )
