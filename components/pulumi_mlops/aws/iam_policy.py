"""IAM policy documents as typed statements. Pure: resources are plain strings here.

Source of the grammar: AWS IAM User Guide, "Grammar of the IAM JSON policy language".
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Conditions = Mapping[str, Mapping[str, str | Sequence[str]]]
"""Operator, key and value: `{"StringEquals": {"aws:SourceAccount": "123456789012"}}`."""


@dataclass(frozen=True)
class Statement:
    """One statement. `principals` is by kind (`AWS`, `Service`, `Federated`); empty in identity policies.

    `any_principal` is for denials to everybody, in resource policies only.
    """

    sid: str
    actions: Sequence[str]
    resources: Sequence[str] = ()
    effect: Literal["Allow", "Deny"] = "Allow"
    principals: Mapping[str, Sequence[str]] = field(default_factory=dict)
    any_principal: bool = False
    conditions: Conditions = field(default_factory=dict)
    other_resources: Sequence[str] = ()
    """For denials, in place of `resources`: everything but these."""

    def to_dict(self) -> dict[str, object]:
        """The statement in AWS's JSON; keys that are empty are left out."""
        principal: object = "*" if self.any_principal else {k: list(v) for k, v in self.principals.items()}
        every = {
            "Sid": self.sid,
            "Effect": self.effect,
            "Principal": principal,
            "Action": list(self.actions),
            "Resource": list(self.resources),
            "NotResource": list(self.other_resources),
            "Condition": {operator: dict(keys) for operator, keys in self.conditions.items()},
        }
        return {key: value for key, value in every.items() if value}


def document(*statements: Statement) -> str:
    """The policy document, as JSON that is the same from run to run."""
    return json.dumps({"Version": "2012-10-17", "Statement": [each.to_dict() for each in statements]})


def joined(*documents: str) -> str:
    """One document with the statements of all."""
    statements = [statement for each in documents for statement in json.loads(each)["Statement"]]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def trust(service: str, *, account_id: str, source_arn: str | None = None) -> str:
    """Who may assume a role: one AWS service, for this account's resources (no confused deputy)."""
    conditions: dict[str, dict[str, str]] = {"StringEquals": {"aws:SourceAccount": account_id}}
    if source_arn is not None:
        conditions["ArnLike"] = {"aws:SourceArn": source_arn}
    return document(
        Statement("Assume", ["sts:AssumeRole"], principals={"Service": [service]}, conditions=conditions)
    )


def trust_service(service: str) -> str:
    """Who may assume a role: one AWS service that sends no source account (EC2, EKS)."""
    return document(Statement("Assume", ["sts:AssumeRole"], principals={"Service": [service]}))


def trust_pod_identity(
    *, cluster_arn: str | None = None, namespace: str | None = None, service_account: str | None = None
) -> str:
    """Who may assume a role: EKS Pod Identity, which is bound to one service account by an association.

    What is given narrows it further, by the session tags that Pod Identity sends: an association that
    somebody else makes, for another cluster or service account, does not get the role. Source: EKS User
    Guide, "Create IAM role with trust policy required by EKS Pod Identity" and "Session tags".
    """
    tags = {
        "eks-cluster-arn": cluster_arn,
        "kubernetes-namespace": namespace,
        "kubernetes-service-account": service_account,
    }
    wanted = {f"aws:RequestTag/{tag}": value for tag, value in tags.items() if value is not None}
    return document(
        Statement(
            "PodIdentity",
            ["sts:AssumeRole", "sts:TagSession"],
            principals={"Service": ["pods.eks.amazonaws.com"]},
            conditions={"StringEquals": wanted} if wanted else {},
        )
    )


def trust_token(provider_arn: str, audience: str, subject: str) -> str:
    """Who may assume a role: the bearer of an OIDC token with exactly this audience and subject."""
    issuer = provider_arn.split(":oidc-provider/", maxsplit=1)[1]
    return document(
        Statement(
            "Token",
            ["sts:AssumeRoleWithWebIdentity"],
            principals={"Federated": [provider_arn]},
            conditions={"StringEquals": {f"{issuer}:aud": audience, f"{issuer}:sub": subject}},
        )
    )
