"""Edges as the tests of `Edge` make them."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_mlops.aws.edge import Edge
from pulumi_mlops.aws.edge_args import CertificateSource, ControllerSource, EdgeScheme
from pulumi_mlops.aws.hosted_zone import ZoneSource
from pulumi_mlops.aws.web_acl import WebAclSource
from recording_engine import Recording, registered

# The SDK of AWS names deprecated classes of its own when its module of EC2 is loaded.
pytestmark = pytest.mark.filterwarnings("ignore:.*has been deprecated in favor of:DeprecationWarning")

TAGS = {"mlops:environment": "prod"}
GROUND: dict[str, Any] = {"region": "eu-central-1", "account_id": "111122223333", "tags": TAGS}
CERTIFICATE = "arn:aws:acm:eu-central-1:111122223333:certificate/1"
FIREWALL = "arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/company/1"
PRICE = {
    "name": "price",
    "namespace": "models",
    "service": "price-server",
    "port": 8080,
    "host": "price.ml.example.com",
}
RISK = {**PRICE, "name": "risk", "service": "risk-server", "host": "risk.ml.example.com"}
DOMAIN = {
    "name": "ml.example.com",
    "source": ZoneSource.ADOPT,
    "zone_id": "Z0123456789",
    "certificate": CertificateSource.ADOPT,
    "certificate_arn": CERTIFICATE,
}
ARGS: dict[str, Any] = {
    "ground": GROUND,
    "cluster_name": "prod",
    "cluster_security_group_id": "sg-pods",
    "vpc_id": "vpc-1",
    "subnet_ids": ["subnet-1", "subnet-2"],
    "scheme": EdgeScheme.INTERNET,
    "allowed_cidrs": ["203.0.113.0/24"],
    "domain": DOMAIN,
    "firewall": {"source": WebAclSource.ADOPT, "arn": FIREWALL},
    "controller": {"source": ControllerSource.ADOPT},
    "logs_bucket": "logs",
    "endpoints": [PRICE, RISK],
}
CREATED = {
    "domain": {
        "name": "ml.example.com",
        "source": ZoneSource.CREATE,
        "parent_zone_id": "Z9876543210",
        "certificate": CertificateSource.CREATE,
    },
    "firewall": {"source": WebAclSource.CREATE, "rate_limit": 2000},
    "controller": {"source": ControllerSource.RUN, "chart_version": "3.4.2"},
}


def made(*, preview: bool = False, **changes: Any) -> Recording:
    return registered(lambda: Edge("edge", {**ARGS, **changes}), preview=preview)
