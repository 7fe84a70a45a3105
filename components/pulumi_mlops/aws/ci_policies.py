"""What CI may do in an account: look at everything but data, or deploy what the platform is made of. Pure.

The deploy role makes roles only under the permissions boundary and only with the names it is given, and can
change neither the boundary nor itself, so that nobody who can run it becomes more than it. Each document is
for a managed policy of its own: one may have 6144 characters.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulumi_mlops.aws import aws_checks, ci_actions, endpoints, iam_policy
from pulumi_mlops.aws.iam_policy import Statement
from pulumi_mlops.errors import InvalidValue

_PASSED_TO = (
    "ec2.amazonaws.com",
    "eks.amazonaws.com",
    "monitoring.rds.amazonaws.com",
    "pods.eks.amazonaws.com",
    "vpc-flow-logs.amazonaws.com",
)
_LINKED_SERVICES = (
    "autoscaling",
    "ecr",
    "eks",
    "eks-nodegroup",
    "elasticloadbalancing",
    "rds",
    "replication.ecr",
    "spot",
    "wafv2",
)
_KEY_USERS = ("ec2", "ecr", "eks", "logs", "rds", "secretsmanager", "sns", "sqs")


@dataclass(frozen=True)
class Place:
    """Where CI works: one region of one account, with the states of its stacks under one prefix."""

    region: str
    account_id: str
    state_bucket: str
    state_prefix: str
    state_key_arn: str | None = None
    secrets_key_arn: str | None = None
    stack: str | None = None

    def arn(self, service: str, resource: str, *, regional: bool = True) -> str:
        """The ARN of a resource of the place's account and, if `regional`, region."""
        region = self.region if regional else ""
        return f"arn:{aws_checks.partition(self.region)}:{service}:{region}:{self.account_id}:{resource}"

    @property
    def bucket_arn(self) -> str:
        """The ARN of the bucket of states."""
        return endpoints.arn(self.region, "s3", self.state_bucket, regional=False)


def name_patterns(patterns: Sequence[str]) -> list[str]:
    """The patterns of names, checked: one that begins with a wildcard would be all of the account.

    Raises:
        InvalidValue: none is given, or one has no fixed beginning of three characters.
    """
    for pattern in patterns:
        if "*" in pattern[:3] or "?" in pattern[:3] or len(pattern) < 3:
            raise InvalidValue(
                f"{pattern!r} stands for too many names; begin it with at least three fixed characters, "
                "such as mlops-prod-*"
            )
    if not patterns:
        raise InvalidValue("at least one pattern of names is needed, such as mlops-prod-*")
    return list(patterns)


def look(place: Place) -> str:
    """Read the settings of all that the platform is made of, and the state; no data and no secret."""
    return iam_policy.document(
        # Lists and descriptions know no resource; that of settings is on every resource of the account.
        Statement("Look", ci_actions.LOOK, ["*"], conditions=_here(place)),
        Statement("LookAtIdentities", ci_actions.LOOK_IDENTITIES, [place.arn("iam", "*", regional=False)]),
        Statement("LookAtWhatIsGlobal", ci_actions.LOOK_GLOBAL, ["*"]),
        *_state(place, write=False),
    )


def state(place: Place) -> str:
    """Read and write the state under the prefix, with its locks."""
    return iam_policy.document(*_state(place, write=True))


def network(place: Place) -> str:
    """Make, change and delete networks, clusters and their nodes."""
    return iam_policy.document(
        Statement(
            "Network",
            ci_actions.NETWORK,
            [place.arn("ec2", "*"), f"arn:{aws_checks.partition(place.region)}:ec2:{place.region}::image/*"],
        ),
        # A cluster that is yet to be made has no ARN.
        Statement("MakeClusters", ["eks:CreateCluster"], ["*"], conditions=_here(place)),
        Statement("Clusters", ci_actions.CLUSTERS, [place.arn("eks", "*")]),
    )


def stores(place: Place, names: Sequence[str]) -> str:
    """Make, change and delete buckets, keys, registries and databases; what is in them stays unread.

    `names` are the patterns of the buckets' names.
    """
    here = {"aws:RequestedRegion": place.region, "aws:ResourceAccount": place.account_id}
    registries = [place.arn("ecr", "repository/*")]
    return iam_policy.document(
        Statement(
            "Buckets",
            ci_actions.BUCKETS,
            [endpoints.arn(place.region, "s3", each, regional=False) for each in name_patterns(names)],
            conditions=_equal({"aws:ResourceAccount": place.account_id}),
        ),
        # A key that is yet to be made has no ARN, nor has the registry of an account.
        Statement("MakeKeys", ["kms:CreateKey"], ["*"], conditions=_here(place)),
        Statement("Keys", ci_actions.KEYS, [place.arn("kms", "key/*"), place.arn("kms", "alias/*")]),
        Statement(
            "KeysThroughServices",
            ["kms:CreateGrant", "kms:Decrypt", "kms:GenerateDataKey*"],
            [place.arn("kms", "key/*")],
            conditions=_equal(
                {"kms:ViaService": [endpoints.via_service(each, place.region) for each in _KEY_USERS]}
            ),
        ),
        Statement("Registry", ci_actions.REGISTRY, ["*"], conditions=_here(place)),
        Statement("Repositories", ci_actions.REPOSITORIES, registries),
        Statement("Databases", ci_actions.DATABASES, [place.arn("rds", "*")]),
        Statement(
            "Secrets", ci_actions.SECRETS, [place.arn("secretsmanager", "secret:*")], conditions=_equal(here)
        ),
        Statement(
            "NeverTheState",
            ci_actions.STATE_SETTINGS,
            [place.bucket_arn, *(key for key in (place.state_key_arn, place.secrets_key_arn) if key)],
            "Deny",
        ),
    )


