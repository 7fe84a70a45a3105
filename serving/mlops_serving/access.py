"""Who may use which model: keys that clients present, checked against a file of their hashes.

    Authorization: Bearer <key>   or   api-key: <key>
    {"keys": [{"id": "shop", "sha256": "<64 hexadecimal digits>", "models": ["iris"]}]}

`"models": ["*"]` is every model. A key is 256 random bits (`python3 -m mlops_serving.access` makes one).
A fast hash keeps such a key safe: slow hashes make guessing a password dear, but nobody can try a
noticeable part of 2^256 keys at any speed. The file is read again when it changes; a malformed one is
refused, and the keys before it stay. Source of the scheme and its answers: RFC 6750.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path
from secrets import token_urlsafe
from time import monotonic
from typing import Annotated, Final, NamedTuple

import orjson
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from mlops_serving.errors import Forbidden, SettingsError, Unauthenticated
from mlops_serving.file_watch import FileWatch
from mlops_serving.logs import log
from mlops_serving.metrics.meters import Meter

EVERY_MODEL: Final = "*"
_KEY_BYTES: Final = 32
_PREFIX: Final = "mlops_"
"""Lets scanners of source code and logs find a key that got there."""
_QUIET_SECONDS: Final = 1.0

_Name = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: _Name
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    models: Annotated[tuple[_Name, ...], Field(min_length=1, strict=False)]


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    keys: Annotated[tuple[_Entry, ...], Field(min_length=1)]


class Key(NamedTuple):
    """A key as it is kept: its name in the log, its SHA-256, and the models it is for."""

    id: str
    digest: bytes
    models: frozenset[str]


class NewKey(NamedTuple):
    """A key for the client and its hash for the file."""

    key: str
    sha256: str


Keys = Mapping[bytes, Key]


class Access:
    """The keys of one port. `allowed` is for one thread; the file is read in another."""

    def __init__(self, path: Path, refused: Meter, reloads: Meter, seconds: float) -> None:
        self._path, self._refused, self._reloads = path, refused, reloads
        self._watch = FileWatch((path,), self._reload, seconds)
        self._keys = read_keys(path)
        self._logged: dict[tuple[str, str], float] = {}
        self._watch.start()

    def allowed(self, authorization: str | None, api_key: str | None, model: str) -> None:
        """Return if the presented key may use `model`; any known key may use the model "".

        Takes the values of the headers (or gRPC metadata) of these names. Raises `Unauthenticated` or
        `Forbidden`. The hash of what was presented is looked up, which tells a client that measures times
        something about a hash that it cannot choose, not about a key.
        """
        if authorization is not None and authorization[:7].lower() == "bearer ":
            presented = authorization[7:].strip()
        elif api_key is not None:
            presented = api_key
        else:
            raise self._unknown("missing" if authorization is None else "malformed")
        digest = sha256(presented.encode(errors="replace")).digest()
        key = self._keys.get(digest)
        if key is None or not compare_digest(key.digest, digest):
            raise self._unknown("unknown")
        if model and model not in key.models and EVERY_MODEL not in key.models:
            self._note("forbidden", key.id, model)
            raise Forbidden(
                f"key {key.id!r} is not for model {model!r}; it is for {', '.join(sorted(key.models))}"
            )

    def close(self) -> None:
        """Watch the file no more."""
        self._watch.stop()

    def _unknown(self, reason: str) -> Unauthenticated:
        self._note(reason)
        if reason == "unknown":
            return Unauthenticated("the key is not known here; ask the operators for one", "invalid_token")
        return Unauthenticated("a key is needed; send it as 'Authorization: Bearer KEY' or 'api-key: KEY'")

    def _note(self, reason: str, key: str = "", model: str = "") -> None:
        """Count a refusal, and log it unless the like was logged a moment ago."""
        self._refused.labels(reason).add()
        now = monotonic()
        if now - self._logged.get((reason, key), float("-inf")) < _QUIET_SECONDS:
            return
        self._logged[reason, key] = now
        fields = {"reason": reason} | ({"key": key, "model": model} if key else {})
        log.warning("a request was refused", extra={"fields": fields})

    def _reload(self) -> None:
        try:
            self._keys = read_keys(self._path)
        except SettingsError as error:
            self._reloads.labels("keys", "refused").add()
            log.error(f"the keys before stay: {error}")
            return
        self._reloads.labels("keys", "done").add()
        log.info("read the keys again", extra={"fields": {"keys": [key.id for key in self._keys.values()]}})


def read_keys(path: Path) -> Keys:
    """The keys in a file by hash; `SettingsError` says what is wrong, without repeating any value."""
    try:
        entries = _File.model_validate(orjson.loads(path.read_bytes())).keys
    except OSError as error:
        raise SettingsError(f"cannot read the keys in {path}: {error.strerror}; mount the file") from error
    except orjson.JSONDecodeError as error:
        raise SettingsError(f"the keys in {path} are not JSON: {error.msg} at {error.pos}") from None
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in found)
        raise SettingsError(f"the keys in {path} are malformed: {wrong}") from None
    keys = [Key(entry.id, bytes.fromhex(entry.sha256), frozenset(entry.models)) for entry in entries]
    if len({key.id for key in keys}) < len(keys) or len({key.digest for key in keys}) < len(keys):
        raise SettingsError(f"the keys in {path} name an id or a sha256 twice; each needs its own")
    return {key.digest: key for key in keys}


def new_key() -> NewKey:
    """A key of 256 random bits."""
    key = _PREFIX + token_urlsafe(_KEY_BYTES)
    return NewKey(key, sha256(key.encode()).hexdigest())


def entry(id: str, models: Sequence[str], sha256: str) -> str:
    """The line of a key for the file, as JSON; `SettingsError` for an id or model that cannot be."""
    try:
        return _Entry(id=id, sha256=sha256, models=tuple(models)).model_dump_json()
    except ValidationError as error:
        wrong = "; ".join(f"{one['loc'][0]}: {one['msg']}" for one in error.errors())
        raise SettingsError(wrong) from error


def main(arguments: Sequence[str]) -> int:
    """Make a key: `python3 -m mlops_serving.access ID MODEL...` prints its line, and the key on stderr."""
    if len(arguments) < 2:
        sys.stderr.write("usage: python3 -m mlops_serving.access ID MODEL...   (MODEL may be '*')\n")
        return 2
    made = new_key()
    try:
        line = entry(arguments[0], arguments[1:], made.sha256)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stderr.write(f"the key, which is kept nowhere: {made.key}\n")
    sys.stdout.write(f"{line}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
