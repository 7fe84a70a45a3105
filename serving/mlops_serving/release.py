"""The append-only log of releases: which version of a model an endpoint serves, and why.

`releases/<endpoint>/<n>.json` is written once, n counts from 1; `releases/<endpoint>/current.json` is
a copy of the newest record, replaced only by whoever read the one before (compare and swap on ETag).
A pipeline or a person appends; the server polls `current`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    model_validator,
)

from mlops_serving.artifact import ModelName, Version
from mlops_serving.errors import ObjectChanged, ObjectExists, ObjectMissing, ReleaseConflict, ReleaseError
from mlops_serving.store import Fetched, NotModified, Store


class Release(BaseModel):
    """One record of the log.

    `weight` is the percentage of requests that go to the candidate (canary) or are copied to it
    (shadow); it is 0 for mode stable, which has no candidate. `gates` holds the evidence that let the
    release through; `previous` is the number of the record before, None for the first.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    schema_version: Literal[1] = 1
    number: int = Field(ge=1)
    endpoint: ModelName
    model: ModelName
    stable_version: Version
    candidate_version: Version | None = None
    mode: Literal["stable", "shadow", "canary"] = "stable"
    weight: Annotated[int, Field(ge=0, le=100)] = 0
    who: str = Field(min_length=1)
    when: AwareDatetime
    why: str = Field(min_length=1)
    gates: Mapping[str, JsonValue]
    previous: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.mode == "stable") != (self.candidate_version is None):
            raise ValueError("mode stable has no candidate_version, shadow and canary need one")
        if (self.mode == "stable") != (self.weight == 0):
            raise ValueError("mode stable has weight 0, shadow and canary have a weight from 1 to 100")
        if self.previous != (None if self.number == 1 else self.number - 1):
            raise ValueError(
                f"previous of release {self.number} must be the number before it, None for the first"
            )
        return self


def release_key(endpoint: str, number: int) -> str:
    """Key of one record of the log."""
    return f"releases/{endpoint}/{number}.json"


def current_key(endpoint: str) -> str:
    """Key of the copy of the newest record."""
    return f"releases/{endpoint}/current.json"


def parse_release(text: bytes, where: str) -> Release:
    """Read a record strictly; `where` is named in the `ReleaseError` of a malformed one."""
    try:
        return Release.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        path = ".".join(str(part) for part in first["loc"]) or "the whole document"
        raise ReleaseError(
            f"release {where} is malformed at {path}: {first['msg']}; append a new one"
        ) from error


def current(
    store: Store, endpoint: str, if_none_match: str | None = None
) -> tuple[Release, str] | NotModified:
    """The newest release and its ETag, or `NotModified` when its ETag is still `if_none_match`.

    Raises `ObjectMissing` while the endpoint has no release, `StoreUnavailable` when the store is down.
    """
    key = current_key(endpoint)
    found = store.get_if_changed(key, if_none_match)
    if isinstance(found, NotModified):
        return found
    release = parse_release(found.data, key)
    if release.endpoint != endpoint:
        raise ReleaseError(f"release {key} is for endpoint {release.endpoint!r}; append a new one")
    return release, found.etag


def record(store: Store, endpoint: str, number: int) -> Release:
    """One record of the log; raises `ObjectMissing` when there is none of this number."""
    key = release_key(endpoint, number)
    return parse_release(store.get(key).data, key)


def append(store: Store, release: Release) -> None:
    """Write the next record of the log and make it current; appending the same record twice is harmless.

    `release.number` must follow the current number; else, or when somebody was faster,
    `ReleaseConflict`. A writer that died between its two writes is rolled forward here, so the log
    and `current.json` never part for long.
    """
    text = release.model_dump_json(indent=1).encode()
    now = _current_or_none(store, release.endpoint)
    if now and now.data == text:
        return
    _check_follows(release, now)
    key = release_key(release.endpoint, release.number)
    try:
        store.create(key, text)
    except ObjectExists as error:
        written = store.get(key).data
        _point(store, release.endpoint, written, now)
        if written != text:
            raise _conflict(release) from error
        return
    _point(store, release.endpoint, text, now)


def _current_or_none(store: Store, endpoint: str) -> Fetched | None:
    try:
        return store.get(current_key(endpoint))
    except ObjectMissing:
        return None


def _check_follows(release: Release, now: Fetched | None) -> None:
    number = parse_release(now.data, current_key(release.endpoint)).number if now else 0
    if release.number != number + 1:
        raise ReleaseConflict(
            f"release {release.number} of endpoint {release.endpoint!r} does not follow the current "
            f"release {number}; read the current release again and decide anew"
        )


def _point(store: Store, endpoint: str, text: bytes, before: Fetched | None) -> None:
    """Make the record current. Losing the race is fine: whoever won wrote this record or a later one."""
    key = current_key(endpoint)
    try:
        if before is None:
            store.create(key, text)
        else:
            store.replace(key, text, before.etag)
    except (ObjectExists, ObjectChanged):
        return


def _conflict(release: Release) -> ReleaseConflict:
    return ReleaseConflict(
        f"release {release.number} of endpoint {release.endpoint!r} was written by somebody else in the "
        "meantime; read the current release again and decide anew"
    )
