"""What a model server must be set to."""

from __future__ import annotations

import json
from collections.abc import Iterator

from pydantic import Field

from mlops_policy.kubernetes import scaling
from mlops_policy.mlops.endpoints import (
    KINDS,
    MODELS,
    OWNER,
    leaves_in_clear,
    number,
    served,
    servers,
    setting,
    workloads,
)
from mlops_policy.resources import Stack
from mlops_policy.rules import ProductionConfig, Rule, RuleConfig, Severity, Subject
from mlops_policy.views import MISSING, View, WrongShape, shown

_HASH_KEY, _SAMPLE = "MLOPS_REQUEST_LOG_HASH_KEY", "MLOPS_REQUEST_LOG_SAMPLE"


class OwnersConfig(RuleConfig):
    """Who may own models."""

    owners: tuple[str, ...] = Field(default=(), description="owners that there are; anybody where empty")


class ReplicasConfig(ProductionConfig):
    """How many pods an endpoint keeps."""

    least: int = Field(default=2, ge=1, description="least pods of an endpoint")


class TraceConfig(ProductionConfig):
    """How much is written of requests."""

    most_logged: float = Field(
        default=0.1, ge=0, le=1, description="largest share of requests with a line in the server's log"
    )


def _owned(subject: Subject, stack: Stack, config: OwnersConfig) -> Iterator[str]:
    view = subject.view.at("metadata.annotations").key(OWNER)
    if not view.text():
        yield f"{view.path} is not set"
    elif config.owners and view.text() not in config.owners:
        yield f"{view.path} is {view.text()}, who is none of {', '.join(config.owners)}"


def _follows(subject: Subject, stack: Stack, config: RuleConfig) -> Iterator[str]:
    models = served(subject.view)
    if not models:
        yield f"{setting(subject.view, MODELS).path} names no model"
    for each in models:
        if each.get("version") != "release":
            yield (
                f"{setting(subject.view, MODELS).path}: {each.get('name')} is pinned to version "
                f"{each.get('version')}, which went through no release"
            )


def _in_sight(subject: Subject, stack: Stack, config: RuleConfig) -> Iterator[str]:
    for each in subject.view.at("envFrom").items():
        yield f"{each.path} sets variables that stand elsewhere"
    for each in subject.view.at("env").items():
        if each.at("valueFrom.configMapKeyRef").given:
            yield f"{each.path} takes {each.key('name').text()} from a ConfigMap"


def _enough(subject: Subject, stack: Stack, config: ReplicasConfig) -> Iterator[str]:
    for view, least in scaling.fewest(subject.resource, stack):
        if least < config.least:
            yield f"{view.path} is {least} and must be {config.least} or more"


def _masks(subject: Subject, stack: Stack, config: RuleConfig) -> Iterator[str]:
    sample, key = setting(subject.view, _SAMPLE), setting(subject.view, _HASH_KEY)
    secret = key.path.endswith(".valueFrom") and key.key("secretKeyRef").given
    if number(sample, 0) > 0 and not secret:
        yield (
            f"{sample.path} is {sample.text()}, but {_HASH_KEY} comes from no Secret, so columns that the "
            "model's manifest calls sensitive could not be hashed"
        )


def _watches(subject: Subject, stack: Stack, config: RuleConfig) -> Iterator[str]:
    for name, default in (("MLOPS_DRIFT_FEATURES", 50), ("MLOPS_OBSERVE_BYTES", 2**24)):
        view = setting(subject.view, name)
        if number(view, default) <= 0:
            yield f"{view.path} is {view.text()}, so drift is not counted"


def _tells_little(subject: Subject, stack: Stack, config: TraceConfig) -> Iterator[str]:
    level, logged = setting(subject.view, "MLOPS_LOG_LEVEL"), setting(subject.view, "MLOPS_LOG_REQUESTS")
    if level.text("info").lower() in ("debug", "trace"):
        yield f"{level.path} is {level.text()}, which is for development"
    if number(logged, 0) > config.most_logged:
        yield f"{logged.path} is {logged.text()}; {config.most_logged:g} is the most"


def _encrypted(name: str, subject: Subject) -> Iterator[str]:
    view = setting(subject.view, name)
    if leaves_in_clear(view.text()):
        yield f"{view.path} is {view.text()}: without TLS outside of the cluster"


def _no_code(subject: Subject, stack: Stack, config: RuleConfig) -> Iterator[str]:
    view = setting(subject.view, "MLOPS_ALLOW_CODE")
    if _listed(view):
        yield f"{view.path} is {view.text()}: artifacts may run code of their own"


