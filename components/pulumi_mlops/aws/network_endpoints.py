"""Which services of AWS are reached without the internet, why, and what may go through. Pure.

Sources: EKS User Guide, "Deploy private clusters with limited internet access"; Karpenter, "Private
clusters"; ECR User Guide, "Amazon ECR interface VPC endpoints"; AWS PrivateLink Guide, "Gateway endpoints
for Amazon S3".
"""

import re
from collections.abc import Sequence

from pulumi_mlops.aws import aws_checks, endpoints
from pulumi_mlops.aws.iam_policy import Statement, document
from pulumi_mlops.errors import InvalidValue

NEEDED = {
    "ec2": "vpc-cni attaches addresses, the EBS driver makes volumes, Karpenter starts nodes",
    "ecr.api": "nodes ask for the token with which they pull images",
    "ecr.dkr": "nodes pull images' manifests; the layers come from S3",
    "eks": "nodes and Karpenter read the cluster's address, certificate and version",
    "eks-auth": "the Pod Identity agent exchanges a pod's token for credentials",
    "elasticloadbalancing": "the load balancer controller makes load balancers and registers pods",
    "secretsmanager": "pods read passwords that RDS rotates",
    "sqs": "Karpenter hears of spot interruptions and of instances that are going to stop",
    "ssm": "Karpenter looks up images of nodes; the agent of nodes registers",
    "ssmmessages": "sessions on nodes, which have neither SSH nor a public address",
    "sts": "programs ask who they are, and exchange tokens of service accounts",
}
"""Interface endpoints by service, with who needs each."""

LEFT_OUT = {
    "autoscaling": "Karpenter stands where the Cluster Autoscaler would, and does not call it",
    "kms": "S3, EBS, ECR, RDS and Secrets Manager call KMS themselves; nothing in the VPC does",
    "logs": "the control plane and flow logs do not pass through the VPC; no pod writes to CloudWatch",
    "monitoring": "CloudWatch alarms read metrics that AWS itself writes; pods have Prometheus",
    "wafv2": "a web ACL is bound by Pulumi, from outside; add it if the controller shall bind one",
}
"""Interface endpoints that one might expect, with why each is not there; `extra_endpoints` adds them."""

OBJECT_ACTIONS = (
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:GetBucketLocation",
    "s3:GetBucketObjectLockConfiguration",
    "s3:GetBucketVersioning",
    "s3:GetObject",
    "s3:GetObjectAttributes",
    "s3:GetObjectLegalHold",
    "s3:GetObjectRetention",
    "s3:GetObjectTagging",
    "s3:GetObjectVersion",
    "s3:ListBucket",
    "s3:ListBucketMultipartUploads",
    "s3:ListBucketVersions",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
    "s3:PutObjectRetention",
    "s3:PutObjectTagging",
)
"""What programs do with objects; managing buckets is not among it."""
READ_ACTIONS = ("s3:GetBucketLocation", "s3:GetObject", "s3:ListBucket")

_SERVICE = re.compile(r"[a-z0-9][a-z0-9\-]*(\.[a-z0-9\-]+)*")


def service(value: str) -> str:
    """The name of a service as it stands in its endpoint's name, such as `logs` or `ecr.api`."""
    if value == "s3":
        raise InvalidValue("S3 has a gateway endpoint, which is always there; leave it out")
    if value in NEEDED:
        raise InvalidValue(f"{value} is there already; leave it out")
    if not _SERVICE.fullmatch(value) or value.startswith("com.amazonaws"):
        raise InvalidValue(
            f"{value!r} is no service's name; of com.amazonaws.eu-central-1.logs it is the last part, logs"
        )
    return value


def service_name(region: str, name: str) -> str:
    """The full name of an endpoint service.

    Raises:
        InvalidValue: the region is one where services are named in other ways, not the same for each.
    """
    if aws_checks.partition(region) == "aws-cn" or "-iso" in region:
        raise InvalidValue(
            f"endpoint services of {region} are not named com.amazonaws.{region}.<service> throughout; "
            "make the VPC with its endpoints yourself and adopt it"
        )
    return f"com.amazonaws.{region}.{name}"


def s3_policy(region: str, account_id: str, read_accounts: Sequence[str] = ()) -> str:
    """What may go through the S3 gateway: a bound on every right, which grants none.

    Programs of this account work with objects of this account's buckets, so that neither a stolen key of
    another account nor a program of ours can carry data to a foreign bucket.

    Args:
        read_accounts: accounts whose buckets may be read as well.
    """
    prefix = endpoints.arn(region, "s3", "", regional=False)
    # A gateway endpoint takes an account as principal for its root user only; conditions name the account.
    everything = (f"{prefix}*", f"{prefix}*/*")
    statements = [
        Statement(
            "OwnBuckets",
            OBJECT_ACTIONS,
            everything,
            any_principal=True,
            conditions={
                "StringEquals": {"aws:PrincipalAccount": account_id, "aws:ResourceAccount": account_id}
            },
        ),
        # ECR signs these addresses as itself, so the principal is not of this account.
        Statement(
            "ImageLayers",
            ("s3:GetObject",),
            (f"{prefix}prod-{region}-starport-layer-bucket/*",),
            any_principal=True,
        ),
    ]
    if read_accounts:
        conditions = {
            "StringEquals": {"aws:PrincipalAccount": account_id, "aws:ResourceAccount": list(read_accounts)}
        }
        statements.append(
            Statement("ReadElsewhere", READ_ACTIONS, everything, any_principal=True, conditions=conditions)
        )
    return document(*statements)
