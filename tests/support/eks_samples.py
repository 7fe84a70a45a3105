"""Arguments of an EKS cluster for tests, and its registrations as a preview shows them."""

from __future__ import annotations

import copy
import functools
import warnings
from typing import Any

from mlops_stacks import recording
from pulumi_mlops.aws.eks_args import EksSource, NodeKind
from pulumi_mlops.aws.eks_cluster import EksCluster
from recording_engine import Recording, Registration, registered

with warnings.catch_warnings():
    # The SDK's own classes of EC2 warn of each other while they are imported.
    warnings.simplefilter("ignore", DeprecationWarning)
    import pulumi_aws

    EC2_IS_LOADED = pulumi_aws.ec2.LaunchTemplate

ACCOUNT = "123456789012"
KEY = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/sample"
DEPLOYER = f"arn:aws:iam::{ACCOUNT}:role/deployer"
AUDITOR = f"arn:aws:iam::{ACCOUNT}:role/auditor"
TAGS = {"mlops:environment": "test", "mlops:owner": "risk"}
GROUND: dict[str, Any] = {"region": "eu-central-1", "account_id": ACCOUNT, "tags": TAGS}
POOL: dict[str, Any] = {"kind": NodeKind.CPU, "cpu_limit": 64, "memory_limit": "256Gi"}

CREATED: dict[str, Any] = {
    "ground": GROUND,
    "source": EksSource.CREATE,
    "cluster_name": "risk",
    "version": "1.36",
    "checked_on": "2026-11-28",
    "admins": {"deployer": DEPLOYER},
    "viewers": {"auditor": AUDITOR},
    "private_subnet_ids": ["subnet-a", "subnet-b"],
    "key_arn": KEY,
    "pools": {"general": POOL},
}
ADOPTED: dict[str, Any] = {
    "ground": GROUND,
    "source": EksSource.ADOPT,
    "cluster_name": "theirs",
    "version": "1.30",
    "existing": {
        "endpoint": "https://0123.gr7.eu-central-1.eks.amazonaws.com",
        "certificate_authority": "LS0t",
        "security_group_id": "sg-theirs",
        "node_role_arn": f"arn:aws:iam::{ACCOUNT}:role/their-nodes",
    },
}


def created(**changes: Any) -> dict[str, Any]:
    """Arguments of a cluster that is made; None takes a key out."""
    return _changed(CREATED, changes)


def adopted(**changes: Any) -> dict[str, Any]:
    """Arguments of a cluster that is adopted; None takes a key out."""
    return _changed(ADOPTED, changes)


def production(**changes: Any) -> dict[str, Any]:
    """Arguments of a production cluster that is made."""
    return created(ground={**GROUND, "production": True}, **changes)


def tags(suffix: str) -> dict[str, str]:
    """The tags of a part of the sample cluster."""
    return {**TAGS, "Name": f"risk-{suffix}"}


def previewed(args: dict[str, Any]) -> Recording:
    """What a preview of a cluster called `eks` registers."""
    return registered(lambda: EksCluster("eks", args), preview=True)


def options(args: dict[str, Any]) -> dict[str, recording.Registration]:
    """What a preview registers, by name, with protection and what each is deleted with."""
    made = recording.record(
        lambda: EksCluster("eks", args),
        project="mlops",
        stack="test",
        config={},
    )
    return {resource.name: resource for resource in made.resources}


@functools.cache
def sample() -> Recording:
    """What a preview of the sample cluster registers."""
    return previewed(created())


@functools.cache
def sample_options() -> dict[str, recording.Registration]:
    """What `options` tells of the sample cluster."""
    return options(created())


def named(recording: Recording, name: str) -> Registration:
    """The only resource called so."""
    (found,) = [resource for resource in recording.resources if resource.name == name]
    return found


def _changed(args: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    changed = {**copy.deepcopy(args), **changes}
    return {key: value for key, value in changed.items() if value is not None}
