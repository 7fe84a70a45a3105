"""The gate's settings: environment variables, read once, strictly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from mlops_serving.errors import SettingsError
from mlops_serving.settings import by_field

_PREFIX: Final = "MLOPS_GATE_"
_MIB: Final = 1 << 20

Address = Annotated[str, StringConstraints(pattern=r"^http://[A-Za-z0-9.\-]+:[1-9][0-9]{0,4}$")]


class GateSettings(BaseModel):
    """One field for each MLOPS_GATE_ variable: MLOPS_GATE_PORT is `port`. Times are seconds, sizes bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    target: Address = Field(description="where the pods answer, such as `http://iris-pods.models.svc:8080`")
    peers: str = Field("", description="name with the addresses of all gates of the endpoint, itself too")
    own_address: str = Field("", description="the gate's own address among them")
    host: str = Field(
        "0.0.0.0",  # noqa: S104 - a pod is reached on its own address
        description="address of both ports",
    )
    port: int = Field(8080, ge=1, le=65535, description="port of requests")
    admin_port: int = Field(8081, ge=1, le=65535, description="port of metrics, probes and peers")
    hold_seconds: float = Field(60, gt=0, le=3600, description="longest wait for a pod; beyond, 503")
    max_waiting: int = Field(100, ge=1, description="requests that may wait for a pod at once; beyond, 503")
    max_body_bytes: int = Field(64 * _MIB, ge=1024, description="largest request body; beyond, 413")
    body_seconds: float = Field(20, gt=0, description="longest silence in a request's body; beyond, 408")
    answer_seconds: float = Field(
        120, gt=0, description="longest silence of a pod that has a request; beyond, 504"
    )
    drain_seconds: float = Field(
        10, ge=0, le=3600, description="time between SIGTERM and the end of accepting"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least level logged")

    @field_validator("admin_port")
    @classmethod
    def _of_its_own(cls, port: int, info: ValidationInfo) -> int:
        if port == info.data.get("port"):
            raise ValueError("the port of requests has that number; give each its own")
        return port

    @property
    def target_place(self) -> tuple[str, int]:
        """Host and port of the target."""
        parts = urlsplit(self.target)
        return parts.hostname or "", parts.port or 80


def read_gate_settings(environ: Mapping[str, str]) -> GateSettings:
    """Read every MLOPS_GATE_ variable; `SettingsError` names the variable and what is wrong with it."""
    try:
        return GateSettings.model_validate(by_field(environ, _PREFIX))
    except ValidationError as error:
        raise SettingsError("\n".join(_explain(item) for item in error.errors())) from error


def _explain(item: Mapping[str, object]) -> str:
    where = item["loc"]
    name = _PREFIX + (str(where[0]).upper() if isinstance(where, tuple) else "")
    if item["type"] == "extra_forbidden":
        known = ", ".join(_PREFIX + field.upper() for field in GateSettings.model_fields)
        return f"{name} is no setting of the gate; the settings are {known}"
    if item["type"] == "missing":
        return f"{name} is not set; it is needed"
    return f"{name} is {item['input']!r}: {item['msg']}"
