"""What `mlops:aws` and `mlops:cluster` with `maker: eks` may say: an environment's ground on AWS."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from mlops_stacks import aws_setting_checks as fits
from mlops_stacks import setting_types as types
from mlops_stacks.setting_types import Refused, Section
from pulumi_mlops.aws import aws_checks, ci_subjects, ecr_rules, rds_checks, s3_rules


def _sized(value: str) -> str:
    rds_checks.memory_gib(value)
    return value


Region = Annotated[str, AfterValidator(aws_checks.region)]
AccountId = Annotated[str, AfterValidator(aws_checks.account_id)]
Arn = Annotated[str, AfterValidator(aws_checks.arn)]
DatabaseClass = Annotated[str, AfterValidator(_sized)]
Email = Annotated[str, AfterValidator(aws_checks.email)]


class NetworkSettings(Section):
    """The VPC: made from `cidr`, or one that exists, whose ids are given."""

    mode: Literal["create", "adopt"] = "create"
    cidr: types.Text = "10.64.0.0/16"
    nat: Literal["none", "single", "per-zone"] = "single"
    endpoints: Literal["none", "one-zone", "every-zone"] = "one-zone"
    peer_cidrs: types.Several[types.Text] = ()
    flow_log_days: types.Positive = 90
    vpc_id: types.Text | None = None
    private_subnet_ids: types.Several[types.Text] = ()
    public_subnet_ids: types.Several[types.Text] = ()
    database_subnet_ids: types.Several[types.Text] = ()

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        ids = ("vpc_id", "private_subnet_ids", "public_subnet_ids", "database_subnet_ids")
        if self.mode == "create":
            fits.one_mode(self, self.mode, ids)
            return self
        needed = ("vpc_id", "private_subnet_ids", "database_subnet_ids")
        fits.one_mode(self, self.mode, ("nat", "endpoints", "flow_log_days"), needed)
        if "cidr" not in self.model_fields_set:
            raise Refused("cidr", "is needed where mode is adopt; give the addresses of the VPC")
        return self


class EdgeSettings(Section):
    """The load balancer in front of the endpoints, each of which is `<name>.<domain>`.

    It is inside the VPC unless `internet` is true. `public` admits everybody, in place of `allowedCidrs`.
    Zone, certificate and firewall are made where none are named.
    """

    domain: types.Text
    internet: bool = False
    public: bool = False
    allowed_cidrs: types.Several[types.Text] = ()
    zone_id: types.Text | None = None
    parent_zone_id: types.Text | None = None
    certificate_arn: Arn | None = None
    web_acl_arn: Arn | None = None
    rate_limit: types.Positive | None = None

    @model_validator(mode="after")
    def _somebody_may_ask(self) -> Self:
        fits.edge(self)
        return self


class CiSettings(Section):
    """Two roles for CI: jobs of `previewEnvironment` look, those of `deployEnvironment` deploy.

    Both are deployment environments of the one GitHub `repository`. An account has one OIDC provider for
    GitHub; name it as `providerArn` where it exists. `stateBucket` holds the stacks' states under
    `statePrefix`; its key and that of the stacks' secrets are those that `mlops bootstrap aws` made.
    """

    repository: Annotated[types.Text, AfterValidator(ci_subjects.repository)]
    preview_environment: Annotated[types.Text, AfterValidator(ci_subjects.environment)]
    deploy_environment: Annotated[types.Text, AfterValidator(ci_subjects.environment)]
    provider_arn: Annotated[types.Text, AfterValidator(ci_subjects.provider_of)] | None = None
    state_bucket: Annotated[types.Text, AfterValidator(s3_rules.bucket_name)]
    state_prefix: types.Text = ".pulumi"
    state_key_arn: Arn
    secrets_key_arn: Arn

    @model_validator(mode="after")
    def _previews_do_not_deploy(self) -> Self:
        if self.preview_environment == self.deploy_environment:
            raise Refused(
                "deployEnvironment",
                f"{self.deploy_environment} is previewEnvironment too, and a preview runs whatever a branch "
                "says; give deployments an environment of their own, with required reviewers",
            )
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

    `authoritiesFile` is AWS's bundle of certificates for the region, by which MLflow knows the server.
    `allowMajorUpgrade` lets another `version` upgrade a database that is made.
    Of one that exists: `secretKeyArn` is the KMS key of its secret where that is not the environment's, the
    fields are those of the secret's JSON (`username` and `password` where none are given), and in the group
    `securityGroupId` one rule is made that admits the cluster; without it the database must admit it already.
    """

    mode: Literal["create", "adopt"] = "create"
    instance_class: DatabaseClass = "db.t4g.medium"
    version: types.Text = "17"
    allow_major_upgrade: bool = False
    storage_gib: types.Positive = 20
    multi_az: bool = False
    backup_days: types.Positive = 7
    log_days: types.Positive = 90
    host: types.Text | None = None
    port: types.Positive = 5432
    database: types.Text = "mlflow"
    user: types.Text = "mlflow"
    secret_arn: Arn | None = None
    secret_key_arn: Arn | None = None
    secret_user_field: types.Text | None = None
    secret_password_field: types.Text | None = None
    security_group_id: types.Text | None = None
    authorities_file: types.Text | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        needed = ("host", "secret_arn")
        if self.mode == "create":
            secret = ("secret_key_arn", "secret_user_field", "secret_password_field")
            fits.one_mode(
                self, self.mode, (*needed, "port", "database", "user", *secret, "security_group_id")
            )
        else:
            made = ("instance_class", "version", "allow_major_upgrade", "storage_gib")
            fits.one_mode(self, self.mode, (*made, "multi_az", "backup_days", "log_days"), needed)
        return self


