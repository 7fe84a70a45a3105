"""Networks as the tests of `Network` make them."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from pulumi_mlops.aws.network import Network
from pulumi_mlops.aws.network_args import NetworkSource
from recording_engine import Recording, Registration, registered

REGION, ACCOUNT = "eu-central-1", "123456789012"
A, B, C = (f"{REGION}{letter}" for letter in "abc")
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/logs"
TAGS = {"mlops:environment": "dev", "mlops:owner": "risk"}
GROUND = {"region": REGION, "account_id": ACCOUNT, "tags": TAGS}
PRODUCTION = {**GROUND, "production": True}
CREATE: dict[str, Any] = {"cidr": "10.20.0.0/16", "zones": [A, B, C], "key_arn": KEY}
SUBNETS = [f"subnet-{number:017x}" for number in range(6)]
ADOPT: dict[str, Any] = {
    "vpc_id": "vpc-0123456789abcdef0",
    "cidr": "10.40.0.0/16",
    "private_subnet_ids": SUBNETS[:2],
    "public_subnet_ids": SUBNETS[2:4],
    "database_subnet_ids": SUBNETS[4:],
}
BASE = {"ground": GROUND, "cluster_name": "mlops-dev"}


def arguments(section: str, values: dict[str, Any], **top: Any) -> Any:
    source = NetworkSource(section)
    kept = {key: value for key, value in values.items() if value is not None}
    return {**BASE, "source": source, section: kept, **top}


def made(top: dict[str, Any] | None = None, *, preview: bool = False, **changes: Any) -> Recording:
    args = arguments("create", CREATE | changes, **(top or {}))
    return registered(lambda: Network("net", args), preview=preview)


def adopted(top: dict[str, Any] | None = None, **changes: Any) -> Recording:
    args = arguments("adopt", ADOPT | changes, **(top or {}))
    return registered(lambda: Network("net", args))


def refusal(program: Any, *args: Any, **changes: Any) -> str:
    with pytest.raises(pulumi.InputPropertyError) as caught:
        program(*args, **changes)
    return str(caught.value)


def kind(recording: Recording, name: str) -> dict[str, Registration]:
    return {r.name: r for r in recording.resources if r.type.split(":")[-1] == name}


def named(part: str, **more: str) -> dict[str, str]:
    return {**TAGS, "Name": f"mlops-dev-{part}", **more}


def users(program: Any) -> dict[str, tuple[str, ...]]:
    """What a resource depends on that uses each list of subnets of the network that `program` makes."""

    def run() -> None:
        network = program()
        for subnets in ("private", "public", "database"):
            aws.rds.SubnetGroup(subnets, subnet_ids=getattr(network, f"{subnets}_subnet_ids"))

    return {name: each.dependencies for name, each in kind(registered(run), "SubnetGroup").items()}
