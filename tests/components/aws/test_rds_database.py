from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest

from pulumi_mlops.aws.rds_args import RdsDatabaseSource
from pulumi_mlops.aws.rds_database import RdsDatabase
from recording_engine import Recording, registered

ACCOUNT = "123456789012"
KEY = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/data"
LOG_KEY = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/logs"
TAGS = {"mlops:environment": "dev", "mlops:owner": "risk"}
NAMED = {**TAGS, "Name": "mlops-dev"}
GROUND = {"region": "eu-central-1", "account_id": ACCOUNT, "tags": TAGS}
PRODUCTION = {**GROUND, "production": True}
CREATE: dict[str, Any] = {
    "vpc_id": "vpc-1",
    "subnet_ids": ["subnet-a", "subnet-b"],
    "client_security_group_id": "sg-cluster",
    "key_arn": KEY,
    "log_key_arn": LOG_KEY,
    "instance_class": "db.t4g.medium",
    "identifier": "mlops-dev",
}
ADOPT = {
    "host": "db.example.internal",
    "database": "runs",
    "user": "tracking",
    "secret_arn": f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:db-AbCdEf",
}


def made(ground: dict[str, Any] = GROUND, **changes: Any) -> Recording:
    create = {key: value for key, value in (CREATE | changes).items() if value is not None}
    args: Any = {"ground": ground, "source": RdsDatabaseSource.CREATE, "create": create}
    return registered(lambda: RdsDatabase("db", args), preview=True)


def refusal(ground: dict[str, Any] = GROUND, **changes: Any) -> str:
    with pytest.raises(pulumi.InputPropertyError) as caught:
        made(ground, **changes)
    return str(caught.value)


def instance(recording: Recording) -> dict[str, Any]:
    return dict(recording.of("Instance").inputs)


def without_references(inputs: dict[str, Any]) -> dict[str, Any]:
    referring = (
        "dbSubnetGroupName",
        "monitoringRoleArn",
        "parameterGroupName",
        "vpcSecurityGroupIds",
    )
    return {key: value for key, value in inputs.items() if key not in referring}


def test_a_database_is_one_private_instance_with_its_groups_logs_and_role() -> None:
    recording = made()
    assert sorted((r.type, r.name, r.parent) for r in recording.resources) == [
        ("aws:cloudwatch/logGroup:LogGroup", "db-log-postgresql", "db"),
        ("aws:cloudwatch/logGroup:LogGroup", "db-log-upgrade", "db"),
        ("aws:ec2/securityGroup:SecurityGroup", "db-group", "db"),
        ("aws:iam/role:Role", "db-monitoring", "db"),
        ("aws:iam/rolePolicy:RolePolicy", "db-monitoring", "db"),
        ("aws:rds/instance:Instance", "db-instance", "db"),
        ("aws:rds/parameterGroup:ParameterGroup", "db-parameters", "db"),
        ("aws:rds/subnetGroup:SubnetGroup", "db-subnets", "db"),
        ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "db-from-cluster", "db"),
        ("mlops:index:RdsDatabase", "db", ""),
    ]


