"""Arguments of Edge."""

from enum import Enum
from typing import NotRequired, TypedDict

import pulumi

from pulumi_mlops.aws.ground import GroundArgs
from pulumi_mlops.aws.hosted_zone import ZoneSource
from pulumi_mlops.aws.web_acl import WebAclSource


class EdgeScheme(Enum):
    """From where the load balancer can be reached."""

    INTERNAL = "internal"
    """From the VPC and what is connected to it."""
    INTERNET = "internet"
    """From the internet, by the networks that are allowed."""


class CertificateSource(Enum):
    """Where the certificate comes from."""

    CREATE = "create"
    """It is made by ACM for the domain and one label below it, proved by a record in the zone."""
    ADOPT = "adopt"
    """It exists in ACM, such as a private authority's."""


class ControllerSource(Enum):
    """Where the AWS Load Balancer Controller of the cluster comes from."""

    RUN = "run"
    """It is run here."""
    ADOPT = "adopt"
    """The cluster has it, with rights to register targets."""


class EdgeDomainArgs(TypedDict):
    """The names of the endpoints."""

    name: str
    """Domain under which each endpoint has one label, such as `ml.example.com`."""
    source: ZoneSource
    """Whether to make its zone or to adopt it."""
    zone_id: NotRequired[pulumi.Input[str]]
    """To adopt: id of the zone."""
    parent_zone_id: NotRequired[pulumi.Input[str]]
    """To create: id of the zone above; without it somebody must delegate before the certificate is issued."""
    certificate: CertificateSource
    """Whether to make the certificate or to adopt one."""
    certificate_arn: NotRequired[pulumi.Input[str]]
    """To adopt: ARN of a certificate in ACM, in this region."""


class EdgeFirewallArgs(TypedDict):
    """The firewall before the endpoints; each key as in `WebAclArgs`."""

    source: WebAclSource
    """Whether to make it or to adopt one."""
    arn: NotRequired[pulumi.Input[str]]
    """To adopt: its ARN."""
    rate_limit: NotRequired[pulumi.Input[int]]
    """To create: requests of one address within five minutes, above which it is blocked."""
    large_body_paths: NotRequired[list[str]]
    """To create: regular expressions of paths that take bodies above 8,192 bytes."""
    log_retention_days: NotRequired[pulumi.Input[int]]
    """To create: days for which blocked requests are kept."""
    log_key_arn: NotRequired[pulumi.Input[str]]
    """To create: KMS key of its log."""


class EdgeControllerArgs(TypedDict):
    """The controller that adds pods to target groups; each key as in `LoadBalancerControllerArgs`."""

    source: ControllerSource
    """Whether to run it or to adopt the cluster's."""
    charts: NotRequired[pulumi.Input[str]]
    """To run: repository of its chart."""
    chart_version: NotRequired[pulumi.Input[str]]
    """To run: version of its chart."""
    image: NotRequired[pulumi.Input[str]]
    """To run: repository of its image, without a tag."""
    node_selector: NotRequired[dict[str, str]]
    """To run: labels of its nodes."""
    tolerations: NotRequired[list[dict[str, str]]]
    """To run: taints of its nodes that it tolerates."""


class EdgeEndpointArgs(TypedDict):
    """One Service of the cluster that the edge leads to."""

    name: str
    """Name of the endpoint, such as `price`; names its objects."""
    namespace: pulumi.Input[str]
    """Namespace of the Service."""
    service: pulumi.Input[str]
    """Name of the Service; its pods are asked directly."""
    port: int
    """Port of the Service, and of the pods behind it."""
    host: str
    """Name by which clients ask: one label below the domain."""
    health_path: NotRequired[str]
    """Path that answers 200 when the pod can answer; `/v2/health/ready` by default."""


class EdgeArgs(TypedDict):
    """Arguments of Edge."""

    ground: GroundArgs
    """Region, account and tags."""
    cluster_name: pulumi.Input[str]
    """Name of the EKS cluster."""
    cluster_security_group_id: pulumi.Input[str]
    """Security group of the cluster's pods; the load balancer is let in at the endpoints' ports."""
    vpc_id: pulumi.Input[str]
    """VPC of the cluster."""
    subnet_ids: pulumi.Input[list[str]]
    """Subnets of the load balancer in two zones at least: public ones for the internet, else private ones."""
    scheme: EdgeScheme
    """From where it can be reached."""
    public: NotRequired[bool]
    """Whether everybody may ask; False by default."""
    allowed_cidrs: NotRequired[list[str]]
    """IPv4 networks that may ask; required unless `public`."""
    domain: EdgeDomainArgs
    """Names and certificate."""
    firewall: EdgeFirewallArgs
    """The firewall."""
    controller: EdgeControllerArgs
    """The controller in the cluster."""
    logs_bucket: pulumi.Input[str]
    """Name of the bucket of access logs, with SSE-S3 and `edge_policies.access_log` in its policy."""
    logs_prefix: NotRequired[str]
    """Prefix of the logs in it; `load-balancer` by default."""
    tls_policy: NotRequired[str]
    """Policy of TLS of the listener; `ELBSecurityPolicy-TLS13-1-2-2021-06` by default."""
    endpoints: list[EdgeEndpointArgs]
    """The Services that it leads to."""
