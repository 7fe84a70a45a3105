"""Argument types of a network. Data only; no future annotations, Pulumi reads them."""

from enum import Enum
from typing import NotRequired, TypedDict

import pulumi

from pulumi_mlops.aws.ground import GroundArgs


class NetworkSource(Enum):
    """Where the network comes from."""

    CREATE = "create"
    """It is made here and goes with the stack."""
    ADOPT = "adopt"
    """It exists; nothing of it is registered, so nothing of it can be changed or deleted."""


class Nat(Enum):
    """How private subnets reach the internet."""

    NONE = "none"
    """Not at all: AWS is reached through endpoints. Images must be in ECR before they are pulled (ECR asks
    for a NAT gateway at the first pull through a cache), and Karpenter must be given an instance profile."""
    SINGLE = "single"
    """Through one gateway in the first zone; when that zone is lost, so is the way. Not in production."""
    PER_ZONE = "per-zone"
    """Through a gateway in each zone."""


class Endpoints(Enum):
    """Where the interface endpoints are. Each costs by the hour in each of its zones."""

    NONE = "none"
    """Nowhere: AWS, but for S3, is reached through NAT."""
    ONE_ZONE = "one-zone"
    """In the first zone; when it is lost, so are they. Not in production."""
    EVERY_ZONE = "every-zone"
    """In every zone."""


class NetworkCreateArgs(TypedDict):
    """A network that is made."""

    cidr: str
    """Its addresses: a private network from a /16 to a /21, such as `10.20.0.0/16`."""
    zones: list[str]
    """Two or three zones of the region, such as `eu-central-1a`; three in production. One may be added at the
    end; another order moves subnets, and so replaces them with all that is in them."""
    key_arn: pulumi.Input[str]
    """KMS key of the flow logs; its policy must admit CloudWatch Logs."""
    pods: NotRequired[int]
    """Most pods at once in the cluster, each of which has an address; 1000."""
    nodes: NotRequired[int]
    """Most nodes at once, with those that a rolling update adds; 50."""
    nat: NotRequired[Nat]
    """The way of private subnets to the internet; PER_ZONE."""
    endpoints: NotRequired[Endpoints]
    """Where interface endpoints are; EVERY_ZONE. Without NAT they must be somewhere."""
    extra_endpoints: NotRequired[list[str]]
    """Services, such as `logs`, that get an interface endpoint beside those that nodes need."""
    public_subnets: NotRequired[bool]
    """Whether there are public subnets and an internet gateway; True. NAT and public load balancers need
    them."""
    read_accounts: NotRequired[list[str]]
    """Accounts, 12 digits each, whose buckets may be read from the VPC; none but its own without it."""
    flow_log_days: NotRequired[int]
    """How long flow logs are kept, in days; 365."""


class NetworkAdoptArgs(TypedDict):
    """A network that exists."""

    vpc_id: pulumi.Input[str]
    """The VPC, such as `vpc-0123456789abcdef0`."""
    cidr: str
    """Its addresses."""
    private_subnet_ids: list[pulumi.Input[str]]
    """Subnets of nodes and pods, in two zones or more."""
    public_subnet_ids: NotRequired[list[pulumi.Input[str]]]
    """Subnets of internet-facing load balancers; without any there are no such balancers."""
    database_subnet_ids: NotRequired[list[pulumi.Input[str]]]
    """Subnets of databases, in two zones or more; the private ones without it."""


class NetworkArgs(TypedDict):
    """Arguments of Network."""

    ground: GroundArgs
    """Region, account and tags."""
    source: NetworkSource
    """Whether the network is made or adopted."""
    cluster_name: str
    """The cluster for which it is; Karpenter finds its subnets by it, and its parts are named by it."""
    service_cidr: NotRequired[str]
    """Network of the cluster's Services, which must lie elsewhere; `172.20.0.0/16`."""
    peer_cidrs: NotRequired[list[str]]
    """Networks that are or will be joined to this one, by peering, VPN or a transit gateway."""
    create: NotRequired[NetworkCreateArgs]
    """To create: what is made."""
    adopt: NotRequired[NetworkAdoptArgs]
    """To adopt: what exists."""
