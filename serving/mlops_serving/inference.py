"""From a model's name and a way to read the request to the answer: what REST and gRPC have in common.

    read ─▶ choose (canary) ─▶ Batcher.run ─▶ write ─▶ answer
                                  │
                                  └─▶ after the answer: shadow, observers

Every request is counted here, whatever becomes of it.
"""

from __future__ import annotations

from asyncio import CancelledError, to_thread
from collections.abc import Awaitable, Callable, Mapping, Sequence
from random import random
from time import perf_counter, time
from typing import Final, Protocol, TypeVar

from mlops_serving.batcher import Batcher
from mlops_serving.calls import Call, Header
from mlops_serving.errors import PredictionFailed, RequestError
from mlops_serving.logs import log
from mlops_serving.metrics.catalog import Metrics
from mlops_serving.models import LoadedModel
from mlops_serving.observe.expectations import Gate, refusal
from mlops_serving.protocol.datatypes import Array
from mlops_serving.protocol.requests import InferRequest, Signature
from mlops_serving.request_lines import identity
from mlops_serving.shadow import Shadow
from mlops_serving.slots import ModelSlot, Served, Slots
from mlops_serving.tracing import Telemetry

Reply = TypeVar("Reply")
Outputs = Mapping[str, Array]

LARGE: Final = 1 << 20
"""Bytes of a document, or of an array to be written as one, beyond which a thread does it: in pieces, between
which others have their turn."""
_CLIENT_LEFT: Final = 499
"""What proxies count a request as whose client did not wait for the answer."""


def _no_header(name: str) -> None:
    """The headers of a request that comes from no transport."""


class Observer(Protocol):
    """Whoever wants to know what was answered. Called on the event loop: it must only take note."""

    def seen(self, slot: ModelSlot, served: Served, request: InferRequest, outputs: Outputs) -> None:
        """Note one answered request; the arrays are never changed by anybody."""
        ...


