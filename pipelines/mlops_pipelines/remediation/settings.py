"""What the receiver is told by its environment, read once."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from mlops_pipelines.errors import SettingsError
from mlops_serving.artifact import ModelName
from mlops_serving.store import StoreSettings, store_settings

PREFIX = "MLOPS_"
KNOWN = frozenset(
    {
        "MLOPS_KUBERNETES_FOLDER",
        "MLOPS_KUBERNETES_URL",
        "MLOPS_REMEDIATION",
        "MLOPS_REMEDIATION_HOST",
        "MLOPS_REMEDIATION_JOBS",
        "MLOPS_REMEDIATION_PORT",
        "MLOPS_REMEDIATION_TOKEN",
        "MLOPS_STORE_BUCKET",
        "MLOPS_STORE_URL",
    }
)
"""Every variable of ours that the receiver's container may have."""
SHORTEST_COOLDOWN = 60
SHORTEST_TOKEN = 16
STORE_SECONDS = 10.0
KUBERNETES_SECONDS = 10.0
"""Longest time of one request: whoever hangs delays the queue by this and no more."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Action(StrEnum):
    """What may be done about an alert."""

    RETRAIN = "retrain"
    ROLLBACK = "rollback"


class Rule(_Strict):
    """Which action an alert leads to; without `endpoint`, for all of them that have no rule of their own.

    `within_seconds` is the greatest age of a release that is rolled back.
    """

    alert: str
    action: Action
    endpoint: ModelName | None = None
    cooldown_seconds: int = Field(default=3600, ge=SHORTEST_COOLDOWN)
    within_seconds: int = Field(default=86_400, ge=1)


class Policy(_Strict):
    """What the receiver may do: nothing but say what it would, until `dry_run` is false.

    `endpoints` are those it acts for; what an alert says of any other is ignored, so that labels from
    outside never become names of objects.
    """

    dry_run: bool = True
    max_actions_per_hour: int = Field(default=4, ge=1)
    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]
    endpoints: Annotated[tuple[ModelName, ...], Field(min_length=1)]

    def rule_for(self, alert: str, endpoint: str) -> Rule | None:
        """The rule of an alert: one that names the endpoint before one for all; None where there is none."""
        if endpoint not in self.endpoints:
            return None
        fitting = [rule for rule in self.rules if rule.alert == alert and rule.endpoint in (None, endpoint)]
        return min(fitting, key=lambda rule: rule.endpoint is None, default=None)


class KubernetesSettings(_Strict):
    """The API server, and the folder with this pod's `token` and the authority's `ca.crt`."""

    url: str = "https://kubernetes.default.svc"
    folder: Path = Path("/var/run/secrets/kubernetes.io/serviceaccount")
    timeout_seconds: float = KUBERNETES_SECONDS


class RemediationSettings(_Strict):
    """Settings of `remediate`. `jobs` is the folder with the Job of each endpoint, `<endpoint>.json`."""

    policy: Policy
    token: SecretStr
    store: StoreSettings
    kubernetes: KubernetesSettings = KubernetesSettings()
    jobs: Path = Path("/etc/mlops/jobs")
    host: str = "0.0.0.0"  # noqa: S104 - a pod's own address; its NetworkPolicy says who may ask
    port: int = 8080


def remediation_settings(environ: Mapping[str, str]) -> RemediationSettings:
    """Read MLOPS_REMEDIATION (a `Policy` in JSON), MLOPS_REMEDIATION_TOKEN and the store's variables.

    MLOPS_REMEDIATION_{HOST,PORT,JOBS} and MLOPS_KUBERNETES_{URL,FOLDER} have defaults that fit a pod.

    Raises:
        SettingsError: naming the first variable that is missing, malformed or unknown.
    """
    unknown = sorted(name for name in environ if name.startswith(PREFIX) and name not in KNOWN)
    if unknown:
        raise SettingsError(f"{unknown[0]} is not a setting; the settings are {', '.join(sorted(KNOWN))}")
    token = _needed(environ, "MLOPS_REMEDIATION_TOKEN")
    if len(token) < SHORTEST_TOKEN:
        raise SettingsError(f"MLOPS_REMEDIATION_TOKEN is too short; give {SHORTEST_TOKEN} characters or more")
    port = environ.get("MLOPS_REMEDIATION_PORT", "8080")
    if not port.isdecimal():
        raise SettingsError(f"MLOPS_REMEDIATION_PORT is {port!r}; give a port number")
    defaults = KubernetesSettings()
    return RemediationSettings(
        policy=_policy(_needed(environ, "MLOPS_REMEDIATION")),
        token=SecretStr(token),
        store=store_settings(environ).model_copy(update={"timeout_seconds": STORE_SECONDS}),
        kubernetes=KubernetesSettings(
            url=environ.get("MLOPS_KUBERNETES_URL", defaults.url).rstrip("/"),
            folder=Path(environ.get("MLOPS_KUBERNETES_FOLDER", defaults.folder)),
        ),
        jobs=Path(environ.get("MLOPS_REMEDIATION_JOBS", "/etc/mlops/jobs")),
        host=environ.get("MLOPS_REMEDIATION_HOST", RemediationSettings.model_fields["host"].default),
        port=int(port),
    )


def _needed(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "")
    if not value:
        raise SettingsError(f"{name} is not set; the Remediation component sets it, set it by hand elsewhere")
    return value


def _policy(text: str) -> Policy:
    try:
        return Policy.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise SettingsError(
            f"MLOPS_REMEDIATION is wrong at {key}: {first['msg']}; it is a JSON object with any of "
            f"{', '.join(Policy.model_fields)}"
        ) from error
