"""What a pipeline's container is told by its environment, read once."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, SecretStr

from mlops_pipelines.errors import SettingsError
from mlops_serving.store import StoreSettings, store_settings


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class RunSettings(_Strict):
    """Settings of `run`: where things go, and which code this is."""

    model: str
    endpoint: str
    store: StoreSettings
    tracking_uri: str
    tracking_username: str
    tracking_password: SecretStr
    code_revision: str


class BucketSettings(_Strict):
    """Settings of `store-setup`: the root key, and the users that the policies name."""

    store: StoreSettings
    read_only_user: str
    read_write_user: str


def run_settings(environ: Mapping[str, str]) -> RunSettings:
    """Read MLOPS_MODEL, MLOPS_ENDPOINT, MLOPS_CODE_REVISION, MLFLOW_TRACKING_*, and the store's variables.

    Raises:
        SettingsError: naming the first variable that is missing.
    """
    return RunSettings(
        model=_needed(environ, "MLOPS_MODEL"),
        endpoint=_needed(environ, "MLOPS_ENDPOINT"),
        store=store_settings(environ),
        tracking_uri=_needed(environ, "MLFLOW_TRACKING_URI"),
        tracking_username=_needed(environ, "MLFLOW_TRACKING_USERNAME"),
        tracking_password=SecretStr(_needed(environ, "MLFLOW_TRACKING_PASSWORD")),
        code_revision=_needed(environ, "MLOPS_CODE_REVISION"),
    )


def bucket_settings(environ: Mapping[str, str]) -> BucketSettings:
    """Read the store's variables (root key) and MLOPS_STORE_READ_{ONLY,WRITE}_KEY_ID."""
    return BucketSettings(
        store=store_settings(environ),
        read_only_user=_needed(environ, "MLOPS_STORE_READ_ONLY_KEY_ID"),
        read_write_user=_needed(environ, "MLOPS_STORE_READ_WRITE_KEY_ID"),
    )


def _needed(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "")
    if not value:
        raise SettingsError(f"{name} is not set; the Pipeline component sets it, set it by hand elsewhere")
    return value
