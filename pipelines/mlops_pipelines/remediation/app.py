"""The receiver's HTTP side: it checks, queues and answers at once, and never waits for an action.

POST /alerts    Alertmanager's webhook, with `Authorization: Bearer <token>`
GET  /healthz   the worker lives
GET  /readyz    what was recorded before has been read
GET  /metrics
"""

from __future__ import annotations

import asyncio
import hmac

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mlops_pipelines.remediation import counters, notifications
from mlops_pipelines.remediation.settings import Policy
from mlops_pipelines.remediation.worker import Worker
from mlops_serving.metrics.text import CONTENT_TYPE

LARGEST_BODY = 1 << 20
BODY_SECONDS = 10.0
PATH = "/alerts"


class _Refused(Exception):
    """A call that is not taken: HTTP status, the counter's label, and what to say."""

    def __init__(self, status: int, result: str, text: str) -> None:
        super().__init__(text)
        self.status, self.result = status, result


def application(policy: Policy, token: str, worker: Worker) -> Starlette:
    """The ASGI application over a worker."""

    async def alerts(request: Request) -> Response:
        try:
            answer = await _take(request, policy, token, worker)
        except _Refused as refused:
            worker.counters.add(counters.NOTIFICATIONS, refused.result)
            return _error(refused)
        worker.counters.add(counters.NOTIFICATIONS, "accepted")
        return JSONResponse(answer)

    async def healthz(_: Request) -> Response:
        return _state(worker.alive, "the worker has ended")

    async def readyz(_: Request) -> Response:
        return _state(worker.ready, "what was recorded before is not read yet; see the log")

    async def metrics(_: Request) -> Response:
        return Response(worker.counters.text(), headers={"content-type": CONTENT_TYPE})

    return Starlette(
        routes=[
            Route(PATH, alerts, methods=["POST"]),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
        ]
    )


async def _take(request: Request, policy: Policy, token: str, worker: Worker) -> dict[str, int]:
    if not _authorized(request, token):
        raise _Refused(401, "unauthorized", "give the token as `Authorization: Bearer <token>`")
    if not worker.ready:
        raise _Refused(503, "unready", "what was recorded before is not read yet; send again later")
    try:
        found = notifications.sort(notifications.parse(await _body(request)), policy)
    except ValueError as error:
        raise _Refused(400, "malformed", str(error)) from None
    if found.incidents and not worker.offer(found.incidents):
        raise _Refused(503, "queue_full", "too many notifications wait; send again later")
    numbers = {
        "decision": sum(incident.alerts for incident in found.incidents),
        "ignored": found.ignored,
        "resolved": found.resolved,
    }
    for result, number in numbers.items():
        worker.counters.add(counters.ALERTS, result, by=number)
    return numbers


def _authorized(request: Request, token: str) -> bool:
    given = request.headers.get("authorization", "")
    return hmac.compare_digest(given.encode("latin-1"), f"Bearer {token}".encode())


async def _body(request: Request) -> bytes:
    """The whole body, if it is small enough and comes in time; what is too large is not read on."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > LARGEST_BODY:
                    raise _Refused(413, "too_large", f"a notification has at most {LARGEST_BODY} bytes")
    except (TimeoutError, ClientDisconnect):
        raise _Refused(408, "too_slow", f"the body did not come within {BODY_SECONDS:.0f} s") from None
    return bytes(body)


def _error(refused: _Refused) -> Response:
    headers = {"connection": "close"} if refused.status in (408, 413) else {}
    if refused.status == 401:
        headers["www-authenticate"] = "Bearer"
    if refused.status == 503:
        headers["retry-after"] = "5"
    return JSONResponse({"error": str(refused)}, refused.status, headers)


def _state(good: bool, problem: str) -> Response:
    return JSONResponse({"ok": True}) if good else JSONResponse({"error": problem}, 503)
