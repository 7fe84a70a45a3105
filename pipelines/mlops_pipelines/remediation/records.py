"""The record of decisions in the object store: append-only, and the receiver's memory across restarts.

`remediations/<endpoint>/<time>-<outcome>-<id>.json`, one object a decision; an action has two, one before
and one after it. Repetitions of an answered incident are no decisions: they are logged and counted only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from mlops_pipelines.remediation.settings import Action
from mlops_serving.artifact import ModelName
from mlops_serving.errors import ObjectExists
from mlops_serving.logs import log
from mlops_serving.store import Store

READ_BACK = 200
"""Newest records of an endpoint that are read after a restart, of those that tell of actions."""


class Outcome(StrEnum):
    """What became of an incident."""

    BEGUN = "begun"
    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"
    DRY_RUN = "dry-run"
    COOLDOWN = "cooldown"
    LIMIT = "limit"
    REPEAT = "repeat"


PUT_OFF = (Outcome.COOLDOWN, Outcome.LIMIT, Outcome.FAILED)
"""What no later decision rests on."""


class Record(BaseModel):
    """One decision. `at` is in UTC; `id` is shared by the records of one action."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    schema_version: Literal[1] = 1
    id: str = Field(pattern=r"^[0-9]{1,20}$")
    at: AwareDatetime
    alert: str
    endpoint: ModelName
    labels: Mapping[str, str]
    alerts: int = Field(ge=1)
    action: Action
    dry_run: bool
    outcome: Outcome
    detail: str = ""


def folder(endpoint: str) -> str:
    """Where an endpoint's records are."""
    return f"remediations/{endpoint}"


def key(record: Record) -> str:
    """A record's key; keys sort by time."""
    return f"{folder(record.endpoint)}/{record.at:%Y%m%dT%H%M%S.%fZ}-{record.outcome}-{record.id}.json"


def write(store: Store, record: Record) -> None:
    """Add a record; a repeated request of the same one is harmless.

    Raises:
        StoreError: it could not be written, or another has its key.
    """
    data = record.model_dump_json(indent=1).encode()
    try:
        store.create(key(record), data)
    except ObjectExists:
        if store.get(key(record)).data != data:
            raise


def read_back(store: Store, endpoints: Iterable[str]) -> list[Record]:
    """The newest records of each endpoint that later decisions rest on.

    One that is malformed is left out, and the log says so.
    """
    found = []
    for endpoint in endpoints:
        names = [name for name in store.list(folder(endpoint)) if not _is_put_off(name)]
        for name in names[-READ_BACK:]:
            where = f"{folder(endpoint)}/{name}"
            try:
                found.append(Record.model_validate_json(store.get(where).data))
            except ValidationError as error:
                log.error(
                    "a record is malformed and left out", extra={"fields": {"key": where, "why": str(error)}}
                )
    return found


def _is_put_off(name: str) -> bool:
    return any(f"-{outcome}-" in name for outcome in PUT_OFF)