def edge_and_watch(place: Place) -> str:
    """Make, change and delete load balancers, firewalls, certificates, records, logs, alarms and budgets."""
    partition = aws_checks.partition(place.region)
    return iam_policy.document(
        Statement("LoadBalancers", ci_actions.LOAD_BALANCERS, [place.arn("elasticloadbalancing", "*")]),
        # AWS names no resource for these two.
        Statement(
            "FirewallsAndSubscriptions",
            ["elasticloadbalancing:SetWebACL", "sns:Unsubscribe"],
            ["*"],
            conditions=_here(place),
        ),
        Statement(
            "Firewalls",
            ci_actions.FIREWALLS,
            [place.arn("wafv2", "*"), place.arn("elasticloadbalancing", "*")],
        ),
        Statement("Certificates", ci_actions.CERTIFICATES, [place.arn("acm", "certificate/*")]),
        # A zone that is yet to be made has no ARN, nor has a certificate or the delivery of logs.
        Statement("AskForCertificates", ["acm:RequestCertificate"], ["*"], conditions=_here(place)),
        Statement("MakeZones", ["route53:CreateHostedZone"], ["*"]),
        Statement("Zones", ci_actions.ZONES, [f"arn:{partition}:route53:::hostedzone/*"]),
        Statement("LogDelivery", ci_actions.LOG_DELIVERY, ["*"], conditions=_here(place)),
        Statement("Logs", ci_actions.LOGS, [place.arn("logs", "*")]),
        Statement("Alarms", ci_actions.ALARMS, [place.arn("cloudwatch", "alarm:*")]),
        Statement("Topics", ci_actions.TOPICS, [place.arn("sns", "*")]),
        Statement("Queues", ci_actions.QUEUES, [place.arn("sqs", "*")]),
        Statement("Events", ci_actions.EVENTS, [place.arn("events", "rule/*")]),
        Statement("Budgets", ci_actions.BUDGETS, [place.arn("budgets", "budget/*", regional=False)]),
    )


def identities(
    place: Place,
    names: Sequence[str],
    boundary_arn: str,
    own_names: Sequence[str],
    cluster_role_arns: Sequence[str] = (),
) -> str:
    """Make roles under the boundary; never lift the boundary, change itself or make users.

    `names` are the patterns of the roles' names; `own_names` those of CI's own; `cluster_role_arns` the roles
    as which it asks clusters.
    """
    bounded = _equal({"iam:PermissionsBoundary": boundary_arn})
    roles, profiles, policies = (
        [place.arn("iam", f"{kind}/{pattern}", regional=False) for pattern in name_patterns(names)]
        for kind in ("role", "instance-profile", "policy")
    )
    linked = [f"{each}.amazonaws.com" for each in _LINKED_SERVICES]
    return iam_policy.document(
        Statement("RolesUnderTheBoundary", ci_actions.BOUNDED_ROLES, roles, conditions=bounded),
        Statement("Roles", ci_actions.ROLES, roles),
        Statement("Profiles", ci_actions.PROFILES, profiles),
        Statement("Policies", ci_actions.POLICIES, policies),
        Statement(
            "PassRoles", ["iam:PassRole"], roles, conditions=_equal({"iam:PassedToService": list(_PASSED_TO)})
        ),
        Statement(
            "LinkedRoles",
            ["iam:CreateServiceLinkedRole"],
            [place.arn("iam", "role/aws-service-role/*", regional=False)],
            conditions=_equal({"iam:AWSServiceName": linked}),
        ),
        *(
            [Statement("AskClusters", ["sts:AssumeRole"], list(cluster_role_arns))]
            if cluster_role_arns
            else []
        ),
        Statement("NeverLiftTheBoundary", ["iam:DeleteRolePermissionsBoundary"], ["*"], "Deny"),
        Statement("NeverChangeTheBoundary", ci_actions.POLICIES, [boundary_arn], "Deny"),
        Statement(
            "NeverChangeItself",
            [*ci_actions.BOUNDED_ROLES, *ci_actions.ROLES, "iam:PassRole"],
            [place.arn("iam", f"role/{each}", regional=False) for each in own_names],
            "Deny",
        ),
        Statement("NoUsers", ci_actions.USERS, ["*"], "Deny"),
    )


def _state(place: Place, *, write: bool) -> list[Statement]:
    objects = ["s3:GetObject", *(["s3:DeleteObject", "s3:PutObject"] if write else [])]
    prefix = place.state_prefix.strip("/")
    statements = [
        # Pulumi asks for objects that are not there yet, and S3 answers 404 only to who may list the bucket.
        Statement("ListTheState", ["s3:ListBucket"], [place.bucket_arn]),
        Statement("State", objects, [f"{place.bucket_arn}/{prefix}/*"]),
    ]
    if place.state_key_arn is not None:
        keys = ["kms:Decrypt", *(["kms:Encrypt", "kms:GenerateDataKey"] if write else [])]
        statements.append(Statement("KeyOfTheState", [*keys, "kms:DescribeKey"], [place.state_key_arn]))
    if place.secrets_key_arn is not None:
        # Pulumi binds the stack's name into each secret that it encrypts.
        bound = _equal({"kms:EncryptionContext:stack": place.stack}) if place.stack else {}
        keys = ["kms:Decrypt", *(["kms:Encrypt"] if write else [])]
        statements.append(Statement("KeyOfSecrets", keys, [place.secrets_key_arn], conditions=bound))
    return statements


def _here(place: Place) -> iam_policy.Conditions:
    return _equal({"aws:RequestedRegion": place.region})


def _equal(wanted: Mapping[str, str | Sequence[str]]) -> iam_policy.Conditions:
    return {"StringEquals": dict(wanted)}
