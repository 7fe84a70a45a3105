"""The gate's port for operators.

GET /metrics
GET /requests         what all gates of the endpoint have in hand, for the autoscaler
GET /requests/own     what this one has
GET /v2/health/live | ready
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import orjson

from mlops_serving.errors import NotFound, RequestError
from mlops_serving.gate.app import Gate
from mlops_serving.gate.load import Load
from mlops_serving.gate.peers import OWN, Peers
from mlops_serving.logs import log
from mlops_serving.metrics.text import CONTENT_TYPE
from mlops_serving.protocol import failures

NAMES: Final = {
    "mlops_gate_in_hand": ("gauge", "Requests that wait or are being answered."),
    "mlops_gate_waiting": ("gauge", "Requests that wait for a pod."),
    "mlops_gate_oldest_wait_seconds": ("gauge", "How long the oldest of them has waited."),
    "mlops_gate_held_total": ("counter", "Requests that had to wait."),
    "mlops_gate_refused_total": ("counter", "Requests turned away: queue_full, no_pod."),
    "mlops_gate_failed_total": ("counter", "Requests that a pod did not answer: broken, timeout."),
}


class Admin:
    """The RSGI callable of the operators' port."""

    def __init__(self, gate: Gate, load: Load, peers: Peers) -> None:
        self._gate, self._load, self._peers = gate, load, peers

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Answer one request."""
        headers = [("content-type", "application/json")]
        try:
            match scope.path:
                case "/metrics":
                    status, body, headers = 200, self._metrics(), [("content-type", CONTENT_TYPE)]
                case "/requests":
                    status, body = 200, orjson.dumps({"requests": await self._peers.wanted()})
                case path if path == OWN:
                    status, body = 200, orjson.dumps({"requests": self._load.wanted()})
                case "/v2/health/live":
                    status, body = 200, failures.health(not self._gate.draining)
                case "/v2/health/ready" if self._gate.draining:
                    status, body = 503, failures.health(False, "the gate is shutting down")
                case "/v2/health/ready":
                    status, body = 200, failures.health(True)
                case _:
                    raise NotFound(f"there is nothing at {scope.path!r}; see /metrics")
        except RequestError as error:
            status, body = error.status, failures.error(str(error))
        except Exception:
            log.exception("an operator's request failed for a reason that is a bug")
            status, body = 500, failures.error("the gate failed; its log says why")
        protocol.response_bytes(status, headers, body)

    def _metrics(self) -> bytes:
        lines: list[str] = []
        values = dict(self._values())
        for name, (kind, text) in NAMES.items():
            lines += [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]
            lines += [f"{name}{labels} {value:g}" for labels, value in values[name]]
        return ("\n".join(lines) + "\n").encode()

    def _values(self) -> Iterator[tuple[str, list[tuple[str, float]]]]:
        load = self._load
        yield "mlops_gate_in_hand", [("", load.in_hand)]
        yield "mlops_gate_waiting", [("", load.waiting)]
        yield "mlops_gate_oldest_wait_seconds", [("", load.oldest_wait)]
        yield "mlops_gate_held_total", [("", load.held)]
        for name, counts in (("refused", load.refused), ("failed", load.failed)):
            series = [(f'{{reason="{reason}"}}', float(count)) for reason, count in sorted(counts.items())]
            yield f"mlops_gate_{name}_total", series
