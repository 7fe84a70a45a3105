from __future__ import annotations

from datetime import UTC, datetime

import pytest
from lightkube.models.core_v1 import Node, NodeCondition, NodeStatus

from mlops_local.node import ProcessState, ProcessStatus
from mlops_local.node.readiness import ready_since, suspects

NINE, TEN = datetime(2026, 1, 1, 9, tzinfo=UTC), datetime(2026, 1, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("condition", "since", "ready"),
    [
        (NodeCondition(type="Ready", status="True", lastHeartbeatTime=NINE), None, True),
        (NodeCondition(type="Ready", status="True", lastHeartbeatTime=TEN), NINE, True),
        (NodeCondition(type="Ready", status="True", lastHeartbeatTime=NINE), TEN, False),
        (NodeCondition(type="Ready", status="True"), TEN, False),
        (NodeCondition(type="Ready", status="Unknown", lastHeartbeatTime=TEN), None, False),
        (NodeCondition(type="DiskPressure", status="True", lastHeartbeatTime=TEN), None, False),
    ],
)
def test_ready_counts_only_when_said_after_the_start(
    condition: NodeCondition, since: datetime | None, ready: bool
) -> None:
    assert ready_since(Node(status=NodeStatus(conditions=[condition])), since) is ready


def test_a_node_without_status_is_not_ready() -> None:
    assert not ready_since(Node(), None)


def test_programs_that_do_not_run_are_suspected_first() -> None:
    processes = (
        ProcessStatus(name="etcd", state=ProcessState.BACKOFF, pid=None),
        ProcessStatus(name="kube-apiserver", state=ProcessState.RUNNING, pid=7),
    )
    assert suspects(processes, "kube-apiserver to be ready") == ("etcd",)


def test_when_all_run_the_awaited_one_is_suspected() -> None:
    processes = (
        ProcessStatus(name="etcd", state=ProcessState.RUNNING, pid=6),
        ProcessStatus(name="kubelet", state=ProcessState.RUNNING, pid=7),
    )
    assert suspects(processes, "kubelet to report Ready") == ("kubelet",)
    assert suspects(processes, "rain") == ("supervisord",)
