"""`inference.GRPCInferenceService`: messages in, messages out, both as the bytes that grpc hands over.

A call's deadline bounds its wait. A call whose client has left is cancelled, which harms no other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from importlib.metadata import version
from typing import Any, Final

import grpc
from google.protobuf import json_format

from mlops_serving.access import Access
from mlops_serving.errors import NotFound, RequestError, Unavailable, Unsupported
from mlops_serving.grpc_api import messages
from mlops_serving.grpc_api.decode import to_request
from mlops_serving.grpc_api.encode import stream_error, streamed, to_reply
from mlops_serving.grpc_api.status import status
from mlops_serving.inference import Inference
from mlops_serving.logs import log
from mlops_serving.models import LoadedModel
from mlops_serving.protocol import replies
from mlops_serving.protocol.datatypes import Array
from mlops_serving.protocol.requests import InferRequest, Signature
from mlops_serving.request_lines import identity

SERVICE: Final = "inference.GRPCInferenceService"
_LOOKS: Final = 10
_LOOK_SECONDS: Final = 0.02
"""In so short a time a client that has its answer sends the next request, if it has one."""
_BUG: Final = "the server failed; its log says why"
_REPOSITORY: Final = "models are listed, loaded and unloaded at the operators' port, POST /v2/repository/..."
_UNSUPPORTED: Final = {
    "ModelConfig": "models have no Triton configuration here; ask for ModelMetadata",
    "ModelStatistics": "statistics are metrics here; read /metrics at the operators' port",
    "RepositoryIndex": _REPOSITORY,
    "RepositoryModelLoad": _REPOSITORY,
    "RepositoryModelUnload": _REPOSITORY,
}
"""Triton's methods that this server has not, and what to do instead."""

Answer = Callable[[bytes, Any], Awaitable[bytes]]


