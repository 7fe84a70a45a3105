"""What a pipeline's container is told by its environment, read once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from mlops_pipelines.errors import SettingsError
from mlops_pipelines.gates import Gates
from mlops_serving.artifact import ModelName
from mlops_serving.store import StoreSettings, store_settings

PREFIX = "MLOPS_"
KNOWN = frozenset(
    {
        "MLOPS_MODEL",
        "MLOPS_ENDPOINT",
        "MLOPS_CODE_REVISION",
        "MLOPS_GATES",
        "MLOPS_RETRAIN_ALERT",
        "MLOPS_RETRAIN_ID",
        "MLOPS_STORE_URL",
        "MLOPS_STORE_BUCKET",
        "MLOPS_DATA_BUCKET",
        "MLOPS_STORE_READ_ONLY_KEY_ID",
        "MLOPS_STORE_READ_WRITE_KEY_ID",
    }
)
"""Every variable of ours that a pipeline's container may have."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Retrain(_Strict):
    """Why a model is trained again: the alert that asked for it, and the number of that remediation.

    The number is part of what a version is known by, so one remediation makes one new version, however
    often its pod is started.
    """

    id: str
    alert: str


class RunSettings(_Strict):
    """Settings of `run`: where things go, which code this is, and what a model must reach.

    With `retrain` a new version is made of inputs that were seen before, and released after its gates.
    """

    model: ModelName
    endpoint: ModelName
    store: StoreSettings
    data_bucket: str = "data"
    tracking_uri: str
    tracking_username: str
    tracking_password: SecretStr
    code_revision: str
    gates: Gates = Gates()
    retrain: Retrain | None = None

    def data_store(self) -> StoreSettings:
        """Where snapshots of data sets go: the same server, another bucket."""
        return self.store.model_copy(update={"bucket": self.data_bucket})


class BucketSettings(_Strict):
    """Settings of `store-setup`: the root key, and the users that the policies name."""

    store: StoreSettings
    read_only_user: str
    read_write_user: str


def run_settings(environ: Mapping[str, str]) -> RunSettings:
    """Read MLOPS_MODEL, MLOPS_ENDPOINT, MLOPS_CODE_REVISION, MLFLOW_TRACKING_*, and the store's variables.

    MLOPS_GATES is optional: a JSON object with the thresholds that differ from those of `Gates`. So are
    MLOPS_RETRAIN_ID and MLOPS_RETRAIN_ALERT, which go together.

    Raises:
        SettingsError: naming the first variable that is missing, malformed or unknown.
    """
    _refuse_unknown(environ)
    return RunSettings(
        model=_name(environ, "MLOPS_MODEL"),
        endpoint=_name(environ, "MLOPS_ENDPOINT"),
        store=store_settings(environ),
        data_bucket=environ.get("MLOPS_DATA_BUCKET", "data"),
        tracking_uri=_address(environ, "MLFLOW_TRACKING_URI"),
        tracking_username=_needed(environ, "MLFLOW_TRACKING_USERNAME"),
        tracking_password=SecretStr(_needed(environ, "MLFLOW_TRACKING_PASSWORD")),
        code_revision=_needed(environ, "MLOPS_CODE_REVISION"),
        gates=_gates(environ.get("MLOPS_GATES", "{}")),
        retrain=_retrain(environ),
    )


def bucket_settings(environ: Mapping[str, str]) -> BucketSettings:
    """Read the store's variables (root key) and MLOPS_STORE_READ_{ONLY,WRITE}_KEY_ID.

    Raises:
        SettingsError: naming the first variable that is missing or unknown.
    """
    _refuse_unknown(environ)
    return BucketSettings(
        store=store_settings(environ),
        read_only_user=_needed(environ, "MLOPS_STORE_READ_ONLY_KEY_ID"),
        read_write_user=_needed(environ, "MLOPS_STORE_READ_WRITE_KEY_ID"),
    )


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    unknown = sorted(name for name in environ if name.startswith(PREFIX) and name not in KNOWN)
    if unknown:
        raise SettingsError(f"{unknown[0]} is not a setting; the settings are {', '.join(sorted(KNOWN))}")


def _needed(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "")
    if not value:
        raise SettingsError(f"{name} is not set; the Pipeline component sets it, set it by hand elsewhere")
    return value


def _name(environ: Mapping[str, str], variable: str) -> str:
    class Named(_Strict):
        name: ModelName

    value = _needed(environ, variable)
    try:
        return Named(name=value).name
    except ValidationError as error:
        raise SettingsError(
            f"{variable} is {value!r}; give 1 to 63 of a-z, 0-9 and '-', no '-' first or last"
        ) from error


def _address(environ: Mapping[str, str], variable: str) -> str:
    value = _needed(environ, variable)
    if not value.startswith(("http://", "https://")):
        raise SettingsError(f"{variable} is {value!r}; give MLflow's address as http://host:port")
    return value


def _retrain(environ: Mapping[str, str]) -> Retrain | None:
    if not (environ.get("MLOPS_RETRAIN_ID") or environ.get("MLOPS_RETRAIN_ALERT")):
        return None
    return Retrain(id=_needed(environ, "MLOPS_RETRAIN_ID"), alert=_needed(environ, "MLOPS_RETRAIN_ALERT"))


def _gates(text: str) -> Gates:
    try:
        return Gates.model_validate_json(text)
    except ValidationError as error:
        first: Any = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise SettingsError(
            f"MLOPS_GATES is wrong at {key}: {first['msg']}; it is a JSON object with any of "
            f"{', '.join(Gates.model_fields)}"
        ) from error
