"""The REST side of the request path: a bare RSGI callable, from a request to its answer.

    granian ─▶ App.__rsgi__ ─▶ paths.route ─▶ Inference.answer(requests.decode, replies.infer_reply)

Every failure leaves as a status with `{"error": text}`. Health never waits for a model.
Source of the calling convention: granian, docs/spec/RSGI.md.
"""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any, Final

from mlops_serving.access import Access
from mlops_serving.bodies import Bodies
from mlops_serving.calls import Call
from mlops_serving.errors import Forbidden, RequestError, Unauthenticated
from mlops_serving.inference import LARGE, Inference
from mlops_serving.logs import log
from mlops_serving.metrics.segment import Segment
from mlops_serving.metrics.text import merge
from mlops_serving.models import LoadedModel
from mlops_serving.protocol import binary, encodings, failures, replies, statistics
from mlops_serving.protocol.datatypes import Array
from mlops_serving.protocol.openapi import document
from mlops_serving.protocol.paths import Action, Route, route
from mlops_serving.protocol.requests import InferRequest, Signature, decode
from mlops_serving.request_lines import identity

Headers = list[tuple[str, str]]

_JSON: Final = [("content-type", "application/json")]
_OPEN: Final = (Action.LIVE, Action.READY)
"""What needs no key, so that probes work."""
_CLOSE: Final = ("connection", "close")
EXTENSIONS: Final = ("binary_tensor_data", "statistics")
"""Extensions of the protocol that every server has."""


class App:
    """The server's RSGI callable.

    `segments` are those of all workers, for statistics; `extensions` what the server says it has.
    """

    def __init__(
        self,
        inference: Inference,
        bodies: Bodies,
        sticky_header: str,
        segments: Sequence[Segment] = (),
        extensions: Sequence[str] = EXTENSIONS,
        access: Access | None = None,
    ) -> None:
        self._inference, self._access = inference, access
        self._bodies, self._sticky_header = bodies, sticky_header
        self._segments, self._extensions = segments, extensions
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
                status = 200
                call = self._inference.begin(scope.headers.get)
                headers, body = await self._infer(asked, scope.headers, protocol, call)
            else:
                status, body = self._answer(asked)
        except RequestError as error:
            if isinstance(error, Unauthenticated | Forbidden):
                await self._bodies.discard(protocol)
            status, body = error.status, failures.error(str(error))
            headers = _JSON + failures.headers(error)
        except Exception:
            fields = {"path": scope.path} | identity(scope.headers.get, None, call)
            log.exception("a request failed for a reason that is a bug", extra={"fields": fields})
            status, body = 500, failures.error("the server failed; its log says why")
        if self._inference.draining:
            headers = [*headers, _CLOSE]
        if call is not None:
            headers = [*headers, *call.headers]
        protocol.response_bytes(status, headers, body)

    async def _infer(
        self, asked: Route, given: Any, protocol: Any, call: Call | None
    ) -> tuple[Headers, bytes]:
        async def read(expected: Signature) -> InferRequest:
            header = given.get(binary.HEADER)
            body = await self._bodies.whole(given, protocol)
            if header is not None:
                return decode(body, expected, binary.header_length(header))
            if len(body) > LARGE:
                return await to_thread(decode, body, expected)
            return decode(body, expected)

        sticky = given.get(self._sticky_header)
        body, header = await self._inference.answer(
            asked.model, asked.version, read, _write, sticky, given.get, call
        )
        headers: Headers = _JSON
        if header:
            headers = [("content-type", binary.CONTENT_TYPE), (binary.HEADER, str(header))]
        if len(body) >= encodings.SMALLEST:
            return await _compressed(headers, body, given.get("accept-encoding"))
        return headers, body

    def _answer(self, asked: Route) -> tuple[int, bytes]:
        match asked.action:
            case Action.LIVE:
                return 200, failures.health(self._inference.ready)
            case Action.READY:
                return self._readiness()
            case Action.SERVER_METADATA:
                return 200, replies.server_metadata(self._version, self._extensions)
            case Action.OPENAPI:
                return 200, document(self._version, tuple(self._inference.slots))
            case Action.ALL_STATISTICS:
                return 200, self._statistics(self._resident(tuple(self._inference.slots)))
            case _:
                return self._about_model(asked)

    def _readiness(self) -> tuple[int, bytes]:
        if self._inference.ready:
            return 200, failures.health(True)
        why = "the server is shutting down" if self._inference.draining else "not every model is loaded yet"
        return 503, failures.health(False, why)

    def _about_model(self, asked: Route) -> tuple[int, bytes]:
        slot = self._inference.slots[asked.model]
        model = slot.find(asked.version).model
        if asked.action is Action.MODEL_READY:
            return 200, replies.model_ready(asked.model, True)
        if asked.action is Action.STATISTICS:
            of = self._resident((asked.model,)) if asked.version is None else [(asked.model, model.version)]
            return 200, self._statistics(of)
        return 200, replies.model_metadata(model.manifest, [kept.version for kept in slot.resident()])

    def _resident(self, names: Sequence[str]) -> list[tuple[str, str]]:
        slots = self._inference.slots
        return [(name, model.version) for name in names for model in slots[name].resident()]

    def _statistics(self, of: Sequence[tuple[str, str]]) -> bytes:
        return statistics.model_statistics(merge(self._segments), of)


def _write(model: LoadedModel, request: InferRequest, outputs: Mapping[str, Array]) -> replies.Written:
    return replies.infer_reply(model.manifest, model.signature, request, outputs)


async def _compressed(headers: Headers, body: bytes, accept: str | None) -> tuple[Headers, bytes]:
    encoding = encodings.accepted(accept) if accept else None
    if encoding is None:
        return headers, body
    if len(body) <= encodings.INLINE_BYTES:
        smaller = encodings.deflate(body, encoding)
    else:
        smaller = await to_thread(encodings.deflate, body, encoding)
    return [*headers, ("content-encoding", encoding)], smaller
