"""Object storage: the one place that speaks S3.

A thin face over obstore with the five things the platform does: get (by ETag), create once, replace
by compare and swap, list, and copy files both ways. A `file://` URL works the same on a local folder,
for a laptop and for tests; there the compare and swap holds between processes of one machine.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    NotFoundError,
    NotModifiedError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)
from obstore.store import LocalStore, S3Store
from pydantic import BaseModel, ConfigDict, SecretStr

if TYPE_CHECKING:
    from obstore.store import S3Config

from mlops_serving.errors import (
    ObjectChanged,
    ObjectExists,
    ObjectMissing,
    SettingsError,
    StoreError,
    StoreUnavailable,
)

_CHUNK: Final = 1 << 20
_CONNECT_SECONDS: Final = 2
_RETRY_SECONDS: Final = 4
_KEY: Final = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
_IDENTITY: Final = (
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
)


class StoreSettings(BaseModel):
    """Where the objects are. `url` is an S3 endpoint (http or https) or `file:///folder`.

    Without a key the endpoint is shown the identity of the pod: container credentials (EKS Pod Identity) or a
    web identity, renewed as they end.
    `timeout_seconds` is the longest time for one request to the endpoint.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    url: str
    bucket: str = "models"
    access_key_id: str = ""
    secret_access_key: SecretStr = SecretStr("")
    region: str = "us-east-1"
    timeout_seconds: float = 30


def store_settings(environ: Mapping[str, str]) -> StoreSettings:
    """Read MLOPS_STORE_URL, MLOPS_STORE_BUCKET, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION.

    Raises:
        SettingsError: no such URL, or an S3 endpoint and neither a whole key nor an identity of the pod.
    """
    url = environ.get("MLOPS_STORE_URL", "")
    if urlsplit(url).scheme not in ("http", "https", "file"):
        raise SettingsError(
            f"MLOPS_STORE_URL is {url!r}; give an S3 endpoint as http://host:port or https://host, "
            "or a folder as file:///path"
        )
    if not url.startswith("file:"):
        _refuse_nobody(environ)
    return StoreSettings(
        url=url,
        bucket=environ.get("MLOPS_STORE_BUCKET", "models"),
        access_key_id=environ.get("AWS_ACCESS_KEY_ID", ""),
        secret_access_key=SecretStr(environ.get("AWS_SECRET_ACCESS_KEY", "")),
        region=environ.get("AWS_REGION", "us-east-1"),
    )


def _refuse_nobody(environ: Mapping[str, str]) -> None:
    missing = [name for name in _KEY if not environ.get(name)]
    if missing and (len(missing) == 1 or not any(environ.get(name) for name in _IDENTITY)):
        raise SettingsError(
            f"{missing[0]} is not set; give {_KEY[0]} and {_KEY[1]}, or neither in a pod whose service "
            f"account has an identity ({', '.join(_IDENTITY)})"
        )


@dataclass(frozen=True, slots=True)
class Fetched:
    """An object's bytes and its ETag."""

    data: bytes
    etag: str


@dataclass(frozen=True, slots=True)
class NotModified:
    """The object still has the ETag the caller knows."""

    etag: str


