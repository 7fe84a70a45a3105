"""The REST side of the request path: a bare RSGI callable, from a request to its answer.

    granian ─▶ App.__rsgi__ ─▶ paths.route ─▶ Inference.answer(requests.decode, replies.infer_reply)

Every failure leaves as a status with `{"error": text}`. Health never waits for a model.
Source of the calling convention: granian, docs/spec/RSGI.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import version
from typing import Any, Final

from granian.rsgi import ProtocolClosed, ProtocolError  # type: ignore[attr-defined]

from mlops_serving.access import Access
from mlops_serving.errors import (
    BodyTooLarge,
    Forbidden,
    MethodNotAllowed,
    RequestError,
    Unauthenticated,
    Unavailable,
    Unsupported,
)
from mlops_serving.inference import Inference
from mlops_serving.logs import log
from mlops_serving.models import LoadedModel
from mlops_serving.protocol import replies
from mlops_serving.protocol.datatypes import Array
from mlops_serving.protocol.paths import Action, Route, route
from mlops_serving.protocol.requests import InferRequest, Signature, decode
from mlops_serving.tracing import Call, identity

Headers = list[tuple[str, str]]

_JSON: Final = [("content-type", "application/json")]
_OPEN: Final = (Action.LIVE, Action.READY)
"""What needs no key, so that probes work."""
_CLOSE: Final = ("connection", "close")


class App:
    """The server's RSGI callable."""

    def __init__(
        self, inference: Inference, max_body_bytes: int, sticky_header: str, access: Access | None = None
    ) -> None:
        self._inference, self._access = inference, access
        self._max_body_bytes, self._sticky_header = max_body_bytes, sticky_header
        self._version = version("mlops-serving")

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Answer one request."""
        headers: Headers = _JSON
        call: Call | None = None
        try:
            asked = route(scope.method, scope.path)
            if self._access is not None and asked.action not in _OPEN:
                sent = scope.headers
                self._access.allowed(sent.get("authorization"), sent.get("api-key"), asked.model)
            if asked.action is Action.INFER:
                call = self._inference.begin(scope.headers.get)
                status, body = 200, await self._infer(asked, scope.headers, protocol, call)
            else:
                status, body = self._answer(asked)
        except RequestError as error:
            if isinstance(error, Unauthenticated | Forbidden):
                await self._discard(protocol)
            status, body = error.status, replies.error(str(error))
            headers = _JSON + error_headers(error)
        except Exception:
            fields = {"path": scope.path} | identity(scope.headers.get, None, call)
            log.exception("a request failed for a reason that is a bug", extra={"fields": fields})
            status, body = 500, replies.error("the server failed; its log says why")
        if self._inference.draining:
            headers = [*headers, _CLOSE]
        if call is not None:
            headers = [*headers, *call.headers]
        protocol.response_bytes(status, headers, body)

    async def _infer(self, asked: Route, headers: Any, protocol: Any, call: Call | None) -> bytes:
        async def read(expected: Signature) -> InferRequest:
            return decode(await self._body(headers, protocol), expected)

        sticky = headers.get(self._sticky_header)
        return await self._inference.answer(
            asked.model, asked.version, read, _write, sticky, headers.get, call
        )

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

    async def _discard(self, protocol: Any) -> None:
        """Read what a refused client still sends: many never see an answer that comes before the end."""
        size = 0
        with suppress(ProtocolClosed, ProtocolError):
            async for chunk in protocol:
                size += len(chunk)
                if size > self._max_body_bytes:
                    return

    def _check_size(self, size: int) -> None:
        if size > self._max_body_bytes:
            raise BodyTooLarge(f"the body is larger than {self._max_body_bytes} bytes; send fewer rows")

    def _answer(self, asked: Route) -> tuple[int, bytes]:
        match asked.action:
            case Action.LIVE:
                return 200, replies.health(self._inference.ready)
            case Action.READY:
                return self._readiness()
            case Action.SERVER_METADATA:
                return 200, replies.server_metadata(self._version)
            case _:
                return self._about_model(asked)

    def _readiness(self) -> tuple[int, bytes]:
        if self._inference.ready:
            return 200, replies.health(True)
        why = "the server is shutting down" if self._inference.draining else "not every model is loaded yet"
        return 503, replies.health(False, why)

    def _about_model(self, asked: Route) -> tuple[int, bytes]:
        slot = self._inference.slots[asked.model]
        model = slot.find(asked.version).model
        if asked.action is Action.MODEL_READY:
            return 200, replies.model_ready(asked.model, True)
        return 200, replies.model_metadata(model.manifest, [kept.version for kept in slot.resident()])


def _write(model: LoadedModel, request: InferRequest, outputs: Mapping[str, Array]) -> bytes:
    return replies.infer_reply(model.manifest, model.signature, request, outputs)


def error_headers(error: RequestError) -> Headers:
    """The headers that HTTP wants beside the status of a failure."""
    if isinstance(error, Unavailable):
        return [("retry-after", str(error.retry_after))]
    if isinstance(error, MethodNotAllowed):
        return [("allow", error.allowed)]
    if isinstance(error, Unauthenticated):
        return [("www-authenticate", error.challenge)]
    return []
