"""The cap of every role that the platform makes: what none of them may ever do. Pure.

A boundary gives nothing. Whatever policy a role gets later, by mistake or by somebody who can write policies,
it stays within this region, this account's data and the services below, and cannot change identities, hide
its traces or open a bucket.
"""

from collections.abc import Mapping, Sequence

from pulumi_mlops.aws import aws_checks, iam_policy, rds_hardening
from pulumi_mlops.aws.iam_policy import Statement

_REGIONAL = ("autoscaling", "aps", "cloudwatch", "ec2", "ecr", "eks", "elasticloadbalancing", "logs", "xray")
_NODE_AGENTS = ("ec2messages", "eks-auth", "ssm", "ssmmessages")
_OWN_DATA = ("kms", "rds-db", "s3", "secretsmanager", "sqs")
_LINKED_SERVICES = ("autoscaling", "eks", "eks-nodegroup", "elasticloadbalancing", "spot")

_IDENTITY_WRITES = (
    "iam:AddUserToGroup",
    "iam:Attach*",
    "iam:CreateAccessKey",
    "iam:CreateGroup",
    "iam:CreateLoginProfile",
    "iam:CreateOpenIDConnectProvider",
    "iam:CreatePolicy*",
    "iam:CreateRole",
    "iam:CreateSAMLProvider",
    "iam:CreateUser",
    "iam:DeletePolicy*",
    "iam:DeleteRole*",
    "iam:Detach*",
    "iam:PutGroupPolicy",
    "iam:PutRole*",
    "iam:PutUser*",
    "iam:SetDefaultPolicyVersion",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateOpenIDConnectProviderThumbprint",
    "iam:UpdateRole*",
    "organizations:*",
    "account:*",
)
_SILENCING = (
    "cloudtrail:DeleteTrail",
    "cloudtrail:PutEventSelectors",
    "cloudtrail:StopLogging",
    "cloudtrail:UpdateTrail",
    "cloudwatch:DeleteAlarms",
    "cloudwatch:DisableAlarmActions",
    "config:DeleteConfigurationRecorder",
    "config:StopConfigurationRecorder",
    "ec2:DeleteFlowLogs",
    "guardduty:DeleteDetector",
    "guardduty:UpdateDetector",
    "logs:DeleteLogGroup",
    "logs:DeleteLogStream",
    "s3:PutBucketLogging",
    "wafv2:DeleteLoggingConfiguration",
    "wafv2:DisassociateWebACL",
)
_EXPOSING = (
    "ec2:ModifyImageAttribute",
    "ec2:ModifySnapshotAttribute",
    "ecr:PutRegistryPolicy",
    "ecr:SetRepositoryPolicy",
    "kms:DisableKey",
    "kms:PutKeyPolicy",
    "kms:ScheduleKeyDeletion",
    "s3:BypassGovernanceRetention",
    "s3:DeleteBucket",
    "s3:DeleteBucketPolicy",
    "s3:PutAccountPublicAccessBlock",
    "s3:PutBucketAcl",
    "s3:PutBucketOwnershipControls",
    "s3:PutBucketPolicy",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketVersioning",
    "s3:PutEncryptionConfiguration",
    "s3:PutObjectAcl",
    "secretsmanager:PutResourcePolicy",
)


def document(*, region: str, account_id: str, node_role_arns: Sequence[str] = ()) -> str:
    """The boundary of one environment's roles.

    `node_role_arns` are the roles, or patterns of their ARNs, that a role may pass to EC2: Karpenter gives
    nodes theirs. Without them no role may be passed at all.
    """
    iam = f"arn:{aws_checks.partition(region)}:iam::{account_id}"
    here = {"aws:RequestedRegion": region}
    return iam_policy.document(
        # A boundary caps by service; which resources is for the policy of each role to say.
        Statement("ServicesOfThisRegion", _all(_REGIONAL + _NODE_AGENTS), ["*"], conditions=_equal(here)),
        Statement(
            "DataOfThisAccount",
            _all(_OWN_DATA),
            ["*"],
            conditions=_equal({**here, "aws:ResourceAccount": account_id}),
        ),
        # These know no resource, and answer in one region for all: no condition on the region can hold.
        Statement(
            "Global", ["iam:ListInstanceProfiles", "pricing:GetProducts", "sts:GetCallerIdentity"], ["*"]
        ),
        Statement("ReadRoles", ["iam:GetInstanceProfile", "iam:GetRole"], [f"{iam}:*"]),
        Statement(
            "LinkedRoles",
            ["iam:CreateServiceLinkedRole"],
            [f"{iam}:role/aws-service-role/*"],
            conditions=_equal({"iam:AWSServiceName": [f"{each}.amazonaws.com" for each in _LINKED_SERVICES]}),
        ),
        *_node_profiles(iam, node_role_arns),
        *_denials(region, account_id, node_role_arns),
    )


def _node_profiles(iam: str, node_role_arns: Sequence[str]) -> list[Statement]:
    if not node_role_arns:
        return []
    return [
        Statement(
            "ProfilesOfNodes",
            [
                "iam:AddRoleToInstanceProfile",
                "iam:CreateInstanceProfile",
                "iam:DeleteInstanceProfile",
                "iam:RemoveRoleFromInstanceProfile",
                "iam:TagInstanceProfile",
            ],
            [f"{iam}:instance-profile/*"],
        ),
        Statement(
            "RolesOfNodes",
            ["iam:PassRole"],
            list(node_role_arns),
            conditions=_equal({"iam:PassedToService": ["ec2.amazonaws.com"]}),
        ),
    ]


def _denials(region: str, account_id: str, node_role_arns: Sequence[str]) -> list[Statement]:
    elsewhere = {"StringNotEquals": {"aws:RequestedRegion": region}}
    metrics = rds_hardening.metrics_group(region, account_id)
    denials = [
        Statement("NoIdentities", _IDENTITY_WRITES, ["*"], "Deny"),
        Statement(
            "NoOtherRegion", _all(_REGIONAL + _NODE_AGENTS + _OWN_DATA), ["*"], "Deny", conditions=elsewhere
        ),
        Statement("NoSilence", _SILENCING, ["*"], "Deny"),
        # RDS bounds how long the one group is kept into which it writes what its instances' machines do.
        Statement(
            "NoShorterLogs",
            ["logs:DeleteRetentionPolicy", "logs:PutRetentionPolicy"],
            effect="Deny",
            other_resources=[metrics, f"{metrics}:*"],
        ),
        Statement("NoExposure", _EXPOSING, ["*"], "Deny"),
        Statement(
            "GrantsForServicesOnly",
            ["kms:CreateGrant"],
            ["*"],
            "Deny",
            conditions={"BoolIfExists": {"kms:GrantIsForAWSResource": "false"}},
        ),
    ]
    if not node_role_arns:
        denials.append(Statement("NoPassing", ["iam:PassRole"], ["*"], "Deny"))
    return denials


def _all(services: Sequence[str]) -> list[str]:
    return [f"{service}:*" for service in services]


def _equal(wanted: Mapping[str, str | Sequence[str]]) -> iam_policy.Conditions:
    return {"StringEquals": dict(wanted)}
