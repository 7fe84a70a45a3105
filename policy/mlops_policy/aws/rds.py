"""Databases: encrypted, closed, without a password in the state, watched, and not lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mlops_policy.aws.frameworks import hub
from mlops_policy.aws.kinds import DATABASE, PARAMETERS
from mlops_policy.building import field, protected, some
from mlops_policy.resources import Stack
from mlops_policy.rules import Framework, ProductionConfig, Rule, RuleConfig, Severity, Subject
from mlops_policy.views import MISSING, View
from mlops_policy.wanted import ABSENT, NO, TEXT, YES, Wanted, at_least, has

A_WEEK = 7
_NONE, _WEEK = at_least(1), at_least(A_WEEK)


def _week_of_backups() -> Wanted:
    """Backups of a week, if there are any: that there are is asked by itself."""

    def holds(days: Any) -> bool:
        counts = isinstance(days, int | float) and not isinstance(days, bool)
        return days is MISSING or (counts and (not _NONE.holds(days) or _WEEK.holds(days)))

    return Wanted(_WEEK.says, holds)


def _unencrypted(subject: Subject, stack: Stack, settings: Any) -> Iterator[str]:
    def forces(parameter: View) -> bool:
        named = parameter.at("name").text() == "rds.force_ssl"
        return named and str(parameter.at("value").known) == "1"

    if not some(subject.view.at("parameters").items(), forces):
        yield "parameters do not set rds.force_ssl to 1"


def _of(
    name: str,
    says: str,
    path: str,
    wanted: Wanted,
    severity: Severity,
    *controls: str,
    fix: Any = MISSING,
    bad: Any = MISSING,
    production: bool = False,
) -> Rule:
    config: type[RuleConfig] = ProductionConfig if production else RuleConfig
    frameworks: tuple[Framework, ...] = hub(*controls)
    return field(name, says, (DATABASE,), path, wanted, severity=severity, fix=fix, bad=bad,
                 frameworks=frameworks, config=config)  # fmt: skip


RULES: tuple[Rule, ...] = (
    _of("rds-encrypted", "A database is encrypted.", "storageEncrypted", YES, Severity.HIGH, "RDS.3"),
    _of("rds-key", "A database is encrypted with a key of one's own.", "kmsKeyId", TEXT, Severity.MEDIUM),
    _of("rds-private", "A database has no public address.", "publiclyAccessible", NO, Severity.CRITICAL,
        "RDS.2"),
    _of("rds-iam", "Roles may log in to a database, without a password.",
        "iamDatabaseAuthenticationEnabled", YES, Severity.MEDIUM, "RDS.10"),
    _of("rds-password", "AWS makes and rotates a database's password.", "manageMasterUserPassword", YES,
        Severity.HIGH),
    _of("rds-no-password", "No password of a database is in the state.", "password", ABSENT, Severity.HIGH,
        bad="hunter2"),
    _of("rds-password-key", "A database's password is sealed with a key of one's own.",
        "masterUserSecretKmsKeyId", TEXT, Severity.MEDIUM),
    _of("rds-backups", "A database's backups are kept.", "backupRetentionPeriod", at_least(1),
        Severity.MEDIUM),
    _of("rds-logs", "A database's logs leave it.", "enabledCloudwatchLogsExports", has({"postgresql"}),
        Severity.MEDIUM, "RDS.9", "RDS.36"),
    _of("rds-monitoring", "The operating system of a database is watched.", "monitoringInterval",
        at_least(1), Severity.LOW, "RDS.6"),
    _of("rds-insights", "The queries of a database are watched.", "performanceInsightsEnabled", YES,
        Severity.LOW),
    _of("rds-insights-key", "What is seen of a database's queries is sealed with a key of one's own.",
        "performanceInsightsKmsKeyId", TEXT, Severity.MEDIUM),
    _of("rds-snapshot-tags", "A database's snapshots carry its tags.", "copyTagsToSnapshot", YES,
        Severity.LOW, "RDS.17", fix=True),
    _of("rds-patches", "A database takes small updates by itself.", "autoMinorVersionUpgrade", YES,
        Severity.HIGH, "RDS.13", fix=True),
    _of("rds-certificate", "Of a database it is said who signs its certificate.", "caCertIdentifier", TEXT,
        Severity.LOW),
    Rule(
        name="rds-tls",
        says="A database refuses connections without TLS.",
        remedy="Add the parameter rds.force_ssl with the value 1 to the parameter group.",
        severity=Severity.MEDIUM,
        kinds=(PARAMETERS,),
        judge=_unencrypted,
        path="parameters",
        bad=[],
        frameworks=hub("RDS.38"),
    ),
    _of("rds-zones", "A database of production has a standby in another zone.", "multiAz", YES,
        Severity.MEDIUM, "RDS.5", production=True),
    _of("rds-backups-week", "A database of production keeps the backups of a week.",
        "backupRetentionPeriod", _week_of_backups(), Severity.MEDIUM, "RDS.11", bad=1, production=True),
    _of("rds-deletion", "RDS refuses to delete a database of production.", "deletionProtection", YES,
        Severity.HIGH, "RDS.8", fix=True, production=True),
    _of("rds-final", "A database of production that is deleted leaves a snapshot.", "skipFinalSnapshot", NO,
        Severity.HIGH, production=True),
    _of("rds-final-name", "The last snapshot of a database of production has a name.",
        "finalSnapshotIdentifier", TEXT, Severity.MEDIUM, production=True),
    _of("rds-backups-stay", "A database of production that is deleted leaves its backups.",
        "deleteAutomatedBackups", NO, Severity.MEDIUM, fix=False, production=True),
    protected("rds-protect", "The engine refuses to delete a database of production.", (DATABASE,),
              config=ProductionConfig),
)  # fmt: skip