class InferenceService:
    """The service's methods over `Inference`; made and used on the event loop's thread."""

    def __init__(self, inference: Inference, sticky_header: str, access: Access | None) -> None:
        self._inference, self._sticky_header, self._access = inference, sticky_header, access
        self._leaving: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._answering = asyncio.Event()
        self._answering.set()
        self._calls = 0
        self._version = version("mlops-serving")

    def handlers(self) -> Any:
        """For a gRPC server."""
        answers: dict[str, Answer] = {
            "ServerLive": self._server_live,
            "ServerReady": self._server_ready,
            "ModelReady": self._model_ready,
            "ServerMetadata": self._server_metadata,
            "ModelMetadata": self._model_metadata,
            "ModelInfer": self._infer,
            **{name: _refusing(text) for name, text in _UNSUPPORTED.items()},
        }
        handlers = {
            name: grpc.unary_unary_rpc_method_handler(self._guarded(one)) for name, one in answers.items()
        }
        handlers["ModelStreamInfer"] = grpc.stream_stream_rpc_method_handler(self._stream)
        return grpc.method_handlers_generic_handler(SERVICE, handlers)

    def end_streams(self) -> None:
        """Let every stream end after the request that it has in hand."""
        if not self._leaving.done():
            self._leaving.set_result(None)

    async def hold(self) -> None:
        """Keep the answers back from now on, and wait until no more calls come: each client waits then."""
        self._answering.clear()
        for _ in range(_LOOKS):
            before = self._calls
            await asyncio.sleep(_LOOK_SECONDS)
            if self._calls == before:
                return

    def release(self) -> None:
        """Give the answers that were kept back, and from now on all at once."""
        self._answering.set()

    def _guarded(self, answer: Answer) -> Answer:
        """Every failure leaves as a status with a text."""

        async def handle(data: bytes, context: Any) -> bytes:
            self._calls += 1
            found = await _outcome(answer, data, context)
            if not self._answering.is_set():
                await self._answering.wait()
            if isinstance(found, bytes):
                return found
            aborted: bytes = await context.abort(*found)
            return aborted

        return handle

    async def _infer(self, data: bytes, context: Any) -> bytes:
        return await self._answer(messages.parse(messages.ModelInferRequest, data), len(data), context)

    async def _answer(self, message: Any, size: int, context: Any) -> bytes:
        async def read(expected: Signature) -> InferRequest:
            return to_request(message, size, context.time_remaining(), expected)

        def write(model: LoadedModel, request: InferRequest, outputs: Mapping[str, Array]) -> bytes:
            return to_reply(model, request, outputs, bool(message.raw_input_contents))

        name, asked = message.model_name, message.model_version or None
        sent = self._allowed(context, name)
        call = self._inference.begin(sent)
        if call is not None:
            context.set_trailing_metadata(tuple(call.headers))
        sticky = sent(self._sticky_header)
        return await self._inference.answer(name, asked, read, write, sticky, sent, call)

    def _allowed(self, context: Any, model: str) -> Callable[[str], str | None]:
        """The call's metadata by name, after its key was found good for `model`."""
        sent: Callable[[str], str | None] = dict(context.invocation_metadata()).get
        if self._access is not None:
            self._access.allowed(sent("authorization"), sent("api-key"), model)
        return sent

    async def _stream(self, _: Any, context: Any) -> None:
        while (data := await self._next(context)) is not grpc.aio.EOF:
            await context.write(await self._one_of_stream(data, context))

    async def _next(self, context: Any) -> Any:
        """The stream's next message; its end also when the server leaves."""
        reading = asyncio.ensure_future(context.read())
        try:
            await asyncio.wait((reading, self._leaving), return_when=asyncio.FIRST_COMPLETED)
            return reading.result() if reading.done() else grpc.aio.EOF
        finally:
            reading.cancel()

    async def _one_of_stream(self, data: bytes, context: Any) -> bytes:
        message = messages.ModelInferRequest()
        try:
            message = messages.parse(messages.ModelInferRequest, data)
            return streamed(await self._answer(message, len(data), context))
        except RequestError as error:
            text = status(error)[1]
        except Exception:
            log.exception(
                "a request of a stream failed for a reason that is a bug",
                extra={"fields": _identity(context)},
            )
            text = _BUG
        return stream_error(text, message.model_name, message.model_version, message.id)

    async def _server_live(self, data: bytes, context: Any) -> bytes:
        return _bytes(messages.ServerLiveResponse(live=True))

    async def _server_ready(self, data: bytes, context: Any) -> bytes:
        return _bytes(messages.ServerReadyResponse(ready=self._inference.ready))

    async def _model_ready(self, data: bytes, context: Any) -> bytes:
        """A model that the server has not is an error; a version that is not loaded is not ready."""
        asked = messages.parse(messages.ModelReadyRequest, data)
        self._allowed(context, asked.name)
        slot = self._inference.slots[asked.name]
        try:
            slot.find(asked.version or None)
            ready = True
        except (NotFound, Unavailable):
            ready = False
        return _bytes(messages.ModelReadyResponse(ready=ready))

    async def _server_metadata(self, data: bytes, context: Any) -> bytes:
        self._allowed(context, "")
        return _bytes(messages.ServerMetadataResponse(name="mlops-serving", version=self._version))

    async def _model_metadata(self, data: bytes, context: Any) -> bytes:
        asked = messages.parse(messages.ModelMetadataRequest, data)
        self._allowed(context, asked.name)
        slot = self._inference.slots[asked.name]
        model = slot.find(asked.version or None).model
        body = replies.model_metadata(model.manifest, [kept.version for kept in slot.resident()])
        # REST's answer has the same names; what only REST has is left out.
        return _bytes(json_format.Parse(body, messages.ModelMetadataResponse(), ignore_unknown_fields=True))


async def _outcome(answer: Answer, data: bytes, context: Any) -> bytes | tuple[grpc.StatusCode, str]:
    try:
        return await answer(data, context)
    except RequestError as error:
        return status(error)
    except Exception:
        log.exception("a call failed for a reason that is a bug", extra={"fields": _identity(context)})
        return grpc.StatusCode.INTERNAL, _BUG


def _identity(context: Any) -> dict[str, Any]:
    return identity(dict(context.invocation_metadata()).get, None, None)


def _refusing(text: str) -> Answer:
    async def refuse(data: bytes, context: Any) -> bytes:
        raise Unsupported(text)

    return refuse


def _bytes(message: Any) -> bytes:
    written: bytes = message.SerializeToString()
    return written
