"""A receiver as the platform runs it, an API server of Jobs, and a store in a folder or a real one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mlops_pipelines.remediation.settings import Policy
from mlops_serving.store import Store, StoreSettings
from remediation_stories import Receiver
from scripted_kubernetes import ScriptedKubernetes

Start = Callable[..., Receiver]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[ScriptedKubernetes]:
    """An API server of Jobs."""
    made = ScriptedKubernetes(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """The bucket of the receivers that are started without another."""
    return Store(StoreSettings(url=f"file://{tmp_path}/store"))


@pytest.fixture
def start(tmp_path: Path, cluster: ScriptedKubernetes) -> Iterator[Start]:
    """`start(policy)` is a receiver that is ready; it ends with the test."""
    made: list[Receiver] = []

    def begin(wanted: Policy, environ: dict[str, str] | None = None, *, wait: bool = True) -> Receiver:
        where: dict[str, Any] = environ or {"MLOPS_STORE_URL": f"file://{tmp_path}/store"}
        receiver = Receiver(where, tmp_path, wanted, kubernetes=cluster)
        made.append(receiver)
        return receiver.wait_ready() if wait else receiver

    yield begin
    cluster.let_go.set()
    for receiver in made:
        receiver.kill()