def test_an_instance_has_exactly_these_inputs() -> None:
    assert without_references(instance(made())) == {
        "identifier": "mlops-dev",
        "engine": "postgres",
        "engineVersion": "17",
        "engineLifecycleSupport": "open-source-rds-extended-support-disabled",
        "instanceClass": "db.t4g.medium",
        "dbName": "mlflow",
        "username": "mlflow",
        "port": 5432,
        "allocatedStorage": 20,
        "maxAllocatedStorage": 100,
        "storageType": "gp3",
        "storageEncrypted": True,
        "kmsKeyId": KEY,
        "publiclyAccessible": False,
        "manageMasterUserPassword": True,
        "masterUserSecretKmsKeyId": KEY,
        "iamDatabaseAuthenticationEnabled": True,
        "caCertIdentifier": "rds-ca-rsa2048-g1",
        "multiAz": False,
        "backupRetentionPeriod": 1,
        "backupWindow": "02:00-03:00",
        "maintenanceWindow": "sun:03:30-sun:04:30",
        "deleteAutomatedBackups": True,
        "deletionProtection": False,
        "skipFinalSnapshot": True,
        "copyTagsToSnapshot": True,
        "autoMinorVersionUpgrade": True,
        "allowMajorVersionUpgrade": False,
        "applyImmediately": False,
        "enabledCloudwatchLogsExports": ["postgresql", "upgrade"],
        "monitoringInterval": 60,
        "performanceInsightsEnabled": True,
        "performanceInsightsKmsKeyId": KEY,
        "performanceInsightsRetentionPeriod": 7,
        "databaseInsightsMode": "standard",
        "tags": NAMED,
    }


def test_production_has_a_standby_two_weeks_of_backups_and_outlives_its_deletion() -> None:
    recording = made(PRODUCTION)
    plain, changed = instance(made()), instance(recording)
    assert {key: value for key, value in changed.items() if plain.get(key) != value} == {
        "multiAz": True,
        "backupRetentionPeriod": 14,
        "deletionProtection": True,
        "skipFinalSnapshot": False,
        "finalSnapshotIdentifier": "mlops-dev-final",
        "deleteAutomatedBackups": False,
    }
    assert plain.keys() - changed.keys() == set()


@pytest.mark.parametrize(("ground", "protected"), [(GROUND, False), (PRODUCTION, True)])
def test_only_in_production_pulumi_refuses_to_delete_it(ground: dict[str, Any], protected: bool) -> None:
    from mlops_stacks import recording

    args: Any = {"ground": ground, "source": RdsDatabaseSource.CREATE, "create": CREATE}
    found = recording.record(lambda: RdsDatabase("db", args), project="mlops", stack="test", config={})
    assert {r.name for r in found.resources if r.protect} == ({"db-instance"} if protected else set())


def test_the_instance_comes_after_its_log_groups_and_the_rights_of_its_monitoring() -> None:
    assert made().of("Instance").dependencies == (
        "db-group",
        "db-log-postgresql",
        "db-log-upgrade",
        "db-monitoring",
        "db-monitoring",
        "db-parameters",
        "db-subnets",
    )


def test_only_the_cluster_may_connect_and_nothing_goes_out() -> None:
    recording = made()
    assert recording.of("SecurityGroup").inputs == {
        "description": "Connections to the database mlops-dev",
        "vpcId": "vpc-1",
        "tags": NAMED,
    }
    rule = dict(recording.of("SecurityGroupIngressRule").inputs)
    rule.pop("securityGroupId", None)
    assert rule == {
        "description": "PostgreSQL from the cluster",
        "referencedSecurityGroupId": "sg-cluster",
        "ipProtocol": "tcp",
        "fromPort": 5432,
        "toPort": 5432,
        "tags": NAMED,
    }
    assert recording.of("SecurityGroupIngressRule").dependencies == ("db-group",)


def test_the_server_takes_encrypted_connections_only_and_logs_who_comes() -> None:
    assert made().of("ParameterGroup").inputs == {
        "family": "postgres17",
        "description": "PostgreSQL 17 of mlops-dev",
        "parameters": [
            {"name": "rds.force_ssl", "value": "1", "applyMethod": "immediate"},
            {
                "name": "rds.accepted_password_auth_method",
                "value": "scram",
                "applyMethod": "pending-reboot",
            },
            {"name": "password_encryption", "value": "scram-sha-256", "applyMethod": "immediate"},
            {"name": "log_connections", "value": "1", "applyMethod": "immediate"},
            {"name": "log_disconnections", "value": "1", "applyMethod": "immediate"},
            {"name": "log_lock_waits", "value": "1", "applyMethod": "immediate"},
            {"name": "log_min_duration_statement", "value": "1000", "applyMethod": "immediate"},
            {"name": "log_statement", "value": "ddl", "applyMethod": "immediate"},
        ],
        "tags": NAMED,
    }


