"""Argument types of RdsDatabase. Data only; no future annotations, Pulumi reads them."""

from enum import Enum
from typing import NotRequired, TypedDict

import pulumi

from pulumi_mlops.aws.ground import GroundArgs


class RdsDatabaseSource(Enum):
    """Where the database comes from."""

    ADOPT = "adopt"
    """It exists; nothing is registered, so nothing of it is ever changed or deleted."""
    CREATE = "create"
    """An RDS instance is made."""


class RdsCreateArgs(TypedDict):
    """The instance that is made."""

    vpc_id: pulumi.Input[str]
    """The network of the security group."""
    subnet_ids: pulumi.Input[list[pulumi.Input[str]]]
    """Subnets without a way to the internet, in two zones or more."""
    client_security_group_id: pulumi.Input[str]
    """The one security group whose members may connect: the cluster's."""
    key_arn: pulumi.Input[str]
    """KMS key of the storage, its snapshots, the password's secret and Performance Insights."""
    log_key_arn: NotRequired[pulumi.Input[str]]
    """KMS key of the log groups, which CloudWatch Logs must be allowed to use; `key_arn` without it."""
    instance_class: pulumi.Input[str]
    """Class of the instance, such as `db.t4g.medium`."""
    identifier: NotRequired[str]
    """Name of the instance, unique in the region; the component's name by default."""
    database: NotRequired[str]
    """Name of the database; `mlflow` by default."""
    user: NotRequired[str]
    """Name of its owner; `mlflow` by default."""
    version: NotRequired[str]
    """Major version of PostgreSQL; `17` by default. RDS keeps the minor one up to date."""
    allow_major_upgrade: NotRequired[bool]
    """Whether another `version` upgrades the database, in the next maintenance window; False by default."""
    storage_gib: NotRequired[int]
    """Storage at first, in GiB; 20 by default."""
    maximum_storage_gib: NotRequired[int]
    """Storage up to which it grows by itself, in GiB; five times `storage_gib` by default."""
    multi_az: NotRequired[bool]
    """Whether a standby in another zone takes over; in production always, else not by default."""
    backup_days: NotRequired[int]
    """For how many days any moment can be restored; 14 by default in production, else 1."""
    backup_window: NotRequired[str]
    """When the daily snapshot is taken, in UTC; `02:00-03:00` by default."""
    maintenance_window: NotRequired[str]
    """When minor versions are updated, in UTC; `sun:03:30-sun:04:30` by default."""
    log_days: NotRequired[int]
    """How long logs are kept; 90 by default."""
    final_snapshot: NotRequired[str]
    """Name of the snapshot that a production database leaves; `<identifier>-final` by default. Names of
    snapshots are unique: give another where a database of this identifier was destroyed before."""


class RdsAdoptArgs(TypedDict):
    """A PostgreSQL database that exists, on RDS or Aurora."""

    host: pulumi.Input[str]
    """Name of its writer's endpoint."""
    port: NotRequired[pulumi.Input[int]]
    """TCP port; 5432 by default."""
    database: pulumi.Input[str]
    """Name of the database."""
    user: pulumi.Input[str]
    """Name of the user that connects."""
    secret_arn: pulumi.Input[str]
    """Secret in Secrets Manager with the user's name and password."""
    security_group_id: NotRequired[pulumi.Input[str]]
    """Security group of the database that is to admit the cluster: one rule is made in it, and deleted with
    the component; nothing else of it is touched. Without it, the database must admit the cluster already."""
    client_security_group_id: NotRequired[pulumi.Input[str]]
    """The cluster's security group; needed with `security_group_id`."""
    identifier: NotRequired[pulumi.Input[str]]
    """Name of the instance, by which alarms find its metrics; without it there are none."""


class RdsDatabaseArgs(TypedDict):
    """Arguments of RdsDatabase."""

    ground: GroundArgs
    """Region, account and tags."""
    source: RdsDatabaseSource
    """Whether to make a database or to adopt one."""
    create: NotRequired[RdsCreateArgs]
    """To create: what is made."""
    adopt: NotRequired[RdsAdoptArgs]
    """To adopt: what exists."""