class Inference:
    """Answers infer requests. All methods are for the event loop's thread."""

    def __init__(
        self,
        slots: Slots,
        batchers: Mapping[str, Batcher],
        shadow: Shadow,
        metrics: Metrics,
        telemetry: Telemetry,
        observers: Sequence[Observer] = (),
        peers_ready: Callable[[], bool] = lambda: True,
    ) -> None:
        self.slots = slots
        self._batchers, self._shadow, self._metrics = batchers, shadow, metrics
        self._observers, self._telemetry = tuple(observers), telemetry
        self._peers_ready = peers_ready
        self.draining = False
        self.in_flight = 0
        self.last_request = perf_counter()
        metrics.before_flush(self._show)

    @property
    def worker_ready(self) -> bool:
        """Whether this worker wants requests: every expected model is loaded and no shutdown has begun."""
        return not self.draining and self.slots.ready

    @property
    def ready(self) -> bool:
        """Whether the server wants requests: so do all workers that a client may meet."""
        return self.worker_ready and self._peers_ready()

    def begin(self, header: Header) -> Call | None:
        """What to give to `answer` for a request that is to be traced or logged; None for the others."""
        return self._telemetry.begin(header)

    async def answer(
        self,
        name: str,
        version: str | None,
        read: Callable[[Signature], Awaitable[InferRequest]],
        write: Callable[[LoadedModel, InferRequest, Outputs], Reply],
        sticky: str | None = None,
        header: Header = _no_header,
        call: Call | None = None,
    ) -> Reply:
        """Read a request, answer it, write the reply; raises `RequestError`.

        `sticky` is the key by which a canary keeps a client on one version; without it the request's id.
        `header` gives the transport's headers, and is asked when something about the request is logged.
        """
        started = self.last_request = perf_counter()
        slot = self._slot(name, started, header, call)
        slot.in_flight += 1
        self.in_flight += 1
        served: Served | None = None
        request: InferRequest | None = None
        code = 200
        try:
            served, standing = slot.find(version), slot.standing
            request = await read(served.model.signature)
            # Who stood there when the request came: it was read for the inputs of that version.
            if version is None and standing is not None and standing.candidate is not None:
                served = slot.choose(standing, sticky or request.id, random())  # noqa: S311 - no secret
            decoded = perf_counter()
            served.meters.decode.observe(decoded - started)
            if call is not None:
                call.decoded = decoded
            if served.model.gate is not None:
                self._check(slot.name, served.model, served.model.gate, request)
            outputs = await self._batchers[name].run(served, request, call, started)
            answered = perf_counter()
            if call is not None:
                call.answered = answered
            written = (served.model, request, outputs)
            reply = await to_thread(write, *written) if _large_text(request, outputs) else write(*written)
            served.meters.encode.observe(perf_counter() - answered)
            self._after(slot, served, request, outputs)
            return reply
        except RequestError as error:
            code = error.status
            self._refused(slot.name, error, header, request, call)
            raise
        except CancelledError:
            code = _CLIENT_LEFT
            raise
        except BaseException:
            code = 500
            raise
        finally:
            slot.in_flight -= 1
            self.in_flight -= 1
            self._done(slot.name, served, request, code, started, header, call)

    def _show(self) -> None:
        self._metrics.ready.labels().set(self.worker_ready)
        for name, slot in self.slots.items():
            batcher = self._batchers[name]
            self._metrics.in_flight.labels(name).set(slot.in_flight)
            self._metrics.queue_rows.labels(name).set(batcher.rows)
            self._metrics.queue_bytes.labels(name).set(batcher.bytes)

    def _slot(self, name: str, started: float, header: Header, call: Call | None) -> ModelSlot:
        try:
            return self.slots[name]
        except RequestError as error:
            self._refused("", error, header, None, call)
            if call is not None:
                self._telemetry.end(call, "", None, None, error.status, started)
            raise

    def _check(self, name: str, model: LoadedModel, gate: Gate, request: InferRequest) -> None:
        """Refuse what a strict model does not expect; nobody sees it later, so it is counted here."""
        if problems := gate.problems(request.inputs):
            for problem in problems:
                labels = (name, model.version, problem.feature, problem.kind)
                self._metrics.data_problems.labels(*labels).add(problem.rows)
            raise refusal(problems)

    def _after(self, slot: ModelSlot, served: Served, request: InferRequest, outputs: Outputs) -> None:
        for observer in self._observers:
            observer.seen(slot, served, request, outputs)
        standing = slot.standing
        if standing and standing.mode == "shadow" and standing.candidate and served is standing.stable:
            self._shadow.offer(standing.candidate, standing.weight, request, outputs)

    def _refused(
        self,
        name: str,
        error: RequestError,
        header: Header,
        request: InferRequest | None,
        call: Call | None,
    ) -> None:
        self._metrics.rejected.labels(name, error.kind).add()
        if isinstance(error, PredictionFailed):
            fields = {"model": name, "place": error.place} | identity(header, request, call)
            log.error("the model failed on a request", extra={"fields": fields})

    def _done(
        self,
        name: str,
        served: Served | None,
        request: InferRequest | None,
        code: int,
        started: float,
        header: Header,
        call: Call | None,
    ) -> None:
        """Count a request, and tell of it what is to be traced or logged."""
        seconds = perf_counter() - started
        self._count(name, served, code, seconds)
        if call is not None:
            self._telemetry.end(call, name, served, request, code, started)
        # What failed with 500 has a line already, which says where.
        elif code > 500 or seconds >= self._telemetry.slow_seconds:
            self._telemetry.notice(header, name, served, request, code, seconds)

    def _count(self, name: str, served: Served | None, code: int, seconds: float) -> None:
        if served is None:
            self._metrics.requests.labels(name, "", "", str(code)).add()
            return
        if code == 200:
            served.meters.ok.add()
            served.meters.last.set(time())
        else:
            labels = (name, served.model.version, served.role)
            self._metrics.requests.labels(*labels, str(code)).add()
            self._metrics.failed_seconds.labels(*labels).add(seconds)
        served.meters.seconds.observe(seconds)


def _large_text(request: InferRequest, outputs: Outputs) -> bool:
    return not request.binary and any(array.nbytes > LARGE for array in outputs.values())
