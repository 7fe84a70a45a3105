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

    def to_dict(self) -> dict[str, object]:
        """The statement in AWS's JSON; keys that are empty are left out."""
        principal: object = "*" if self.any_principal else {k: list(v) for k, v in self.principals.items()}
        every = {
            "Sid": self.sid,
            "Effect": self.effect,
            "Principal": principal,
            "Action": list(self.actions),
            "Resource": list(self.resources),
            "Condition": {operator: dict(keys) for operator, keys in self.conditions.items()},
        }
        return {key: value for key, value in every.items() if value}


def document(*statements: Statement) -> str:
    """The policy document, as JSON that is the same from run to run."""
    return json.dumps({"Version": "2012-10-17", "Statement": [each.to_dict() for each in statements]})


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


def trust_pod_identity() -> str:
    """Who may assume a role: EKS Pod Identity, which is bound to one service account by an association."""
    return document(
        Statement(
            "PodIdentity",
            ["sts:AssumeRole", "sts:TagSession"],
            principals={"Service": ["pods.eks.amazonaws.com"]},
        )
    )
