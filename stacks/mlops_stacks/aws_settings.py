"""What `mlops:aws` and `mlops:cluster` with `maker: eks` may say: an environment's ground on AWS."""

from collections.abc import Callable
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from mlops_stacks import setting_types as types
from mlops_stacks.setting_types import Section
from pulumi_mlops.aws import aws_checks, rds_checks


def _sized(value: str) -> str:
    rds_checks.memory_gib(value)
    return value


Region = Annotated[str, AfterValidator(aws_checks.region)]
AccountId = Annotated[str, AfterValidator(aws_checks.account_id)]
Arn = Annotated[str, AfterValidator(aws_checks.arn)]
DatabaseClass = Annotated[str, AfterValidator(_sized)]
Day = Annotated[date, Field(strict=False)]
Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]


def _only(mode: str, names: tuple[str, ...]) -> Callable[[Section], None]:
    """The check that keys of another mode are not given."""

    def check(section: Section) -> None:
        for name in names:
            if getattr(section, name) not in (None, (), {}):
                key = type(section).model_fields[name].alias
                raise ValueError(f"{key} is of mode {mode} only; leave it out, or set mode: {mode}")

    return check


class NetworkSettings(Section):
    """The VPC: made from `cidr`, or one that exists, whose ids are given."""

    mode: Literal["create", "adopt"] = "create"
    cidr: types.Cidr = "10.64.0.0/16"
    nat: Literal["none", "single", "per-zone"] = "single"
    endpoints: Literal["none", "one-zone", "every-zone"] = "one-zone"
    peer_cidrs: types.Several[types.Cidr] = ()
    flow_log_days: types.Positive = 90
    vpc_id: types.Text | None = None
    private_subnet_ids: types.Several[types.Text] = ()
    public_subnet_ids: types.Several[types.Text] = ()
    database_subnet_ids: types.Several[types.Text] = ()

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        ids = ("vpc_id", "private_subnet_ids", "public_subnet_ids", "database_subnet_ids")
        if self.mode == "create":
            _only("adopt", ids)(self)
            return self
        for name in ("vpc_id", "private_subnet_ids", "database_subnet_ids"):
            if not getattr(self, name):
                raise ValueError(f"{type(self).model_fields[name].alias} is needed where mode is adopt")
        return self


class EdgeSettings(Section):
    """The load balancer in front of the endpoints, each of which is `<name>.<domain>`.

    It is inside the VPC unless `internet` is true. `public` admits everybody, in place of `allowedCidrs`.
    Zone, certificate and firewall are made where none are named.
    """

    domain: types.Text
    internet: bool = False
    public: bool = False
    allowed_cidrs: types.Several[types.Cidr] = ()
    zone_id: types.Text | None = None
    parent_zone_id: types.Text | None = None
    certificate_arn: Arn | None = None
    web_acl_arn: Arn | None = None
    rate_limit: types.Positive | None = None

    @model_validator(mode="after")
    def _somebody_may_ask(self) -> Self:
        if self.public == bool(self.allowed_cidrs):
            raise ValueError(
                "allowedCidrs: name the networks that may ask, or set public: true for everybody"
            )
        if self.zone_id and self.parent_zone_id:
            raise ValueError("parentZoneId: is for a zone that is made; leave it out where zoneId is given")
        return self


class BudgetSettings(Section):
    """A month's budget in US dollars, and who is told before it is spent."""

    monthly: types.Positive
    notify: Annotated[tuple[Email, ...], Field(strict=False, min_length=1, max_length=10)]


class StorageSettings(Section):
    """Days for which replaced objects and logged requests are kept, and those of a lock."""

    noncurrent_days: types.Positive = 90
    request_days: types.Positive = 365
    lock_days: types.Positive | None = None
    force_destroy: bool = False


