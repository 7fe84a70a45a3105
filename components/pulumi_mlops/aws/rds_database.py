"""PostgreSQL on RDS, for MLflow's runs and versions: private, encrypted, its password rotated by RDS.

An instance and not Aurora: MLflow writes kilobytes for each run from one server, and a Multi-AZ instance with
gp3 gives it failover, point-in-time restore and growing storage without a cluster of two. A company that
runs Aurora adopts it: the contract is the same.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import pulumi
import pulumi_aws as aws

from pulumi_mlops import checks, inputs
from pulumi_mlops.aws import aws_checks, rds_checks, rds_hardening
from pulumi_mlops.aws.rds_args import RdsDatabaseArgs, RdsDatabaseSource
from pulumi_mlops.aws.rds_hardening import LOGS, PARAMETERS, PORT
from pulumi_mlops.errors import InvalidValue


class RdsDatabase(pulumi.ComponentResource):
    """One PostgreSQL database that only the cluster can reach."""

    host: pulumi.Output[str]
    """Name of the server."""
    port: pulumi.Output[int]
    """TCP port of the server."""
    database: pulumi.Output[str]
    """Name of the database."""
    user: pulumi.Output[str]
    """Name of the user that connects."""
    secret_arn: pulumi.Output[str]
    """Secret with the user's password, in Secrets Manager; RDS replaces the password every seven days."""
    security_group_id: pulumi.Output[str | None]
    """Security group of the database; None of an adopted one that did not give it."""
    identifier: pulumi.Output[str | None]
    """Name of the instance, the dimension of its metrics; None of an adopted one that did not give it."""
    url: pulumi.Output[str]
    """`postgresql://user@host:port/database`, without a password; see ModelRegistry's `database_password`."""

    def __init__(self, name: str, args: RdsDatabaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:index:RdsDatabase", name, {}, opts)
        source = RdsDatabaseSource(inputs.section(args, "source"))
        other = "create" if source is RdsDatabaseSource.ADOPT else "adopt"
        inputs.refuse_given(args, (other,), f"source {source.value}")
        wanted = inputs.section(args, source.value)
        if source is RdsDatabaseSource.ADOPT:
            self._adopt(name, args["ground"], wanted)
        else:
            self._create(name, args["ground"], wanted)
        self.url = pulumi.Output.concat(
            "postgresql://", self.user, "@", self.host, ":", self.port.apply(str), "/", self.database
        )
        self.register_outputs(
            {
                "host": self.host,
                "port": self.port,
                "database": self.database,
                "user": self.user,
                "secret_arn": self.secret_arn,
                "security_group_id": self.security_group_id,
                "identifier": self.identifier,
                "url": self.url,
            }
        )

    def _adopt(self, name: str, ground: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
        def text(key: str, check: Callable[[str], str] = inputs.any_text) -> pulumi.Output[str]:
            return pulumi.Output.from_input(inputs.text(wanted, key, check, within="adopt"))

        self.host = text("host")
        self.port = pulumi.Output.from_input(
            inputs.whole(wanted, "port", checks.positive, PORT, within="adopt")
        )
        self.database, self.user = text("database"), text("user")
        self.secret_arn = text("secret_arn", aws_checks.arn)
        self.identifier = pulumi.Output.from_input(wanted.get("identifier"))
        group = wanted.get("security_group_id")
        self.security_group_id = pulumi.Output.from_input(group)
        if group is not None:
            tags = {**ground["tags"], "Name": f"{name}-from-cluster"}
            self._admit_cluster(name, text("security_group_id"), wanted, self.port, tags)

    def _create(self, name: str, ground: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
        production = bool(ground.get("production"))
        identifier = inputs.plain(wanted, "identifier", rds_checks.identifier, name, within="create")
        snapshot = inputs.plain(
            wanted, "final_snapshot", rds_checks.snapshot, f"{identifier}-final", within="create"
        )
        settings = {
            **rds_hardening.HARDENED,
            **_named(wanted, identifier),
            **_settings(wanted, production),
            **rds_hardening.end(production, snapshot),
        }
        tags = {**ground["tags"], "Name": identifier}
        group = self._security_group(name, wanted, tags)
        log_groups = [self._log_group(name, log, identifier, wanted, tags) for log in LOGS]
        role, policy = self._monitoring_role(name, ground, identifier, tags)
        parameters = self._parameters(name, settings["engine_version"], tags)
        subnets = self._subnets(name, wanted, tags)
        instance = aws.rds.Instance(
            f"{name}-instance",
            db_subnet_group_name=subnets.name,
            vpc_security_group_ids=[group.id],
            parameter_group_name=parameters.name,
            monitoring_role_arn=role.arn,
            **settings,
            tags=tags,
            opts=pulumi.ResourceOptions(parent=self, protect=production, depends_on=[*log_groups, policy]),
        )
        self.host, self.port = instance.address, instance.port
        self.database, self.user = instance.db_name, instance.username
        self.secret_arn = instance.master_user_secrets.apply(_secret_arn)
        self.security_group_id = group.id
        self.identifier = instance.identifier

    def _parameters(self, name: str, version: str, tags: Mapping[str, str]) -> aws.rds.ParameterGroup:
        return aws.rds.ParameterGroup(
            f"{name}-parameters",
            family=f"postgres{version}",
            description=f"PostgreSQL {version} of {tags['Name']}",
            parameters=[
                {"name": key, "value": value, "apply_method": when} for key, value, when in PARAMETERS
            ],
            tags=tags,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _subnets(self, name: str, wanted: Mapping[str, Any], tags: Mapping[str, str]) -> aws.rds.SubnetGroup:
        return aws.rds.SubnetGroup(
            f"{name}-subnets",
            description=f"Private subnets of {tags['Name']}",
            subnet_ids=_checked("create.subnet_ids", wanted.get("subnet_ids"), rds_checks.subnets),
            tags=tags,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _security_group(
        self, name: str, wanted: Mapping[str, Any], tags: Mapping[str, str]
    ) -> aws.ec2.SecurityGroup:
        # No rule lets anything out: the provider takes away the one that EC2 puts into a new group.
        group = aws.ec2.SecurityGroup(
            f"{name}-group",
            description=f"Connections to the database {tags['Name']}",
            vpc_id=inputs.text(wanted, "vpc_id", inputs.any_text, within="create"),
            tags=tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self._admit_cluster(name, group.id, wanted, PORT, tags, within="create")
        return group

    def _admit_cluster(
        self,
        name: str,
        group: pulumi.Input[str],
        wanted: Mapping[str, Any],
        port: pulumi.Input[int],
        tags: Mapping[str, str],
        within: str = "adopt",
    ) -> None:
        aws.vpc.SecurityGroupIngressRule(
            f"{name}-from-cluster",
            description="PostgreSQL from the cluster",
            security_group_id=group,
            referenced_security_group_id=inputs.text(
                wanted, "client_security_group_id", inputs.any_text, within=within
            ),
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            tags=tags,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _log_group(
        self, name: str, log: str, identifier: str, wanted: Mapping[str, Any], tags: Mapping[str, str]
    ) -> aws.cloudwatch.LogGroup:
        # RDS would make it itself, and keep everything for ever.
        return aws.cloudwatch.LogGroup(
            f"{name}-log-{log}",
            name=f"/aws/rds/instance/{identifier}/{log}",
            retention_in_days=inputs.whole(wanted, "log_days", aws_checks.log_days, 90, within="create"),
            kms_key_id=wanted.get("log_key_arn") or _key(wanted),
            tags=tags,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _monitoring_role(
        self, name: str, ground: Mapping[str, Any], identifier: str, tags: Mapping[str, str]
    ) -> tuple[aws.iam.Role, pulumi.Resource]:
        region = inputs.plain(ground, "region", aws_checks.region, within="ground")
        account = pulumi.Output.from_input(
            inputs.text(ground, "account_id", aws_checks.account_id, within="ground")
        )
        child = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(
            f"{name}-monitoring",
            description=f"Enhanced monitoring of {identifier}",
            assume_role_policy=account.apply(
                lambda known: rds_hardening.monitoring_trust(region, known, identifier)
            ),
            permissions_boundary=ground.get("permissions_boundary_arn"),
            tags=tags,
            opts=child,
        )
        policy = aws.iam.RolePolicy(
            f"{name}-monitoring",
            role=role.name,
            policy=account.apply(lambda known: rds_hardening.monitoring_rights(region, known)),
            opts=child,
        )
        return role, policy


def _named(wanted: Mapping[str, Any], identifier: str) -> dict[str, Any]:
    key = _key(wanted)
    return {
        "identifier": identifier,
        "engine": "postgres",
        "engine_version": inputs.plain(
            wanted, "version", lambda value: rds_checks.version(value, date.today()), "17", within="create"
        ),
        "allow_major_version_upgrade": bool(wanted.get("allow_major_upgrade")),
        "instance_class": inputs.text(wanted, "instance_class", rds_checks.instance_class, within="create"),
        "db_name": inputs.plain(wanted, "database", rds_checks.sql_name, "mlflow", within="create"),
        "username": inputs.plain(wanted, "user", rds_checks.sql_name, "mlflow", within="create"),
        "port": PORT,
        "kms_key_id": key,
        "master_user_secret_kms_key_id": key,
        "performance_insights_kms_key_id": key,
    }


def _settings(wanted: Mapping[str, Any], production: bool) -> dict[str, Any]:
    first = inputs.whole(wanted, "storage_gib", checks.positive, 20, within="create")
    maximum = inputs.whole(wanted, "maximum_storage_gib", checks.positive, first * 5, within="create")
    standby = production if wanted.get("multi_az") is None else bool(wanted["multi_az"])
    backup = inputs.plain(wanted, "backup_window", inputs.any_text, "02:00-03:00", within="create")
    maintenance = inputs.plain(
        wanted, "maintenance_window", inputs.any_text, "sun:03:30-sun:04:30", within="create"
    )
    storage = _refused("create.maximum_storage_gib", lambda: rds_checks.storage(first, maximum))
    backup, maintenance = _refused("create.backup_window", lambda: rds_checks.windows(backup, maintenance))
    return {
        "allocated_storage": storage[0],
        "max_allocated_storage": storage[1],
        "multi_az": _refused("create.multi_az", lambda: rds_checks.multi_az(standby, production=production)),
        "backup_retention_period": inputs.whole(
            wanted,
            "backup_days",
            lambda days: rds_checks.backup_days(days, production=production),
            14 if production else 1,
            within="create",
        ),
        "backup_window": backup,
        "maintenance_window": maintenance,
    }


def _key(wanted: Mapping[str, Any]) -> Any:
    return inputs.text(wanted, "key_arn", aws_checks.arn, within="create")


def _secret_arn(secrets: Any) -> Any:
    return secrets[0].secret_arn if secrets else None


def _checked(path: str, value: Any, check: Callable[[Any], Any]) -> Any:
    if value is None:
        raise pulumi.InputPropertyError(path, "this argument is required and was not given")
    if isinstance(value, pulumi.Output):
        return value.apply(lambda known: _refused(path, lambda: check(known)))
    return _refused(path, lambda: check(value))


def _refused(path: str, check: Callable[[], Any]) -> Any:
    try:
        return check()
    except InvalidValue as error:
        raise pulumi.InputPropertyError(path, str(error)) from error
