"""Roles of CI as the tests of `CiRole` make them, and their policies."""

from __future__ import annotations

from typing import Any

from iam_evaluator import allows
from pulumi_mlops.aws import ci_policies
from pulumi_mlops.aws.ci_policies import Place
from pulumi_mlops.aws.ci_role import CiRole, OidcProviderSource
from recording_engine import Recording, registered

ACCOUNT = "111122223333"
REGION = "eu-central-1"
IAM = f"arn:aws:iam::{ACCOUNT}"
BOUNDARY_ARN = f"{IAM}:policy/mlops-boundary"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/state"
PROVIDER = f"{IAM}:oidc-provider/token.actions.githubusercontent.com"
TAGS = {"mlops:environment": "prod"}
GROUND = {
    "region": REGION,
    "account_id": ACCOUNT,
    "tags": TAGS,
    "permissions_boundary_arn": BOUNDARY_ARN,
}
ARGS: dict[str, Any] = {
    "ground": GROUND,
    "provider": OidcProviderSource.CREATE,
    "repository": "acme/platform",
    "preview_environment": "prod-preview",
    "deploy_environment": "prod",
    "state_bucket": "acme-states",
    "state_prefix": "mlops/prod",
    "state_key_arn": KEY,
    "names": ["mlops-prod-*"],
}
PLACE = Place(REGION, ACCOUNT, "acme-states", "mlops/prod", KEY)
OWN = ["ci-preview-*", "ci-deploy-*"]
IDENTITIES = ci_policies.identities(PLACE, ["mlops-prod-*"], BOUNDARY_ARN, OWN)
PREVIEW = [ci_policies.look(PLACE)]
DEPLOY = [
    ci_policies.look(PLACE),
    ci_policies.state(PLACE),
    ci_policies.network(PLACE),
    ci_policies.stores(PLACE, ["mlops-prod-*"]),
    ci_policies.edge_and_watch(PLACE),
    IDENTITIES,
]
STATE = "arn:aws:s3:::acme-states/mlops/prod/.pulumi/stacks/mlops/prod.json"
ROLE = f"{IAM}:role/mlops-prod-models-1"
HERE = {"aws:RequestedRegion": REGION, "aws:ResourceAccount": ACCOUNT}


def made(**changes: Any) -> Recording:
    return registered(lambda: CiRole("ci", {**ARGS, **changes}))


def may(documents: list[str], action: str, resource: str = "*", **context: str) -> bool:
    return allows(documents, action, resource, **{**HERE, **context})
