"""The server's settings: environment variables, read once, strictly.

An MLOPS_ variable that is not listed here is an error, so a typo cannot silently mean a default.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    Json,
    SecretStr,
    StringConstraints,
    ValidationError,
    field_validator,
)

from mlops_serving.artifact import ModelName
from mlops_serving.errors import SettingsError

_PREFIX: Final = "MLOPS_"
_MIB: Final = 1 << 20

ModelVersion = Annotated[str, StringConstraints(pattern=r"^(release|[1-9][0-9]{0,8})$")]


class ModelSettings(BaseModel):
    """One model of the server: its name, the endpoint whose release log decides, and the version.

    `version` is "release" (follow the release log of `endpoint`) or a number (pinned).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ModelName
    endpoint: ModelName
    version: ModelVersion = "release"


class Settings(BaseModel):
    """One field for each MLOPS_ variable: MLOPS_HTTP_PORT is `http_port`.

    Times are seconds, sizes bytes. `models` is a JSON list of objects with the fields of
    `ModelSettings`. `queue_rows` and `queue_bytes` bound what waits for one model; beyond them requests
    are refused with 503. `drain_seconds` is the longest time between SIGTERM and the end of accepting.

    `observe_bytes` bounds the answered requests that wait for drift and data quality to look at them.
    `request_log_sample` is the share of requests that are kept as Parquet in `request_log_bucket`; at most
    `request_log_bytes` of them wait for the store, a file is written when it has so many `file_rows` or
    `file_bytes` or is so many `file_seconds` old, and at the end the store has `close_seconds` for the
    rest. `request_log_hash_key` is the HMAC key for columns that a manifest wants hashed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    models: Json[Annotated[tuple[ModelSettings, ...], Field(min_length=1)]]
    store_url: str
    store_bucket: str = Field("models", min_length=1)
    http_host: str = "0.0.0.0"  # noqa: S104 - a pod is reached on its own address
    http_port: int = Field(8080, ge=1, le=65535)
    admin_port: int = Field(8081, ge=1, le=65535)
    workers: int = Field(1, ge=1, le=64)
    sticky_header: str = Field("mlops-sticky-key", pattern=r"^[a-z0-9-]+$")
    repository_api: bool = False
    shadow_bytes: int = Field(32 * _MIB, ge=1024)
    poll_seconds: float = Field(5, ge=0.05, le=3600)
    drain_seconds: float = Field(10, ge=0, le=3600)
    request_timeout_seconds: float = Field(30, gt=0, le=3600)
    max_body_bytes: int = Field(64 * _MIB, ge=1024)
    max_batch_rows: int = Field(256, ge=1)
    queue_rows: int = Field(4096, ge=1)
    queue_bytes: int = Field(128 * _MIB, ge=1024)
    observe_bytes: int = Field(16 * _MIB, ge=1024)
    drift_features: int = Field(50, ge=0, le=1000)
    request_log_sample: float = Field(0, ge=0, le=1)
    request_log_bucket: str = Field("requests", min_length=1)
    request_log_bytes: int = Field(16 * _MIB, ge=1024)
    request_log_file_rows: int = Field(10_000, ge=1)
    request_log_file_bytes: int = Field(4 * _MIB, ge=1024)
    request_log_file_seconds: float = Field(60, gt=0, le=3600)
    request_log_upload_seconds: float = Field(30, gt=0, le=600)
    request_log_close_seconds: float = Field(5, ge=0, le=600)
    request_log_hash_key: Annotated[SecretStr, Field(min_length=16)] | None = None
    cache_dir: Path = Path("/var/cache/mlops")
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("models")
    @classmethod
    def _each_once(cls, models: tuple[ModelSettings, ...]) -> tuple[ModelSettings, ...]:
        names = [model.name for model in models]
        if len(set(names)) != len(names):
            raise ValueError(f"a model is listed twice in {names}; list each once")
        return models


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read every MLOPS_ variable; `SettingsError` names the variable, what it holds and what is allowed."""
    given = {
        name.removeprefix(_PREFIX).lower(): value
        for name, value in environ.items()
        if name.startswith(_PREFIX)
    }
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        raise SettingsError(
            "\n".join(_explain(item["type"], item["loc"], item) for item in error.errors())
        ) from error


def _explain(kind: str, where: tuple[int | str, ...], item: Mapping[str, object]) -> str:
    name = _PREFIX + ".".join([str(where[0]).upper(), *map(str, where[1:])])
    known = ", ".join(_PREFIX + field.upper() for field in Settings.model_fields)
    if kind == "extra_forbidden":
        return f"{name} is no setting of the model server; the settings are {known}"
    if kind == "missing":
        return f"{name} is not set; it is needed"
    shown = "a secret that is not shown" if name.endswith("_KEY") else repr(item["input"])
    return f"{name} is {shown}: {item['msg']}"
