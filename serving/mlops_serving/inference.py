"""From a model's name and a way to read the request to the answer: what REST and gRPC have in common.

    read ─▶ choose (canary) ─▶ Batcher.run ─▶ write ─▶ answer
                                  │
                                  └─▶ after the answer: shadow, observers

Every request is counted here, whatever becomes of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from random import random
from time import perf_counter
from typing import Protocol, TypeVar

from mlops_serving.batcher import Batcher
from mlops_serving.errors import PredictionFailed, RequestError
from mlops_serving.logs import log
from mlops_serving.metrics.catalog import Metrics
from mlops_serving.models import LoadedModel
from mlops_serving.observe.expectations import Gate, refusal
from mlops_serving.protocol.datatypes import Array
from mlops_serving.protocol.requests import InferRequest, Signature
from mlops_serving.shadow import Shadow
from mlops_serving.slots import ModelSlot, Served, Slots

Reply = TypeVar("Reply")
Outputs = Mapping[str, Array]


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
        observers: Sequence[Observer] = (),
    ) -> None:
        self.slots = slots
        self._batchers, self._shadow, self._metrics = batchers, shadow, metrics
        self._observers = tuple(observers)
        self.draining = False
        self.in_flight = 0
        self.last_request = perf_counter()

    @property
    def ready(self) -> bool:
        """Whether the server wants requests: every expected model is loaded and no shutdown has begun."""
        return not self.draining and self.slots.ready

    async def answer(
        self,
        name: str,
        version: str | None,
        read: Callable[[Signature], Awaitable[InferRequest]],
        write: Callable[[LoadedModel, InferRequest, Outputs], Reply],
        sticky: str | None = None,
    ) -> Reply:
        """Read a request, answer it, write the reply; raises `RequestError`.

        `sticky` is the key by which a canary keeps a client on one version; without it the request's id.
        """
        started = self.last_request = perf_counter()
        slot = self._slot(name)
        in_flight = self._metrics.in_flight.labels(slot.name)
        in_flight.add(1)
        self.in_flight += 1
        served: Served | None = None
        code = 200
        try:
            served = slot.find(version)
            request = await read(served.model.signature)
            if version is None:
                served = self._chosen(slot, served, sticky or request.id)
            if served.model.gate is not None:
                self._check(slot.name, served.model, served.model.gate, request)
            served.meters.decode.observe(perf_counter() - started)
            outputs = await self._batchers[name].run(served, request)
            answered = perf_counter()
            reply = write(served.model, request, outputs)
            served.meters.encode.observe(perf_counter() - answered)
            self._after(slot, served, request, outputs)
            return reply
        except RequestError as error:
            code = error.status
            self._refused(slot.name, error)
            raise
        except BaseException:
            code = 500
            raise
        finally:
            self.in_flight -= 1
            in_flight.add(-1)
            self._count(slot.name, served, code, perf_counter() - started)

    def _slot(self, name: str) -> ModelSlot:
        try:
            return self.slots[name]
        except RequestError as error:
            self._refused("", error)
            raise

    @staticmethod
    def _chosen(slot: ModelSlot, served: Served, key: str | None) -> Served:
        standing = slot.standing
        if standing is None or standing.candidate is None:
            return served
        return slot.choose(standing, key, random())  # noqa: S311 - a draw, not a secret

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

    def _refused(self, name: str, error: RequestError) -> None:
        self._metrics.rejected.labels(name, error.kind).add()
        if isinstance(error, PredictionFailed):
            log.error("the model failed on a request", extra={"fields": {"model": name}})

    def _count(self, name: str, served: Served | None, code: int, seconds: float) -> None:
        if served is None:
            self._metrics.requests.labels(name, "", "", str(code)).add()
            return
        if code == 200:
            served.meters.ok.add()
        else:
            self._metrics.requests.labels(name, served.model.version, served.role, str(code)).add()
        served.meters.seconds.observe(seconds)