class DatabaseClassSettings(Section):
    """MLflow's database on RDS: made of a class, or one that exists.

    `authorities_file` is AWS's bundle of certificates for the region, by which MLflow knows the server.
    """

    mode: Literal["create", "adopt"] = "create"
    instance_class: DatabaseClass = "db.t4g.medium"
    version: types.Text = "17"
    storage_gib: types.Positive = 20
    multi_az: bool = False
    backup_days: types.Positive = 7
    log_days: types.Positive = 90
    host: types.Text | None = None
    port: types.Positive = 5432
    database: types.Text = "mlflow"
    user: types.Text = "mlflow"
    secret_arn: Arn | None = None
    security_group_id: types.Text | None = None
    authorities_file: types.Text | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if self.mode == "create":
            _only("adopt", ("host", "secret_arn", "security_group_id"))(self)
            return self
        for name in ("host", "secret_arn", "security_group_id"):
            if getattr(self, name) is None:
                raise ValueError(f"{type(self).model_fields[name].alias} is needed where mode is adopt")
        return self


class AwsSettings(Section):
    """Where, whose and how long: what every AWS resource of the environment shares.

    `production` asks for deletion protection, several zones and final snapshots; other environments say on
    which day they end.
    """

    region: Region
    account_id: AccountId | None = None
    deploy_role_arn: Arn | None = None
    zones: types.Several[types.Text] = ()
    owner: types.Text
    cost_center: types.Text
    expires: Day | None = None
    production: bool = False
    permissions_boundary_arn: Arn | None = None
    key_arn: Arn | None = None
    network: NetworkSettings = NetworkSettings()
    storage: StorageSettings = StorageSettings()
    database: DatabaseClassSettings = DatabaseClassSettings()
    buckets: dict[Literal["models", "data", "requests"], types.Text] = Field(default_factory=dict)
    registry: types.Text | None = None
    edge: EdgeSettings | None = None
    budget: BudgetSettings | None = None
    alarm_emails: types.Several[Email] = ()

    @model_validator(mode="after")
    def _production_is_kept(self) -> Self:
        if self.production and self.storage.force_destroy:
            raise ValueError("storage.forceDestroy: true deletes models with the stack; not in production")
        if self.production and self.database.mode == "create" and not self.database.multi_az:
            raise ValueError("database.multiAz: must be true in production; a standby takes over in a minute")
        if self.production and len(self.zone_names) < 3:
            raise ValueError(f"zones: production needs three, got {len(self.zone_names)}")
        if not self.production and self.expires is None:
            raise ValueError(
                "expires: an environment that is not production says on which day it ends, such as 2027-06-30"
            )
        return self

    @property
    def zone_names(self) -> tuple[str, ...]:
        """The zones; the region's a, b and c where none are given."""
        return self.zones or tuple(f"{self.region}{letter}" for letter in "abc")


class SystemNodesSettings(Section):
    """The nodes that EKS keeps itself."""

    instance_types: types.Several[types.Text] = ("m7i.large",)
    least: types.Positive | None = None
    most: types.Positive | None = None


class NodePoolSettings(Section):
    """Nodes that Karpenter makes; the limits are its budget."""

    kind: Literal["cpu", "memory", "gpu", "spot"]
    cpu_limit: types.Positive
    memory_limit: types.Bytes
    gpu_limit: types.Positive | None = None
    families: types.Several[types.Text] = ()


class ExistingEksSettings(Section):
    """What must be known of a cluster that exists."""

    endpoint: types.HttpUrl
    certificate_authority: types.Text
    security_group_id: types.Text
    node_role_arn: Arn


class EksCluster(Section):
    """An EKS cluster: made, or one that exists.

    Without `admins` a role is made that people and programs of the account may take on where their own rights
    let them, and the kubeconfig asks as that role.
    """

    maker: Literal["eks"]
    mode: Literal["create", "adopt"] = "create"
    name: types.ObjectName
    version: types.Text
    admins: dict[types.ObjectName, Arn] = Field(default_factory=dict)
    viewers: dict[types.ObjectName, Arn] = Field(default_factory=dict)
    deployer: types.ObjectName | None = None
    public_cidrs: types.Several[types.Cidr] = ()
    private_cidrs: types.Several[types.Cidr] = ()
    log_days: types.Positive = 90
    system_nodes: SystemNodesSettings = SystemNodesSettings()
    pools: dict[types.ObjectName, NodePoolSettings] = Field(default_factory=dict)
    existing: ExistingEksSettings | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.mode == "adopt") != (self.existing is not None):
            raise ValueError("existing is needed where mode is adopt, and of no use where it is create")
        return self

    @property
    def api_server_cidrs(self) -> tuple[str, ...] | None:
        """Where the API server's requests come from: its interfaces in the cluster's subnets."""
        return None
