"""The places of models: which versions stand in one, and which of them answers a request.

A release changes a slot by replacing one reference, so a request sees the slot before or after it, never
between. The version served before stays in memory, so that going back is instant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal
from zlib import crc32

from mlops_serving.errors import NotFound, Unavailable
from mlops_serving.metrics.catalog import Metrics
from mlops_serving.metrics.distribution import Distribution
from mlops_serving.metrics.meters import Number
from mlops_serving.models import LoadedModel

Role = Literal["stable", "candidate", "previous"]
Mode = Literal["stable", "shadow", "canary"]


class Meters:
    """The series that one model version in one role counts on, looked up once."""

    __slots__ = ("answered", "batch_rows", "decode", "encode", "last", "ok", "predict", "queue", "seconds")

    def __init__(self, metrics: Metrics, name: str, version: str, role: str) -> None:
        self.answered = metrics.requests
        self.ok: Number = metrics.requests.labels(name, version, role, "200")
        self.seconds: Distribution = metrics.request_seconds.distribution(name, version, role)
        self.last: Number = metrics.last_seconds.labels(name, version, role)
        self.batch_rows: Distribution = metrics.batch_rows.distribution(name, version)
        self.decode: Distribution = metrics.stage_seconds.distribution(name, version, "decode")
        self.queue: Distribution = metrics.stage_seconds.distribution(name, version, "queue")
        self.predict: Distribution = metrics.stage_seconds.distribution(name, version, "predict")
        self.encode: Distribution = metrics.stage_seconds.distribution(name, version, "encode")


@dataclass(frozen=True, slots=True, eq=False)
class Served:
    """A model version in a role."""

    model: LoadedModel
    role: Role
    meters: Meters


@dataclass(frozen=True, slots=True)
class Standing:
    """Who stands in a slot. `weight` is the candidate's share in percent; `mode` says of what."""

    stable: Served
    candidate: Served | None = None
    previous: Served | None = None
    mode: Mode = "stable"
    weight: int = 0

    def __iter__(self) -> Iterator[Served]:
        """All that are in memory, the stable one first."""
        return (served for served in (self.stable, self.candidate, self.previous) if served)


class ModelSlot:
    """The place of one model. Readers on the event loop see a change whole or not at all."""

    def __init__(self, name: str, endpoint: str, metrics: Metrics) -> None:
        self.name, self.endpoint = name, endpoint
        self._metrics = metrics
        self._salt = crc32(endpoint.encode())
        self.standing: Standing | None = None
        self.unloaded = False
        self.in_flight = 0

    @property
    def ready(self) -> bool:
        """Whether a stable version is loaded."""
        return self.standing is not None

    def resident(self) -> tuple[LoadedModel, ...]:
        """The models in memory, the stable one first."""
        return tuple(served.model for served in self.standing or ())

    def change(
        self,
        stable: LoadedModel,
        candidate: LoadedModel | None = None,
        mode: Mode = "stable",
        weight: int = 0,
    ) -> None:
        """From now on serve `stable`, beside it `candidate`; keep what was stable until now."""
        before = self.standing
        kept: LoadedModel | None = None
        if before:
            kept = before.stable.model
            if kept is stable:
                kept = before.previous.model if before.previous else None
        if kept is candidate:
            kept = None
        self.standing = Standing(
            self._served(stable, "stable"),
            self._served(candidate, "candidate") if candidate else None,
            self._served(kept, "previous") if kept else None,
            mode if candidate else "stable",
            weight if candidate else 0,
        )
        self._show()

    def clear(self) -> None:
        """Hold no model any more."""
        self.standing = None
        self._show()

    def find(self, version: str | None) -> Served:
        """The version asked for, without one the stable; raises `NotFound` or `Unavailable`."""
        standing = self.standing
        if standing is None:
            raise Unavailable(f"model {self.name!r} is not loaded; try again in a moment")
        if version is None:
            return standing.stable
        for served in standing:
            if served.model.version == version:
                return served
        known = ", ".join(served.model.version for served in standing)
        raise NotFound(f"model {self.name!r} has no version {version!r} loaded; loaded are: {known}")

    def choose(self, standing: Standing, key: str | None, draw: float) -> Served:
        """The version that answers a request which names none.

        In a canary the same `key` always meets the same version while the weight stands, and stays with
        the candidate when the weight grows; without a key `draw`, uniform in [0, 1), decides.
        """
        if standing.mode != "canary" or standing.candidate is None:
            return standing.stable
        place = draw * 100 if key is None else crc32(key.encode(), self._salt) % 10_000 / 100
        return standing.candidate if place < standing.weight else standing.stable

    def _show(self) -> None:
        """Say in the metrics who stands here."""
        served = [(self.name, one.model.version, one.role) for one in self.standing or ()]
        self._metrics.model_info.only(self.endpoint, served)
        self._metrics.model_ready.labels(self.name).set(bool(served))

    def _served(self, model: LoadedModel, role: Role) -> Served:
        return Served(model, role, Meters(self._metrics, self.name, model.version, role))


class Slots(Mapping[str, ModelSlot]):
    """All models of the server by name."""

    def __init__(self, slots: Mapping[str, ModelSlot]) -> None:
        self._slots = dict(slots)

    def __getitem__(self, name: str) -> ModelSlot:
        """Raises `NotFound` for a name that the server has not."""
        slot = self._slots.get(name)
        if slot is None:
            known = ", ".join(map(repr, self._slots))
            raise NotFound(f"there is no model {name!r} here; this server has {known}")
        return slot

    def __iter__(self) -> Iterator[str]:
        return iter(self._slots)

    def __len__(self) -> int:
        return len(self._slots)

    @property
    def ready(self) -> bool:
        """Whether every expected model is loaded; never for an empty server."""
        return bool(self._slots) and all(slot.ready or slot.unloaded for slot in self._slots.values())