class Store:
    """One bucket. Every method blocks; failures are `StoreError`s that name the key."""

    def __init__(self, settings: StoreSettings) -> None:
        self.settings = settings
        self._folder = _local_folder(settings)
        self._inner: LocalStore | S3Store = (
            LocalStore(self._folder, mkdir=True) if self._folder else _s3(settings)
        )

    def get(self, key: str) -> Fetched:
        """The object under `key`; `ObjectMissing` if there is none."""
        with self._reading(key):
            found = obstore.get(self._inner, key)
            return Fetched(bytes(found.bytes()), found.meta["e_tag"] or "")

    def get_if_changed(self, key: str, etag: str | None) -> Fetched | NotModified:
        """As `get`, but `NotModified` while the object's ETag is still `etag`."""
        if etag is None:
            return self.get(key)
        try:
            with self._reading(key):
                found = obstore.get(self._inner, key, options={"if_none_match": etag})
                return Fetched(bytes(found.bytes()), found.meta["e_tag"] or "")
        except _Unchanged:
            return NotModified(etag)

    def create(self, key: str, data: bytes) -> None:
        """Write a new object; `ObjectExists` if there is one already."""
        with _failures(self.settings, key):
            obstore.put(self._inner, key, data, mode="create", use_multipart=False)

    def replace(self, key: str, data: bytes, etag: str) -> None:
        """Replace the object whose ETag is `etag`; `ObjectChanged` if it has another by now."""
        if self._folder:
            self._replace_file(self._folder, key, data, etag)
            return
        with _failures(self.settings, key):
            obstore.put(self._inner, key, data, mode={"e_tag": etag}, use_multipart=False)

    def list(self, prefix: str) -> list[str]:
        """The names directly under `prefix` (no leading or trailing slash): objects and folders."""
        with _failures(self.settings, prefix):
            found = obstore.list_with_delimiter(self._inner, f"{prefix}/")
        keys = [*found["common_prefixes"], *(entry["path"] for entry in found["objects"])]
        return sorted(key.rstrip("/").rsplit("/", 1)[-1] for key in keys)

    def download(self, key: str, path: Path) -> None:
        """Write the object to a file in chunks, without holding it in memory."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._reading(key), path.open("wb") as stream:
            for chunk in obstore.get(self._inner, key).stream(min_chunk_size=_CHUNK):
                stream.write(chunk)

    @contextmanager
    def _reading(self, key: str) -> Iterator[None]:
        """Failures of reading; what is refused because it is not there is `ObjectMissing`.

        S3 answers 403 in place of 404 to whoever may not list the bucket, and does not say whether a right to
        list one prefix of it is enough.  Listing that prefix tells.
        """
        with _failures(self.settings, key):
            try:
                yield
            except PermissionDeniedError as error:
                if self._is_known_to_be_missing(key):
                    raise FileNotFoundError(key) from error
                raise

    def _is_known_to_be_missing(self, key: str) -> bool:
        folder = key.rpartition("/")[0]
        try:
            after = obstore.list(self._inner, folder, offset=key[:-1])
            return all(entry["path"] != key for chunk in after for entry in chunk)
        except BaseError:
            return False

    def _replace_file(self, folder: Path, key: str, data: bytes, etag: str) -> None:
        """A folder has no compare and swap of its own, so a lock file beside the bucket gives one."""
        with (folder.parent / f".{folder.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self.get(key).etag != etag:
                raise ObjectChanged(f"{key} changed since it was read; read it again and decide anew")
            obstore.put(self._inner, key, data)


class _Unchanged(Exception):
    """The store said 304."""


@contextmanager
def _failures(settings: StoreSettings, key: str) -> Iterator[None]:
    """Turn obstore's errors into ours, with the key and the store's address in the message."""
    where = f"{key} in bucket {settings.bucket} at {settings.url}"
    try:
        yield
    except NotModifiedError as error:
        raise _Unchanged from error
    except (NotFoundError, FileNotFoundError) as error:
        raise ObjectMissing(f"there is no {where}") from error
    except AlreadyExistsError as error:
        raise ObjectExists(f"{where} exists already and is never overwritten") from error
    except PreconditionError as error:
        raise ObjectChanged(f"{where} changed since it was read; read it again and decide anew") from error
    except (PermissionDeniedError, UnauthenticatedError) as error:
        raise StoreError(
            f"access to {where} was refused; check AWS_ACCESS_KEY_ID, "
            "AWS_SECRET_ACCESS_KEY and the bucket's policy"
        ) from error
    except BaseError as error:
        raise StoreUnavailable(f"{where} could not be reached: {_short(error)}") from error


def _short(error: BaseException) -> str:
    """The first line of obstore's message; the rest is its own debug dump."""
    return str(error).strip().split("\n", 1)[0][:300]


def _local_folder(settings: StoreSettings) -> Path | None:
    parts = urlsplit(settings.url)
    return Path(parts.path) / settings.bucket if parts.scheme == "file" else None


def _s3(settings: StoreSettings) -> S3Store:
    """Path-style S3 without instance metadata look-ups, and with retries short enough to poll with."""
    key: S3Config = (
        {
            "access_key_id": settings.access_key_id,
            "secret_access_key": settings.secret_access_key.get_secret_value(),
        }
        if settings.access_key_id
        else {}
    )
    return S3Store(
        settings.bucket,
        # A bucket whose versions are locked takes no object without a sum of its content.
        config={**key, "checksum_algorithm": "SHA256"},
        endpoint=settings.url,
        region=settings.region,
        virtual_hosted_style_request=False,
        client_options={
            "allow_http": True,
            "connect_timeout": timedelta(seconds=_CONNECT_SECONDS),
            "timeout": timedelta(seconds=settings.timeout_seconds),
        },
        retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=_RETRY_SECONDS)},
    )
