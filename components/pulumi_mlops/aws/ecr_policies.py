"""Who may pull from and push to the image registry. Pure.

Sources: Amazon ECR User Guide, "Private repository policies", "Repository creation templates" and "IAM
permissions required to sync an upstream registry"; Service Authorization Reference, Amazon ECR.
"""

from collections.abc import Iterable, Sequence

from pulumi_mlops.aws import iam_policy
from pulumi_mlops.aws.iam_policy import Statement

_PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
_PUSH = (
    "ecr:CompleteLayerUpload",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
)
_CHANGE = (
    "ecr:BatchDeleteImage",
    "ecr:DeleteLifecyclePolicy",
    "ecr:DeleteRepository",
    "ecr:DeleteRepositoryPolicy",
    "ecr:PutImageScanningConfiguration",
    "ecr:PutImageTagMutability",
    "ecr:PutLifecyclePolicy",
    "ecr:SetRepositoryPolicy",
)
_SEE = (
    "ecr:DescribeImageScanFindings",
    "ecr:DescribeImages",
    "ecr:DescribeRepositories",
    "ecr:GetLifecyclePolicy",
    "ecr:GetRepositoryPolicy",
    "ecr:ListImages",
)


def repository_policy(
    account_id: str, pull_principals: Sequence[str] = (), organization_id: str | None = None
) -> str:
    """The policy of a repository, which names no resource: it is about its own.

    Refused is everybody from outside the organization or, without one, from outside the account and the
    accounts of `pull_principals` (ARNs). AWS's own services are let through, as scanners come as they.
    """
    if organization_id is None:
        inside: dict[str, str | list[str]] = {
            "aws:PrincipalAccount": sorted({account_id, *(arn.split(":")[4] for arn in pull_principals)})
        }
    else:
        inside = {"aws:PrincipalOrgID": organization_id}
    outsiders = Statement(
        "DenyOutsiders",
        sorted((*_PULL, *_PUSH, *_CHANGE, *_SEE)),
        effect="Deny",
        any_principal=True,
        conditions={"StringNotEquals": inside, "Bool": {"aws:PrincipalIsAWSService": "false"}},
    )
    pull = Statement("Pull", _PULL, principals={"AWS": list(pull_principals)})
    return iam_policy.document(outsiders, *([pull] if pull_principals else []))


def pull_policy(repository_arns: Sequence[str], cache_arns: Sequence[str] = ()) -> str:
    """What nodes need: to pull, and to fill the caches of `cache_arns` (`.../repository/<prefix>/*`)."""
    fill = Statement("FillCaches", ["ecr:BatchImportUpstreamImage", "ecr:CreateRepository"], list(cache_arns))
    return iam_policy.document(
        _sign_in(),
        Statement("Pull", _PULL, [*repository_arns, *cache_arns]),
        *([fill] if cache_arns else []),
    )


def push_policy(repository_arns: Sequence[str]) -> str:
    """What a builder needs: to push new images, to see what is there and to read what scans found."""
    return iam_policy.document(
        _sign_in(),
        Statement("PullAndPush", [*_PULL, *_PUSH], list(repository_arns)),
        Statement(
            "SeeImages",
            ["ecr:DescribeImageScanFindings", "ecr:DescribeImages", "ecr:ListImages"],
            list(repository_arns),
        ),
    )


def template_policy(cache_arns: Iterable[str], key_arn: str) -> str:
    """What ECR needs to make a cache's repository with tags and a key of the account."""
    return iam_policy.document(
        Statement(
            "MakeRepositories",
            ["ecr:CreateRepository", "ecr:ReplicateImage", "ecr:TagResource"],
            list(cache_arns),
        ),
        Statement("UseKey", ["kms:CreateGrant", "kms:DescribeKey", "kms:RetireGrant"], [key_arn]),
    )


def _sign_in() -> Statement:
    # The token is for the whole registry: AWS takes no resource but `*` here.
    return Statement("SignIn", ["ecr:GetAuthorizationToken"], ["*"])
