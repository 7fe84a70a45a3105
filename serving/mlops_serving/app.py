"""The request path: a bare RSGI callable, from a request to its answer.

    granian ─▶ App.__rsgi__ ─▶ paths.route ─▶ requests.decode ─▶ Batcher.run ─▶ replies.infer_reply

Every failure leaves as a status with `{"error": text}`. Health and metrics never wait for a model.
Source of the calling convention: granian, docs/spec/RSGI.md.
"""

from __future__ import annotations

from importlib.metadata import version
from time import perf_counter
from typing import Any, Final

from mlops_serving.batcher import Batcher
from mlops_serving.errors import (
    BodyTooLarge,
    MethodNotAllowed,
    PredictionFailed,
    RequestError,
    Unavailable,
    Unsupported,
)
from mlops_serving.logs import log
from mlops_serving.metrics import Metrics
from mlops_serving.models import ModelSlot
from mlops_serving.protocol import replies
from mlops_serving.protocol.paths import Action, Route, route
from mlops_serving.protocol.requests import decode

Headers = list[tuple[str, str]]

_JSON: Final = ("content-type", "application/json")
_TEXT: Final = ("content-type", "text/plain; version=0.0.4; charset=utf-8")
_CLOSE: Final = ("connection", "close")


class App:
    """The server's callable and what it needs to know: the model, the queue, and whether it is leaving."""

    def __init__(self, slot: ModelSlot, batcher: Batcher, metrics: Metrics, max_body_bytes: int) -> None:
        self._slot, self._batcher, self._metrics = slot, batcher, metrics
        self._max_body_bytes = max_body_bytes
        self._version = version("mlops-serving")
        self.draining = False
        self.in_flight = 0
        self.last_request = perf_counter()
        metrics.before_scrape(self._report)

    @property
    def ready(self) -> bool:
        """Whether the server wants requests: a model is loaded and no shutdown has begun."""
        return not self.draining and self._slot.current is not None

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Answer one request."""
        headers = [_JSON]
        try:
            asked = route(scope.method, scope.path)
            if asked.action is Action.INFER:
                status, body = 200, await self._infer(asked, scope, protocol)
            else:
                status, body = self._answer(asked, headers)
        except RequestError as error:
            status, body = error.status, replies.error(str(error))
            headers += _error_headers(error)
        except Exception:
            log.exception(
                "a request failed for a reason that is a bug", extra={"fields": {"path": scope.path}}
            )
            status, body = 500, replies.error("the server failed; its log says why")
        if self.draining:
            headers.append(_CLOSE)
        protocol.response_bytes(status, headers, body)

    async def _infer(self, asked: Route, scope: Any, protocol: Any) -> bytes:
        started = self.last_request = perf_counter()
        self.in_flight += 1
        used, code = "", "200"
        try:
            model = self._slot.find(asked.model, asked.version)
            used = model.version
            request = decode(await self._body(scope.headers, protocol), model.signature)
            outputs = await self._batcher.run(model, request)
            return replies.infer_reply(model.manifest, model.signature, request, outputs)
        except RequestError as error:
            code = str(error.status)
            self._refused(error)
            raise
        except BaseException:
            code = "500"
            raise
        finally:
            self.in_flight -= 1
            self._metrics.requests.add(self._slot.name, used, code)
            self._metrics.seconds.observe(perf_counter() - started, self._slot.name, used)

    def _refused(self, error: RequestError) -> None:
        self._metrics.rejected.add(error.kind)
        if isinstance(error, PredictionFailed):
            log.error("the model failed on a request", extra={"fields": {"model": self._slot.name}})

    async def _body(self, headers: Any, protocol: Any) -> bytes:
        """The whole body, refused as soon as it is known to be too large."""
        encoding = headers.get("content-encoding", "identity")
        if encoding != "identity":
            raise Unsupported(f"content encoding {encoding!r} is not supported; send the body as it is")
        if "inference-header-content-length" in headers:
            raise Unsupported("binary tensors are not supported; send data as JSON")
        length = headers.get("content-length")
        if length is not None:
            self._check_size(int(length))
            body: bytes = await protocol()
            return body
        chunks: list[bytes] = []
        size = 0
        async for chunk in protocol:
            size += len(chunk)
            self._check_size(size)
            chunks.append(chunk)
        return b"".join(chunks)

    def _check_size(self, size: int) -> None:
        if size > self._max_body_bytes:
            raise BodyTooLarge(f"the body is larger than {self._max_body_bytes} bytes; send fewer rows")

    def _answer(self, asked: Route, headers: Headers) -> tuple[int, bytes]:
        match asked.action:
            case Action.LIVE:
                return 200, replies.health(self.ready)
            case Action.READY:
                return self._readiness()
            case Action.SERVER_METADATA:
                return 200, replies.server_metadata(self._version)
            case Action.METRICS:
                headers[0] = _TEXT
                return 200, self._metrics.text()
            case _:
                return self._about_model(asked)

    def _readiness(self) -> tuple[int, bytes]:
        if self.ready:
            return 200, replies.health(True)
        why = "the server is shutting down" if self.draining else "no model is loaded yet"
        return 503, replies.health(False, why)

    def _about_model(self, asked: Route) -> tuple[int, bytes]:
        model = self._slot.find(asked.model, asked.version)
        if asked.action is Action.MODEL_READY:
            return 200, replies.model_ready(asked.model, True)
        known = [resident.version for resident in self._slot.resident]
        return 200, replies.model_metadata(model.manifest, known)

    def _report(self) -> None:
        self._metrics.ready.set(self.ready)
        self._metrics.in_flight.set(self.in_flight)
        roles = zip(self._slot.resident, ("stable", "previous"), strict=False)
        self._metrics.model.only(*((self._slot.name, model.version, role) for model, role in roles))


def _error_headers(error: RequestError) -> Headers:
    if isinstance(error, Unavailable):
        return [("retry-after", str(error.retry_after))]
    if isinstance(error, MethodNotAllowed):
        return [("allow", error.allowed)]
    return []
