"""Asking whether the node is ready, and waiting for it; a failure shows the program's last words."""

import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime

import httpx2
import lightkube
from lightkube.config.kubeconfig import KubeConfig
from lightkube.core.exceptions import ApiError
from lightkube.models.core_v1 import Node as NodeObject
from lightkube.resources.core_v1 import Node, ServiceAccount

from mlops_local.errors import NodeError
from mlops_local.node.files import last_lines
from mlops_local.node.layout import Layout
from mlops_local.node.spec import NodeSpec, ProcessState, ProcessStatus
from mlops_local.node.supervisor import Supervisor

API_ERRORS = (ApiError, OSError, httpx2.HTTPError)
"""What a call to the API server raises: an answer that refuses, or no answer."""

_POLL_SECONDS = 0.2
_LOG_LINES = 15
_BROKEN = {ProcessState.FATAL, ProcessState.BACKOFF, ProcessState.EXITED}


def wait(spec: NodeSpec, condition: Callable[[], bool], *, what: str, seconds: float) -> None:
    """Return once `condition` holds. Raises NodeError after `seconds`, or when process 1 is gone."""
    deadline = time.monotonic() + seconds
    while not condition():
        supervisor = Supervisor.find(spec.name)
        if supervisor is None:
            raise NodeError(_failure(spec, f"{what}: the node stopped", ("node", "supervisord")))
        if time.monotonic() > deadline:
            late = f"{what}: not within {seconds:.0f} s"
            raise NodeError(_failure(spec, late, suspects(supervisor.processes(), what)))
        time.sleep(_POLL_SECONDS)


def suspects(processes: tuple[ProcessStatus, ...], what: str) -> tuple[str, ...]:
    """Programs whose logs may tell why: those that do not run, else the one that was waited for."""
    broken = tuple(process.name for process in processes if process.state in _BROKEN)
    return broken or tuple(process.name for process in processes if process.name in what) or ("supervisord",)


def _failure(spec: NodeSpec, headline: str, programs: tuple[str, ...]) -> str:
    layout = Layout(spec.home)
    parts = [f"node {spec.name}: {headline}"]
    for program in programs[:2]:
        log = layout.log(program)
        parts.append(f"last lines of {log}:\n{last_lines(log, _LOG_LINES) or '(empty)'}")
    return "\n".join([*parts, "Running the same command again continues from here."])


def api_answers(spec: NodeSpec) -> bool:
    """Whether the API server says it is ready, asked on the host's port as a user would."""
    try:
        context = ssl.create_default_context(cafile=str(Layout(spec.home).pki / "ca.crt"))
        with httpx2.Client(verify=context, timeout=5, trust_env=False) as client:
            return client.get(f"https://127.0.0.1:{spec.api_port}/readyz").status_code == httpx2.codes.OK
    except (OSError, httpx2.HTTPError):
        return False


def api_client(spec: NodeSpec, kubeconfig: str = "kubeconfig") -> lightkube.Client:
    """A client for the API server; `kubeconfig` is a file below the node's home. Close it."""
    config = KubeConfig.from_file(spec.home / kubeconfig)
    return lightkube.Client(config=config, trust_env=False)


def node_is_ready(spec: NodeSpec, client: lightkube.Client, since: datetime | None = None) -> bool:
    """Whether the node is Ready, said after `since`, and pods can be made (default service account)."""
    try:
        node = client.get(Node, spec.name)
        client.get(ServiceAccount, "default", namespace="default")
    except API_ERRORS:
        return False
    return ready_since(node, since)


def ready_since(node: NodeObject, since: datetime | None) -> bool:
    """A restarted node still shows its old condition until kubelet writes a new one, hence `since`."""
    conditions = (node.status and node.status.conditions) or []
    for condition in conditions:
        if condition.type == "Ready" and condition.status == "True":
            beat = condition.lastHeartbeatTime
            return since is None or (beat is not None and beat >= since)
    return False


def now() -> datetime:
    """Kubernetes writes whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)
