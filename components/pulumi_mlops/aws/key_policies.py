"""Who may do what with a KMS key: the key's own policy. Pure.

The key's policy lets the account's IAM policies decide, but only for use through the named services: a
role needs the right in its own policy too, and cannot use the key by calling KMS itself.

Sources: AWS KMS Developer Guide, "Key policies" and "Condition keys"; CloudWatch Logs User Guide, "Encrypt
log data"; EC2 Auto Scaling User Guide, "Required KMS key policy for use with encrypted volumes".
"""

from collections.abc import Iterable

from pulumi_mlops.aws import endpoints, iam_policy
from pulumi_mlops.aws.iam_policy import Statement
from pulumi_mlops.errors import InvalidValue

THROUGH = ("aps", "ec2", "ecr", "rds", "s3", "secretsmanager", "sns", "sqs", "ssm")
"""Services that use the key on behalf of whoever calls them; `ec2` is for EBS volumes."""
PUBLISHERS = ("budgets", "cloudwatch", "events")
"""Services that write to an encrypted topic or queue by themselves."""
LINKED_ROLES = {
    "autoscaling": ("autoscaling.amazonaws.com", "AWSServiceRoleForAutoScaling"),
    "spot": ("spot.amazonaws.com", "AWSServiceRoleForEC2Spot"),
}
"""Service-linked roles that start nodes with encrypted volumes. KMS refuses a policy that names a role
which does not exist, so they must be there first."""
CONTROL_PLANE = "eks"
LOGS = "logs"
SERVICES = tuple(sorted((*THROUGH, *PUBLISHERS, *LINKED_ROLES, CONTROL_PLANE, LOGS)))

# A key's policy can name no other key: `*` here is this key.
_THIS_KEY = ("*",)
_ADMINISTER = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:RevokeGrant",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)
_DATA = (
    "kms:Decrypt",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)
_CRYPT = ("kms:DescribeKey", *_DATA)
_FOR_AWS_RESOURCES = {"Bool": {"kms:GrantIsForAWSResource": "true"}}


def service(value: str) -> str:
    """A service that a key can be used by."""
    if value not in SERVICES:
        raise InvalidValue(
            f"{value!r} is no service that a key is made for; allowed are {', '.join(SERVICES)}"
        )
    return value


def rotation_days(value: int) -> int:
    """Days between two rotations of the key's material."""
    if not 90 <= value <= 2560:
        raise InvalidValue(f"a rotation every {value} days is not possible; allowed is 90 to 2560")
    return value


def deletion_days(value: int) -> int:
    """Days from the order to delete a key to its end, in which it can be taken back."""
    if not 7 <= value <= 30:
        raise InvalidValue(f"a deletion after {value} days is not possible; allowed is 7 to 30")
    return value


def key_policy(account_id: str, region: str, services: Iterable[str]) -> str:
    """The policy of a key that these services (of `SERVICES`) may use."""
    wanted = set(services)
    root = {"AWS": [endpoints.arn(region, "iam", "root", account_id=account_id, regional=False)]}
    return iam_policy.document(
        Statement("Administration", _ADMINISTER, _THIS_KEY, principals=root),
        *_through(account_id, region, sorted(wanted & set(THROUGH)), root),
        *([_control_plane(account_id, root)] if CONTROL_PLANE in wanted else []),
        *([_logs(account_id, region)] if LOGS in wanted else []),
        *(_publisher(name, account_id) for name in sorted(wanted & set(PUBLISHERS))),
        *(
            statement
            for name in sorted(wanted & set(LINKED_ROLES))
            for statement in _linked_role(name, account_id, region)
        ),
    )


def _hosts(region: str, names: Iterable[str]) -> list[str]:
    # The values of kms:ViaService end in amazonaws.com in every partition, China's too.
    return [endpoints.via_service(name, region) for name in names]


def _through(account_id: str, region: str, names: list[str], root: dict[str, list[str]]) -> list[Statement]:
    if not names:
        return []
    condition = {"kms:CallerAccount": account_id, "kms:ViaService": _hosts(region, names)}
    return [
        Statement(
            "UseThroughServices",
            [*_CRYPT, "kms:RetireGrant"],
            _THIS_KEY,
            principals=root,
            conditions={"StringEquals": condition},
        ),
        Statement(
            "GrantThroughServices",
            ["kms:CreateGrant"],
            _THIS_KEY,
            principals=root,
            conditions={"StringEquals": condition, **_FOR_AWS_RESOURCES},
        ),
    ]


def _control_plane(account_id: str, root: dict[str, list[str]]) -> Statement:
    # The control plane calls KMS as the cluster's role, with no service in between to name.
    return Statement(
        "ClusterSecrets",
        ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:ListGrants"],
        _THIS_KEY,
        principals=root,
        conditions={"StringEquals": {"kms:CallerAccount": account_id}},
    )


def _logs(account_id: str, region: str) -> Statement:
    groups = endpoints.arn(region, "logs", "log-group:*", account_id=account_id)
    return Statement(
        "LogGroups",
        _DATA,
        _THIS_KEY,
        principals={"Service": [f"logs.{region}.{endpoints.dns_suffix(region)}"]},
        conditions={"StringLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
    )


def _publisher(name: str, account_id: str) -> Statement:
    # EventBridge tells KMS no source account: with the condition its messages would be dropped in silence.
    source = {} if name == "events" else {"StringEquals": {"aws:SourceAccount": account_id}}
    return Statement(
        f"PublishBy{name.capitalize()}",
        ["kms:Decrypt", "kms:GenerateDataKey"],
        _THIS_KEY,
        principals={"Service": [f"{name}.amazonaws.com"]},
        conditions=source,
    )


def _linked_role(name: str, account_id: str, region: str) -> list[Statement]:
    host, role = LINKED_ROLES[name]
    arn = endpoints.arn(
        region, "iam", f"role/aws-service-role/{host}/{role}", account_id=account_id, regional=False
    )
    who, title = {"AWS": [arn]}, name.capitalize()
    return [
        Statement(f"NodeVolumesOf{title}", _CRYPT, _THIS_KEY, principals=who),
        Statement(
            f"NodeVolumeGrantsOf{title}",
            ["kms:CreateGrant"],
            _THIS_KEY,
            principals=who,
            conditions=_FOR_AWS_RESOURCES,
        ),
    ]