def _listed(view: View) -> bool:
    text = view.text()
    try:
        found = json.loads(text) if text else []
    except ValueError:
        found = None
    if not isinstance(found, list):
        raise WrongShape(f"{view.path} is {shown(view.raw)}, where a JSON list is expected")
    return bool(found)


def _operators(subject: Subject, stack: Stack, config: RuleConfig) -> Iterator[str]:
    api, key = setting(subject.view, "MLOPS_REPOSITORY_API"), setting(subject.view, "MLOPS_ADMIN_KEY_FILE")
    if api.text().lower() in ("true", "1", "yes", "on") and key.known is MISSING:
        yield f"{api.path} is {api.text()} without MLOPS_ADMIN_KEY_FILE: whoever asks loads models"


RULES: tuple[Rule, ...] = (
    Rule(
        name="endpoint-owner",
        says="The model of an endpoint has an owner.",
        remedy=f"Name one in alerts.owner of ModelEndpoint (owner of mlops:endpoints): annotation {OWNER}.",
        severity=Severity.MEDIUM,
        kinds=KINDS,
        judge=_owned,
        parts=workloads,
        config=OwnersConfig,
    ),
    Rule(
        name="endpoint-follows-releases",
        says="In production an endpoint serves what its release log says: what passed its gates.",
        remedy="Leave version out, or set it to release, and release the model by its pipeline.",
        severity=Severity.HIGH,
        kinds=KINDS,
        judge=_follows,
        parts=servers,
        config=ProductionConfig,
    ),
    Rule(
        name="endpoint-settings-in-sight",
        says="The settings of a model server stand in its environment, where they can be judged.",
        remedy="Give settings as env with values, and secrets as env from a Secret's key.",
        severity=Severity.MEDIUM,
        kinds=KINDS,
        judge=_in_sight,
        parts=servers,
    ),
    Rule(
        name="endpoint-two-replicas",
        says="In production an endpoint has two pods or more, whatever its load is.",
        remedy="Set minReplicas of the endpoint to 2 or more.",
        severity=Severity.HIGH,
        kinds=KINDS,
        judge=_enough,
        parts=workloads,
        across=True,
        config=ReplicasConfig,
    ),
    Rule(
        name="endpoint-request-log-masks",
        says="A request log can mask the columns that a model's manifest calls sensitive.",
        remedy=f"Give {_HASH_KEY} in secret_settings, or set {_SAMPLE} to 0.",
        severity=Severity.HIGH,
        kinds=KINDS,
        judge=_masks,
        parts=servers,
    ),
    Rule(
        name="endpoint-counts-drift",
        says="A model server counts drift.",
        remedy="Leave MLOPS_DRIFT_FEATURES and MLOPS_OBSERVE_BYTES out, or set them above 0.",
        severity=Severity.MEDIUM,
        kinds=KINDS,
        judge=_watches,
        parts=servers,
    ),
    Rule(
        name="endpoint-logs-little",
        says="In production a model server logs no debug lines and few about single requests.",
        remedy="Leave MLOPS_LOG_LEVEL and MLOPS_LOG_REQUESTS out.",
        severity=Severity.MEDIUM,
        kinds=KINDS,
        judge=_tells_little,
        parts=servers,
        config=TraceConfig,
    ),
    Rule(
        name="endpoint-traces-encrypted",
        says="Traces leave the cluster over TLS alone.",
        remedy="Send them to a collector inside the cluster, or to an https address.",
        severity=Severity.HIGH,
        kinds=KINDS,
        judge=lambda subject, stack, config: _encrypted("MLOPS_OTLP_ENDPOINT", subject),
        parts=servers,
    ),
    Rule(
        name="endpoint-store-encrypted",
        says="A model server reads models over TLS, or inside the cluster.",
        remedy="Give the object store an https address.",
        severity=Severity.HIGH,
        kinds=KINDS,
        judge=lambda subject, stack, config: _encrypted("MLOPS_STORE_URL", subject),
        parts=servers,
    ),
    Rule(
        name="endpoint-runs-no-code",
        says="In production no artifact brings code of its own into a model server.",
        remedy="Register the model as ONNX, and leave MLOPS_ALLOW_CODE out.",
        severity=Severity.HIGH,
        kinds=KINDS,
        judge=_no_code,
        parts=servers,
        config=ProductionConfig,
    ),
    Rule(
        name="endpoint-operators-known",
        says="Nobody loads or unloads models without a key.",
        remedy="Mount a file of keys, point MLOPS_ADMIN_KEY_FILE to it, or leave MLOPS_REPOSITORY_API out.",
        severity=Severity.HIGH,
        kinds=KINDS,
        judge=_operators,
        parts=servers,
    ),
)
