"""What the parts of an EKS cluster may do in the account, as typed documents. Pure.

Karpenter's rights follow the policy that it publishes (karpenter.sh, v1.14, reference "CloudFormation"), each
bound to this cluster's tag.  It makes no instance profiles here: the nodes' profile exists before it.
"""

from collections.abc import Sequence

from pulumi_mlops.aws import endpoints
from pulumi_mlops.aws.eks_place import POOL_NODE, Place
from pulumi_mlops.aws.iam_policy import Statement, document

_EC2_LAUNCH = ["ec2:RunInstances", "ec2:CreateFleet"]
_MADE_AT_LAUNCH = [
    "fleet",
    "instance",
    "volume",
    "network-interface",
    "launch-template",
    "spot-instances-request",
]
_KMS_DATA = [
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
]


def secrets_key(key_arn: str) -> str:
    """What the control plane does with the key that Secrets are sealed by."""
    return document(
        Statement(
            "SealSecrets",
            ["kms:Encrypt", "kms:Decrypt", "kms:ListGrants", "kms:DescribeKey"],
            [key_arn],
        )
    )


def volumes_key(key_arn: str, region: str) -> str:
    """What makes encrypted disks needs of their key: use it through EC2, and lend it to EC2."""
    through_ec2 = {"kms:ViaService": endpoints.via_service("ec2", region)}
    return document(
        Statement("UseKeyOfVolumes", _KMS_DATA, [key_arn], conditions={"StringEquals": through_ec2}),
        Statement(
            "LendKeyOfVolumes",
            ["kms:CreateGrant"],
            [key_arn],
            conditions={"StringEquals": through_ec2, "Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    )


def karpenter_nodes(place: Place) -> str:
    """What Karpenter does with instances: launch, tag and end those of this cluster, and none else."""
    instances, templates = place.arn("ec2", "instance/*"), place.arn("ec2", "launch-template/*")
    tagged = {
        "StringEquals": {f"aws:ResourceTag/{_owned(place)}": "owned"},
        "StringLike": {"aws:ResourceTag/karpenter.sh/nodepool": "*"},
    }
    launched_from = [
        place.public_arn("ec2", "image/*"),
        place.public_arn("ec2", "snapshot/*"),
        place.arn("ec2", "security-group/*"),
        place.arn("ec2", "subnet/*"),
    ]
    return document(
        Statement("LaunchFrom", _EC2_LAUNCH, launched_from),
        Statement("LaunchByOwnTemplate", _EC2_LAUNCH, [templates], conditions=tagged),
        *_tagged_at_launch(place),
        Statement(
            "TagOwnInstances",
            ["ec2:CreateTags"],
            [instances],
            conditions={
                **tagged,
                "StringEqualsIfExists": {"aws:RequestTag/eks:eks-cluster-name": place.cluster},
                "ForAllValues:StringEquals": {
                    "aws:TagKeys": ["eks:eks-cluster-name", "karpenter.sh/nodeclaim", "Name"]
                },
            },
        ),
        Statement(
            "EndOwn",
            ["ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"],
            [instances, templates],
            conditions=tagged,
        ),
    )


def _owned(place: Place) -> str:
    return f"kubernetes.io/cluster/{place.cluster}"


def _tagged_at_launch(place: Place) -> list[Statement]:
    """What is made at a launch must be tagged as this cluster's in the same call."""
    made = [place.arn("ec2", f"{kind}/*") for kind in _MADE_AT_LAUNCH]
    tags = {
        f"aws:RequestTag/{_owned(place)}": "owned",
        "aws:RequestTag/eks:eks-cluster-name": place.cluster,
    }
    by_launch = {"ec2:CreateAction": ["RunInstances", "CreateFleet", "CreateLaunchTemplate"]}
    of_pool = {"aws:RequestTag/karpenter.sh/nodepool": "*"}
    return [
        Statement(
            "LaunchTagged",
            [*_EC2_LAUNCH, "ec2:CreateLaunchTemplate"],
            made,
            conditions={"StringEquals": tags, "StringLike": of_pool},
        ),
        Statement(
            "TagAtLaunch",
            ["ec2:CreateTags"],
            made,
            conditions={"StringEquals": {**tags, **by_launch}, "StringLike": of_pool},
        ),
    ]


def karpenter_world(place: Place) -> str:
    """What Karpenter reads, the interruptions it takes, and the one role it gives to nodes."""
    return document(
        Statement(
            "ReadRegion",
            [
                "ec2:DescribeAvailabilityZones",
                "ec2:DescribeCapacityReservations",
                "ec2:DescribeImages",
                "ec2:DescribeInstances",
                "ec2:DescribeInstanceStatus",
                "ec2:DescribeInstanceTypeOfferings",
                "ec2:DescribeInstanceTypes",
                "ec2:DescribeLaunchTemplates",
                "ec2:DescribePlacementGroups",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSpotPriceHistory",
                "ec2:DescribeSubnets",
            ],
            # EC2's Describe actions know no resource.
            ["*"],
            conditions={"StringEquals": {"aws:RequestedRegion": place.region}},
        ),
        Statement("ReadImages", ["ssm:GetParameter"], [place.public_arn("ssm", "parameter/aws/service/*")]),
        # Neither price lists nor the list of profiles know a resource.
        Statement("ReadPrices", ["pricing:GetProducts"], ["*"]),
        Statement("ListProfiles", ["iam:ListInstanceProfiles"], ["*"]),
        Statement("ReadProfile", ["iam:GetInstanceProfile"], [place.iam_arn("instance-profile", POOL_NODE)]),
        Statement("ReadCluster", ["eks:DescribeCluster"], [place.cluster_arn]),
        Statement(
            "TakeInterruptions",
            ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"],
            [place.queue_arn],
        ),
        Statement(
            "PassNodeRole",
            ["iam:PassRole"],
            [place.iam_arn("role", POOL_NODE)],
            conditions={"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
        ),
    )


def interruption_queue(place: Place, events: Sequence[str]) -> str:
    """Who may send to the queue of interruptions: these rules of EventBridge; nobody without TLS."""
    return document(
        Statement(
            "RulesSend",
            ["sqs:SendMessage"],
            [place.queue_arn],
            principals={"Service": ["events.amazonaws.com"]},
            conditions={"ArnEquals": {"aws:SourceArn": [place.rule_arn(event) for event in events]}},
        ),
        Statement(
            "TlsOnly",
            ["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueUrl"],
            [place.queue_arn],
            effect="Deny",
            any_principal=True,
            conditions={"Bool": {"aws:SecureTransport": "false"}},
        ),
    )
