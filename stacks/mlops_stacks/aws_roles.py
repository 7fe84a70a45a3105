"""Who of the cluster's pods may do what in AWS: one role for each service account."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from mlops_stacks.settings import NAMESPACE, Settings
from pulumi_mlops.aws import database_policies, iam_policy, s3_policies
from pulumi_mlops.aws.ground import GroundArgs
from pulumi_mlops.aws.rds_database import RdsDatabase
from pulumi_mlops.aws.s3_object_store import S3ObjectStore
from pulumi_mlops.aws.service_role import ServiceRole
from pulumi_mlops.platform_wiring import REGISTRY
from pulumi_mlops.remediation_rules import RECEIVER

SYSTEM, MODELS = f"{NAMESPACE}-system", f"{NAMESPACE}-models"
"""The namespaces that `Platform` makes."""
FILES_OF_RUNS = "mlflow/"

Policy = Callable[[Mapping[str, str], str], str]
"""From the buckets' ARNs and their key's to a policy document."""


@dataclass(frozen=True)
class Account:
    """One service account and its rights in the object store."""

    namespace: str
    name: str
    policy: Policy


def accounts(settings: Settings, region: str) -> list[Account]:
    """The service accounts of pods that use the store and nothing else of AWS. Pure."""

    def server(model: str, endpoint: str) -> Policy:
        return lambda arns, key: s3_policies.server_policy(
            arns, key, region, models=[model], endpoint=endpoint
        )

    def writer(*buckets: str) -> Policy:
        return lambda arns, key: s3_policies.writer_policy([arns[name] for name in buckets], key, region)

    made = [
        Account(MODELS, endpoint.name, server(endpoint.model, endpoint.name))
        for endpoint in settings.endpoints
    ]
    made += [
        Account(MODELS, f"{pipeline.name}-pipeline", writer("data", "models"))
        for pipeline in settings.pipelines
    ]
    if settings.remediation is not None:
        made.append(Account(SYSTEM, RECEIVER, writer("models")))
    return made


def _policy_of(account: Account) -> Callable[[list[Any]], str]:
    return lambda known: account.policy(known[0], known[1])


def registry_policy(
    arns: Mapping[str, str], key_arn: str, secret: tuple[str, str | None], region: str
) -> str:
    """What MLflow may do: keep the files of runs, and read its database's password. Pure.

    `secret` is its ARN, and that of its key where it is another than the buckets'.
    """
    secret_arn, secret_key = secret
    return iam_policy.joined(
        s3_policies.writer_policy([arns["data"]], key_arn, region, prefix=FILES_OF_RUNS),
        database_policies.password_rights(secret_arn, secret_key or key_arn),
    )


def register(
    settings: Settings,
    ground: GroundArgs,
    cluster_name: str,
    store: S3ObjectStore,
    database: RdsDatabase,
    options: pulumi.ResourceOptions,
) -> list[pulumi.Resource]:
    """Register the roles; pods come after them: one that starts earlier gets no credentials."""
    region = ground["region"]

    def role(account: str, namespace: str, policy: pulumi.Output[str]) -> pulumi.Resource:
        return ServiceRole(
            f"{NAMESPACE}-{account}-identity",
            {
                "ground": ground,
                "cluster_name": cluster_name,
                "namespace": namespace,
                "service_account": account,
                "policy": policy,
            },
            options,
        )

    known = pulumi.Output.all(store.bucket_arns, store.key_arn)
    secret_key = settings.aws.database.secret_key_arn if settings.aws is not None else None
    registry = pulumi.Output.all(store.bucket_arns, store.key_arn, database.secret_arn).apply(
        lambda all_: registry_policy(all_[0], all_[1], (all_[2], secret_key), region)
    )
    return [
        *(
            role(
                account.name,
                account.namespace,
                known.apply(_policy_of(account)),
            )
            for account in accounts(settings, region)
        ),
        role(REGISTRY, SYSTEM, registry),
    ]
