"""The server's settings: environment variables, read once, strictly.

An MLOPS_ variable that is not listed here is an error, so a typo cannot silently mean a default.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    Json,
    SecretStr,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from mlops_serving.artifact import ModelName
from mlops_serving.errors import SettingsError

_PREFIX: Final = "MLOPS_"
_MIB: Final = 1 << 20
_WATCH_SECONDS: Final = 1.0

ModelVersion = Annotated[str, StringConstraints(pattern=r"^(release|[1-9][0-9]{0,8})$")]


class ModelSettings(BaseModel):
    """One model of the server: its name, the endpoint whose release log decides, and the version.

    `version` is "release" (follow the release log of `endpoint`) or a number (pinned). `folder` is an
    artifact on this machine, served from where it lies, without the store; its version is pinned.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ModelName
    endpoint: ModelName
    version: ModelVersion = "release"
    folder: Path | None = None

    @model_validator(mode="after")
    def _pinned(self) -> Self:
        if self.folder and self.version == "release":
            raise ValueError(f"model {self.name!r} has a folder, so it needs the number of its version")
        return self


class Settings(BaseModel):
    """One field for each MLOPS_ variable: MLOPS_HTTP_PORT is `http_port`. Times are seconds, sizes bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    models: Json[Annotated[tuple[ModelSettings, ...], Field(min_length=1)]] = Field(
        description='what to serve: a JSON list such as `[{"name": "iris", "endpoint": "flowers", "version": '
        '"release"}]`; `release` follows the release log of the endpoint, a number pins the version'
    )
    store_url: str = Field(
        "",
        validate_default=True,
        description="object store: `http(s)://...` (S3) or `file:///folder`; needed unless every model has a "
        "folder",
    )
    store_bucket: str = Field("models", min_length=1, description="bucket of models and releases")
    http_host: str = Field(
        "0.0.0.0",  # noqa: S104 - a pod is reached on its own address
        description="address of all ports",
    )
    http_port: int = Field(8080, ge=1, le=65535, description="port of predictions and health")
    grpc_port: int = Field(0, ge=0, le=65535, description="port of gRPC; 0 is off")
    admin_port: int = Field(8081, ge=1, le=65535, description="operators' port: metrics, model repository")
    workers: int = Field(1, ge=1, le=64, description="processes that answer, each with its own models")
    sticky_header: str = Field(
        "mlops-sticky-key",
        pattern=r"^[a-z0-9-]+$",
        description="header that keeps a client on one version of a canary; else the request's id does",
    )
    repository_api: bool = Field(False, description="whether operators may load and unload models")
    shadow_bytes: int = Field(32 * _MIB, ge=1024, description="bytes of requests that wait for a shadow")
    poll_seconds: float = Field(5, ge=0.05, le=3600, description="pause between looks at the release log")
    drain_seconds: float = Field(
        10, ge=0, le=3600, description="longest time between SIGTERM and the end of accepting"
    )
    request_timeout_seconds: float = Field(
        30,
        gt=0,
        le=3600,
        description="longest time from a request's arrival to its turn; a request may ask for less",
    )
    body_timeout_seconds: float = Field(
        20, gt=0, le=3600, description="longest time for a request's body to come; beyond, 408"
    )
    idle_timeout_seconds: float = Field(
        75,
        ge=1,
        le=3600,
        description="longest time between requests on a connection, and for the headers of one to come; "
        "longer than that of a proxy before the server, so that the proxy closes first",
    )
    max_body_bytes: int = Field(64 * _MIB, ge=1024, description="largest request body")
    reading_bytes: int = Field(
        256 * _MIB,
        ge=1024,
        description="bytes of bodies over 64 KiB that may be on their way at once; beyond, 503",
    )
    max_batch_rows: int = Field(256, ge=1, description="rows put together for one call of the model")
    queue_rows: int = Field(4096, ge=1, description="rows that may wait for one model; beyond, 503")
    queue_bytes: int = Field(
        128 * _MIB, ge=1024, description="bytes that may wait for one model; beyond, 503"
    )
    observe_bytes: int = Field(
        16 * _MIB, ge=1024, description="bytes of answered requests that wait to be looked at for drift"
    )
    drift_features: int = Field(50, ge=0, le=1000, description="features of a model counted for drift")
    request_log_sample: float = Field(
        0, ge=0, le=1, description="share of requests kept as Parquet in the object store"
    )
    request_log_bucket: str = Field("requests", min_length=1, description="bucket of the request log")
    request_log_bytes: int = Field(
        16 * _MIB, ge=1024, description="bytes of the request log that wait for the store; beyond, dropped"
    )
    request_log_file_rows: int = Field(10_000, ge=1, description="rows after which a file is written")
    request_log_file_bytes: int = Field(4 * _MIB, ge=1024, description="bytes after which a file is written")
    request_log_file_seconds: float = Field(60, gt=0, le=3600, description="age at which a file is written")
    request_log_upload_seconds: float = Field(
        30, gt=0, le=600, description="longest time for one upload; then it is tried again"
    )
    request_log_close_seconds: float = Field(
        5, ge=0, le=600, description="time that the store has for the rest when the server stops"
    )
    request_log_hash_key: Annotated[SecretStr, Field(min_length=16)] | None = Field(
        None, description="HMAC key for the columns that a manifest wants hashed; from a Secret"
    )
    cache_dir: Path = Field(Path("/var/cache/mlops"), description="folder for verified artifacts")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least level logged")
    log_format: Literal["json", "text"] = Field("json", description="`text` is for people at a terminal")
    allow_code: Json[tuple[ModelName, ...]] = Field(
        (), description="JSON list of the models whose artifacts may run code of their own"
    )
    access_keys_file: Path | None = Field(
        None, description="file of the keys that clients need; without it everybody may ask"
    )
    admin_key_file: Path | None = Field(
        None, description="file of the keys that `/v2/repository` needs, of the same form"
    )
    tls_cert_file: Path | None = Field(None, description="PEM certificate chain; with it HTTPS is spoken")
    tls_key_file: Path | None = Field(None, description="PEM key of the certificate")
    tls_client_ca_file: Path | None = Field(
        None, description="PEM certificates that must have signed a client's; without it none is asked for"
    )
    otlp_endpoint: Annotated[str, StringConstraints(pattern=r"^https?://[^\s?#]+$")] | None = Field(
        None, description="where traces go, such as `http://collector:4318`; without it there are none"
    )
    trace_sample: float = Field(
        0.01, ge=0, le=1, description="share of requests traced, of those whose caller has not decided"
    )
    log_requests: float = Field(0, ge=0, le=1, description="share of infer requests that get a log line")
    log_slow_seconds: float = Field(
        1,
        gt=0,
        description="requests that take as long, or get 503, have a log line; ten a second at most",
    )

    @property
    def watch_seconds(self) -> float:
        """How often mounted files are looked at."""
        return min(self.poll_seconds, _WATCH_SECONDS)

    @field_validator("models")
    @classmethod
    def _each_once(cls, models: tuple[ModelSettings, ...]) -> tuple[ModelSettings, ...]:
        names = [model.name for model in models]
        if len(set(names)) != len(names):
            raise ValueError(f"a model is listed twice in {names}; list each once")
        return models

    @field_validator("store_url")
    @classmethod
    def _where_it_is_needed(cls, url: str, info: ValidationInfo) -> str:
        models = info.data.get("models")
        if not url and (models is None or not all(model.folder for model in models)):
            raise PydanticCustomError("missing", "models without a folder come from a store")
        return url

    @field_validator("grpc_port", "admin_port")
    @classmethod
    def _of_its_own(cls, port: int, info: ValidationInfo) -> int:
        taken = [info.data.get("http_port"), info.data.get("grpc_port")]
        if port and port in taken:
            raise ValueError("another port of this server has that number; give each its own")
        return port

    @field_validator("allow_code")
    @classmethod
    def _of_this_server(cls, names: tuple[ModelName, ...], info: ValidationInfo) -> tuple[ModelName, ...]:
        known = [model.name for model in info.data.get("models", ())]
        unknown = sorted(set(names) - set(known))
        if known and unknown:
            raise ValueError(f"{unknown} are no models of this server, which has {known}")
        return names


def _check_tls(settings: Settings) -> None:
    if (settings.tls_cert_file is None) != (settings.tls_key_file is None):
        raise SettingsError("MLOPS_TLS_CERT_FILE and MLOPS_TLS_KEY_FILE are set both or not at all")
    if settings.tls_client_ca_file and settings.tls_cert_file is None:
        raise SettingsError("MLOPS_TLS_CLIENT_CA_FILE needs MLOPS_TLS_CERT_FILE and MLOPS_TLS_KEY_FILE")


def by_field(environ: Mapping[str, str], prefix: str) -> dict[str, str]:
    """The variables that begin so, by the field that each is of."""
    return {
        name.removeprefix(prefix).lower(): value for name, value in environ.items() if name.startswith(prefix)
    }


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read every MLOPS_ variable; `SettingsError` names the variable, what it holds and what is allowed."""
    try:
        settings = Settings.model_validate(by_field(environ, _PREFIX))
    except ValidationError as error:
        raise SettingsError(
            "\n".join(_explain(item["type"], item["loc"], item) for item in error.errors())
        ) from error
    _check_tls(settings)
    return settings


def _explain(kind: str, where: tuple[int | str, ...], item: Mapping[str, object]) -> str:
    name = _PREFIX + ".".join([str(where[0]).upper(), *map(str, where[1:])])
    known = ", ".join(_PREFIX + field.upper() for field in Settings.model_fields)
    if kind == "extra_forbidden":
        return f"{name} is no setting of the model server; the settings are {known}"
    if kind == "missing":
        return f"{name} is not set; it is needed"
    shown = "a secret that is not shown" if name.endswith("_KEY") else repr(item["input"])
    return f"{name} is {shown}: {item['msg']}"
