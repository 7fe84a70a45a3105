"""What no database on RDS goes without: settings, parameters and rights. Pure.

Performance Insights is the name that the API kept; its console became CloudWatch Database Insights in 2026.
The seven days of its standard mode are the part that is free of charge.
"""

from typing import Any

from pulumi_mlops.aws import endpoints, iam_policy

PORT = 5432
LOGS = ("postgresql", "upgrade")
CERTIFICATE_AUTHORITY = "rds-ca-rsa2048-g1"
"""Signer of the server's certificate; AWS publishes its certificate in one bundle for each region."""
PARAMETERS = (
    ("rds.force_ssl", "1", "immediate"),
    ("rds.accepted_password_auth_method", "scram", "pending-reboot"),
    ("password_encryption", "scram-sha-256", "immediate"),
    ("log_connections", "1", "immediate"),
    ("log_disconnections", "1", "immediate"),
    ("log_lock_waits", "1", "immediate"),
    ("log_min_duration_statement", "1000", "immediate"),
    ("log_statement", "ddl", "immediate"),
)
"""(name, value, when it is applied): no plain connection, no MD5, and a log that tells who did what."""

HARDENED = {
    # At the end of a version's support RDS updates it, rather than charge for every core and hour.
    "engine_lifecycle_support": "open-source-rds-extended-support-disabled",
    "storage_encrypted": True,
    "storage_type": "gp3",
    "publicly_accessible": False,
    "manage_master_user_password": True,
    "iam_database_authentication_enabled": True,
    "ca_cert_identifier": CERTIFICATE_AUTHORITY,
    "auto_minor_version_upgrade": True,
    "apply_immediately": False,
    "copy_tags_to_snapshot": True,
    "enabled_cloudwatch_logs_exports": list(LOGS),
    "monitoring_interval": 60,
    "performance_insights_enabled": True,
    "performance_insights_retention_period": 7,
    "database_insights_mode": "standard",
}
"""Inputs of every instance."""


def monitoring_trust(region: str, account_id: str, identifier: str) -> str:
    """Who may take the monitoring role: RDS, for this one instance."""
    arn = endpoints.arn(region, "rds", f"db:{identifier}", account_id=account_id)
    return iam_policy.trust("monitoring.rds.amazonaws.com", account_id=account_id, source_arn=arn)


def metrics_group(region: str, account_id: str) -> str:
    """The ARN of the log group that RDS keeps in each account for enhanced monitoring."""
    return endpoints.arn(region, "logs", "log-group:RDSOSMetrics", account_id=account_id)


def monitoring_rights(region: str, account_id: str) -> str:
    """What enhanced monitoring may do: write to that one log group, and make it.

    Source: AWS's managed policy AmazonRDSEnhancedMonitoringRole, which lets it do the same with every group
    whose name begins with RDS.
    """
    group = metrics_group(region, account_id)
    return iam_policy.document(
        iam_policy.Statement(
            "MakeGroup", ["logs:CreateLogGroup", "logs:PutRetentionPolicy"], [group, f"{group}:*"]
        ),
        iam_policy.Statement(
            "WriteStreams",
            [
                "logs:CreateLogStream",
                "logs:DescribeLogStreams",
                "logs:GetLogEvents",
                "logs:PutLogEvents",
            ],
            [f"{group}:log-stream:*"],
        ),
    )


def end(production: bool, final_snapshot: str) -> dict[str, Any]:
    """Inputs for the instance's end: in production deletion is refused, and leaves a snapshot and backups."""
    if not production:
        return {"deletion_protection": False, "skip_final_snapshot": True, "delete_automated_backups": True}
    return {
        "deletion_protection": True,
        "skip_final_snapshot": False,
        "final_snapshot_identifier": final_snapshot,
        "delete_automated_backups": False,
    }