def test_the_subnets_are_those_given() -> None:
    assert made().of("SubnetGroup").inputs == {
        "description": "Private subnets of mlops-dev",
        "subnetIds": ["subnet-a", "subnet-b"],
        "tags": NAMED,
    }


@pytest.mark.parametrize("log", ["postgresql", "upgrade"])
def test_logs_are_encrypted_and_do_not_grow_for_ever(log: str) -> None:
    assert made().of("LogGroup", f"db-log-{log}").inputs == {
        "name": f"/aws/rds/instance/mlops-dev/{log}",
        "retentionInDays": 90,
        "kmsKeyId": LOG_KEY,
        "tags": NAMED,
    }


def test_logs_have_the_key_of_the_data_where_none_is_given_for_them() -> None:
    assert made(log_key_arn=None).of("LogGroup", "db-log-upgrade").inputs["kmsKeyId"] == KEY


def test_monitoring_writes_to_its_one_log_group_for_this_one_instance() -> None:
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/bound"
    recording = made({**GROUND, "permissions_boundary_arn": boundary})
    role = dict(recording.of("Role").inputs)
    trust = json.loads(role.pop("assumeRolePolicy"))
    assert role == {
        "description": "Enhanced monitoring of mlops-dev",
        "permissionsBoundary": boundary,
        "tags": NAMED,
    }
    assert trust["Statement"] == [
        {
            "Sid": "Assume",
            "Effect": "Allow",
            "Principal": {"Service": ["monitoring.rds.amazonaws.com"]},
            "Action": ["sts:AssumeRole"],
            "Condition": {
                "StringEquals": {"aws:SourceAccount": ACCOUNT},
                "ArnLike": {"aws:SourceArn": f"arn:aws:rds:eu-central-1:{ACCOUNT}:db:mlops-dev"},
            },
        }
    ]
    group = f"arn:aws:logs:eu-central-1:{ACCOUNT}:log-group:RDSOSMetrics"
    assert json.loads(recording.of("RolePolicy").inputs["policy"])["Statement"] == [
        {
            "Sid": "MakeGroup",
            "Effect": "Allow",
            "Action": ["logs:CreateLogGroup", "logs:PutRetentionPolicy"],
            "Resource": [group, f"{group}:*"],
        },
        {
            "Sid": "WriteStreams",
            "Effect": "Allow",
            "Action": [
                "logs:CreateLogStream",
                "logs:DescribeLogStreams",
                "logs:GetLogEvents",
                "logs:PutLogEvents",
            ],
            "Resource": [f"{group}:log-stream:*"],
        },
    ]


def test_what_is_given_replaces_the_defaults() -> None:
    changed = instance(
        made(
            PRODUCTION,
            version="16",
            allow_major_upgrade=True,
            database="runs",
            user="tracking",
            storage_gib=40.0,
            maximum_storage_gib=400.0,
            backup_days=35.0,
            backup_window="22:00-23:00",
            maintenance_window="sat:00:00-sat:01:00",
            final_snapshot="the-second-end",
        )
    )
    assert {
        key: changed[key]
        for key in (
            "engineVersion",
            "allowMajorVersionUpgrade",
            "dbName",
            "username",
            "allocatedStorage",
            "maxAllocatedStorage",
            "backupRetentionPeriod",
            "backupWindow",
            "maintenanceWindow",
            "finalSnapshotIdentifier",
        )
    } == {
        "engineVersion": "16",
        "allowMajorVersionUpgrade": True,
        "dbName": "runs",
        "username": "tracking",
        "allocatedStorage": 40,
        "maxAllocatedStorage": 400,
        "backupRetentionPeriod": 35,
        "backupWindow": "22:00-23:00",
        "maintenanceWindow": "sat:00:00-sat:01:00",
        "finalSnapshotIdentifier": "the-second-end",
    }