class AwsSettings(Section):
    """Where, whose and how long: what every AWS resource of the environment shares.

    `production` asks for deletion protection, several zones and final snapshots; other environments say on
    which day they end. `alsoOffered` names machines and database classes, or families, that the region has
    and the price file does not know.
    """

    region: Region
    account_id: AccountId | None = None
    deploy_role_arn: Arn | None = None
    zones: types.Several[types.Text] = ()
    owner: types.Text
    cost_center: types.Text
    expires: types.Day | None = None
    production: bool = False
    permissions_boundary_arn: Arn | None = None
    key_arn: Arn | None = None
    network: NetworkSettings = NetworkSettings()
    storage: StorageSettings = StorageSettings()
    database: DatabaseClassSettings = DatabaseClassSettings()
    buckets: dict[Literal["models", "data", "requests", "logs"], types.Text] = Field(default_factory=dict)
    registry: Annotated[types.Text, AfterValidator(ecr_rules.address)] | None = None
    edge: EdgeSettings | None = None
    ci: CiSettings | None = None
    budget: BudgetSettings | None = None
    alarm_emails: types.Several[Email] = ()
    also_offered: types.Several[types.Text] = ()

    @model_validator(mode="after")
    def _all_fits(self) -> Self:
        fits.stores(self)
        fits.network(self.network, production=self.production)
        fits.zones(self)
        fits.database(self.database, production=self.production)
        if not self.production and self.expires is None:
            raise Refused(
                "expires",
                "an environment that is not production says on which day it ends, such as 2027-06-30",
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


class KarpenterSettings(Section):
    """Where Karpenter comes from; charts and image of its own registry without these."""

    version: types.Text | None = None
    charts: types.Text | None = None
    image_repository: types.Text | None = None


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
    public_cidrs: types.Several[types.Text] = ()
    private_cidrs: types.Several[types.Text] = ()
    log_days: types.Positive = 90
    system_nodes: SystemNodesSettings = SystemNodesSettings()
    pools: dict[types.ObjectName, NodePoolSettings] = Field(default_factory=dict)
    node_image: types.Text | None = None
    addons: dict[str, types.Text] = Field(default_factory=dict)
    karpenter: KarpenterSettings = KarpenterSettings()
    existing: ExistingEksSettings | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if self.mode == "create":
            fits.one_mode(self, self.mode, ("existing",))
        else:
            made = ("viewers", "public_cidrs", "private_cidrs", "log_days", "system_nodes", "pools")
            fits.one_mode(self, self.mode, made, ("existing",))
        fits.cluster(self)
        return self

    @property
    def api_server_cidrs(self) -> tuple[str, ...] | None:
        """Where the API server's requests come from: its interfaces in the cluster's subnets."""
        return None