def test_an_adopted_database_registers_nothing() -> None:
    args: Any = {"ground": PRODUCTION, "source": RdsDatabaseSource.ADOPT, "adopt": ADOPT}
    recording = registered(lambda: RdsDatabase("db", args), preview=True)
    assert [r.type for r in recording.resources] == ["mlops:index:RdsDatabase"]
    assert recording.outputs["db"] == {
        "host": "db.example.internal",
        "port": 5432,
        "database": "runs",
        "user": "tracking",
        "secret_arn": ADOPT["secret_arn"],
        "url": "postgresql://tracking@db.example.internal:5432/runs",
    }


def test_into_the_group_of_an_adopted_database_one_rule_admits_the_cluster() -> None:
    groups = {"security_group_id": "sg-theirs", "client_security_group_id": "sg-cluster"}
    args: Any = {"ground": GROUND, "source": RdsDatabaseSource.ADOPT, "adopt": {**ADOPT, **groups}}
    recording = registered(lambda: RdsDatabase("db", {**args, "adopt": {**args["adopt"], "port": 6432}}))
    assert [(each.name, each.parent) for each in recording.resources] == [
        ("db-from-cluster", "db"),
        ("db", ""),
    ]
    assert recording.of("SecurityGroupIngressRule").inputs == {
        "description": "PostgreSQL from the cluster",
        "securityGroupId": "sg-theirs",
        "referencedSecurityGroupId": "sg-cluster",
        "ipProtocol": "tcp",
        "fromPort": 6432,
        "toPort": 6432,
        "tags": {**GROUND["tags"], "Name": "db-from-cluster"},
    }
    assert recording.outputs["db"]["security_group_id"] == "sg-theirs"


def test_a_group_to_open_needs_the_cluster_that_it_is_opened_to() -> None:
    adopt = {**ADOPT, "security_group_id": "sg-theirs"}
    args: Any = {"ground": GROUND, "source": RdsDatabaseSource.ADOPT, "adopt": adopt}
    with pytest.raises(pulumi.InputPropertyError) as caught:
        registered(lambda: RdsDatabase("db", args))
    assert caught.value.property_path == "adopt.client_security_group_id"


@pytest.mark.parametrize(("source", "other"), [("create", "adopt"), ("adopt", "create")])
def test_adopting_and_creating_at_once_is_refused(source: str, other: str) -> None:
    args: Any = {"ground": GROUND, "source": RdsDatabaseSource(source), "create": CREATE, "adopt": ADOPT}
    with pytest.raises(pulumi.InputPropertyError) as caught:
        registered(lambda: RdsDatabase("db", args))
    assert caught.value.property_path == other
    assert "leave one of the two out" in str(caught.value)


def test_it_is_refused_before_the_first_resource_with_key_reason_and_remedy() -> None:
    assert "leave multi_az out" in refusal(PRODUCTION, multi_az=False)
    assert "production keeps them for 7 to 35 days" in refusal(PRODUCTION, backup_days=6)
    assert "allowed are 15, 16, 17" in refusal(version="9.6")
    assert "one looks like db.m7g.large" in refusal(instance_class="m7g.large")
    assert "give one in each of at least two zones" in refusal(subnet_ids=["subnet-a"])
    assert "this argument is required" in refusal(subnet_ids=None)
    assert "allowed is 22 to 65536" in refusal(maximum_storage_gib=21)
    assert "overlap" in refusal(backup_window="03:00-04:00")
    assert "is no ARN" in refusal(key_arn="alias/data")


def test_a_program_in_another_language_names_the_source_by_its_value() -> None:
    args: Any = {"ground": GROUND, "source": "adopt", "adopt": {**ADOPT, "port": 6432.0}}
    assert registered(lambda: RdsDatabase("db", args), preview=True).outputs["db"]["port"] == 6432
