"""Settings of environments on AWS that cannot be, and what is said of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_environments import merged

ARN = "arn:aws:iam::123456789012:role/{}"
PUBLIC_LIST = {"domain": "ml.example.com", "allowedCidrs": ["203.0.113.0/24"]}
ADOPTED_NETWORK = {
    "mode": "adopt",
    "vpcId": "vpc-0123456789abcdef0",
    "cidr": "10.20.0.0/16",
    "privateSubnetIds": ["subnet-0000000000000000a", "subnet-0000000000000000b"],
    "databaseSubnetIds": ["subnet-0000000000000000c", "subnet-0000000000000000d"],
}
ADOPTED_DATABASE = {
    "mode": "adopt",
    "host": "db.example.com",
    "secretArn": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-AbCdEf",
}
ADOPTED_CLUSTER = {
    "maker": "eks",
    "mode": "adopt",
    "name": "shop",
    "version": "1.30",
    "existing": {
        "endpoint": "https://0123.gr7.eu-central-1.eks.amazonaws.com",
        "certificateAuthority": "LS0tLS1CRUdJTg==",
        "securityGroupId": "sg-0123456789abcdef0",
        "nodeRoleArn": ARN.format("nodes"),
    },
}
BUCKETS = {"models": "shop-models", "data": "shop-data", "requests": "shop-requests"}


def adopting(section: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """The section with some of its keys changed."""
    return merged(section, changes)


CASES: list[tuple[dict[str, Any], str]] = [
    (
        {"network": {"cidr": "10.64.0.0/24"}},
        "mlops:aws.network.cidr: 10.64.0.0/24 is a /24; a VPC here is a /16 (65536 addresses) to a /21 "
        "(2048 addresses), so that every public subnet is a /27 or larger, as load balancers ask",
    ),
    (
        {"network": {"cidr": "10.64.0.0/20"}},
        "mlops:aws.network.cidr: 10.64.0.0/20 leaves 1024 addresses for each private subnet, and 1000 "
        "pods on 50 nodes over 3 zones need 1431; give a /19 or larger, or allow fewer pods and nodes",
    ),
    (
        {"network": {"cidr": "10.64.0.0/33"}},
        "mlops:aws.network.cidr: '10.64.0.0/33' is no IPv4 network ('33' is not a valid netmask); one "
        "looks like 10.20.0.0/16",
    ),
    (
        {"network": {"cidr": "8.8.0.0/16"}},
        "mlops:aws.network.cidr: 8.8.0.0/16 is not a private network; allowed is one within 10.0.0.0/8, "
        "172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10",
    ),
    (
        {"network": {"cidr": "172.20.0.0/16"}},
        "mlops:aws.network.cidr: 172.20.0.0/16 overlaps 172.20.0.0/16, the network of the cluster's "
        "Services: addresses in both could not be told apart; choose networks that do not overlap",
    ),
    (
        {"network": {"cidr": "10.64.0.0/16", "peerCidrs": ["10.0.0.0/16", "10.64.128.0/20"]}},
        "mlops:aws.network.cidr: 10.64.0.0/16 overlaps 10.64.128.0/20, network.peerCidrs[1]: addresses in "
        "both could not be told apart; choose networks that do not overlap",
    ),
    (
        {"network": adopting(ADOPTED_NETWORK, peerCidrs=["10.20.4.0/24"])},
        "mlops:aws.network.cidr: 10.20.0.0/16 overlaps 10.20.4.0/24, network.peerCidrs[0]: addresses in "
        "both could not be told apart; choose networks that do not overlap",
    ),
    (
        {"network": {"endpoints": "none", "nat": "none"}},
        "mlops:aws.network.endpoints: nodes would reach nothing of AWS: this and nat are none; set one of "
        "them to something else",
    ),
    (
        {"network": {"flowLogDays": 10}},
        "mlops:aws.network.flowLogDays: logs cannot be kept for 10 days; allowed are 1, 3, 5, 7, 14, 30, "
        "60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653",
    ),
    (
        {"network": {"vpcId": "vpc-0123456789abcdef0"}},
        "mlops:aws.network.vpcId: says nothing where mode is create; leave it out, or change mode",
    ),
    (
        {"network": adopting(ADOPTED_NETWORK, nat="single")},
        "mlops:aws.network.nat: says nothing where mode is adopt; leave it out, or change mode",
    ),
    (
        {"network": adopting(ADOPTED_NETWORK, vpcId=None)},
        "mlops:aws.network.vpcId: is needed where mode is adopt; give it, or change mode",
    ),
    (
        {"network": {key: value for key, value in ADOPTED_NETWORK.items() if key != "cidr"}},
        "mlops:aws.network.cidr: is needed where mode is adopt; give the addresses of the VPC",
    ),
    (
        {"network": adopting(ADOPTED_NETWORK, vpcId="shop")},
        "mlops:aws.network.vpcId: 'shop' is no VPC's id; one looks like vpc-0123456789abcdef0",
    ),
    (
        {"network": adopting(ADOPTED_NETWORK, privateSubnetIds=["subnet-0000000000000000a"])},
        "mlops:aws.network.privateSubnetIds: 1 given; EKS and RDS want some in two zones, so name two or "
        "more",
    ),
    (
        {"network": ADOPTED_NETWORK, "zones": ["eu-central-1a"]},
        "mlops:aws.zones: are those of the adopted subnets; leave this out, or make the network",
    ),
    (
        {"zones": ["eu-central-1a"]},
        "mlops:aws.zones: 1 zones were given; allowed are 2 or 3: EKS and RDS want two",
    ),
    (
        {"zones": ["eu-west-1a", "eu-west-1b"]},
        "mlops:aws.zones: 'eu-west-1a' is no zone of eu-central-1; one looks like eu-central-1a",
    ),
    (
        {"region": "frankfurt"},
        "mlops:aws.region: 'frankfurt' is no region's code; one looks like eu-central-1 or us-gov-west-1",
    ),
    (
        {"cluster__version": "1.33"},
        "mlops:cluster.version: standard support of Kubernetes 1.33 on EKS ended on 2026-07-29; in "
        "standard support on 2026-11-28: 1.34 and 1.35 and 1.36. Go up by one minor version at a time "
        "(docs/aws-cluster.md)",
    ),
    (
        {"cluster__version": "1.99"},
        "mlops:cluster.version: '1.99' is no Kubernetes version whose support by EKS is known; in "
        "standard support on 2026-11-28: 1.34 and 1.35 and 1.36",
    ),
    (
        {"cluster__publicCidrs": ["0.0.0.0/0"]},
        "mlops:cluster.publicCidrs[0]: 0.0.0.0/0 opens the API server to 4294967296 addresses; allowed "
        "are blocks of /8 and narrower: name the networks of those who deploy, or leave the list out",
    ),
    (
        {"cluster__privateCidrs": ["10.0.0.1/8"]},
        "mlops:cluster.privateCidrs[0]: '10.0.0.1/8' is no block of IPv4 addresses; one looks like "
        "198.51.100.0/24",
    ),
    (
        {"cluster__systemNodes": {"instanceTypes": ["big"]}},
        "mlops:cluster.systemNodes.instanceTypes[0]: 'big' is no instance type; one looks like m7i.large",
    ),
    (
        {"cluster__systemNodes": {"least": 3, "most": 2}},
        "mlops:cluster.systemNodes.most: 2 is less than least, 3; raise it, or lower least",
    ),
    (
        {"cluster__pools": {}},
        "mlops:cluster.pools: pools of the kinds [] take only pods that ask for them, and system nodes "
        "take none of the platform's; add a pool of kind cpu or memory",
    ),
    (
        {"cluster__pools": {"gpu": {"kind": "gpu", "cpuLimit": 8, "memoryLimit": "32Gi"}}},
        "mlops:cluster.pools.gpu.gpuLimit: is needed; it bounds the pool's cost",
    ),
    (
        {"cluster__pools": {"cpu": {"kind": "cpu", "cpuLimit": 8, "memoryLimit": "32Gi", "gpuLimit": 1}}},
        "mlops:cluster.pools.cpu.gpuLimit: a pool of kind cpu has no GPUs; leave it out",
    ),
    (
        {"cluster__logDays": 91},
        "mlops:cluster.logDays: logs cannot be kept for 91 days; allowed are 1, 3, 5, 7, 14, 30, "
        "60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653",
    ),
    (
        {"cluster__name": "a" * 31},
        "mlops:cluster.name: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' is no name for a cluster; allowed are "
        "letters, digits, hyphens and underscores, a letter or digit first, at most 30 characters",
    ),
    (
        {"cluster__admins": {"me": "arn:aws:sts::123456789012:assumed-role/x/y"}},
        "mlops:cluster.admins.me: 'arn:aws:sts::123456789012:assumed-role/x/y' is no ARN of a role; one "
        "looks like arn:aws:iam::123456789012:role/deployer. Of a session (assumed-role) give the role",
    ),
    (
        {"cluster__admins": {"me": ARN.format("a")}, "cluster__viewers": {"you": ARN.format("a")}},
        "mlops:cluster.admins: arn:aws:iam::123456789012:role/a enters as admins.me and as viewers.you; "
        "name each role once",
    ),
    (
        {"cluster__admins": {"me": ARN.format("a")}, "cluster__deployer": "you"},
        "mlops:cluster.deployer: 'you' is no admin of the cluster; named are me",
    ),
    (
        {"cluster__existing": ADOPTED_CLUSTER["existing"]},
        "mlops:cluster.existing: says nothing where mode is create; leave it out, or change mode",
    ),
    (
        {"cluster__mode": "adopt"},
        "mlops:cluster.systemNodes: says nothing where mode is adopt; leave it out, or change mode",
    ),
    (
        {"cluster": {key: value for key, value in ADOPTED_CLUSTER.items() if key != "existing"}},
        "mlops:cluster.existing: is needed where mode is adopt; give it, or change mode",
    ),
    (
        {"cluster": adopting(ADOPTED_CLUSTER, publicCidrs=["203.0.113.0/24"])},
        "mlops:cluster.publicCidrs: says nothing where mode is adopt; leave it out, or change mode",
    ),
    (
        {"cluster": adopting(ADOPTED_CLUSTER, existing={"nodeRoleArn": "nodes"})},
        "mlops:cluster.existing.nodeRoleArn: 'nodes' is no ARN; one looks like "
        "arn:aws:iam::123456789012:role/name",
    ),
    (
        {"drop": ("owner",)},
        "mlops:aws.owner: this key is required and was not given",
    ),
    (
        {"drop": ("costCenter",)},
        "mlops:aws.costCenter: this key is required and was not given",
    ),
    (
        {"drop": ("expires",)},
        "mlops:aws.expires: an environment that is not production says on which day it ends, such as "
        "2027-06-30",
    ),
    (
        {"database": {"host": "db.example.com"}},
        "mlops:aws.database.host: says nothing where mode is create; leave it out, or change mode",
    ),
    (
        {"database": adopting(ADOPTED_DATABASE, multiAz=True)},
        "mlops:aws.database.multiAz: says nothing where mode is adopt; leave it out, or change mode",
    ),
    (
        {"database": adopting(ADOPTED_DATABASE, secretArn=None)},
        "mlops:aws.database.secretArn: is needed where mode is adopt; give it, or change mode",
    ),
    (
        {"database": {"instanceClass": "db.huge"}},
        "mlops:aws.database.instanceClass: 'db.huge' is no class whose memory is known here; allowed are "
        "those of the families t, m and r, such as db.t4g.medium",
    ),
    (
        {"database": {"version": "12"}},
        "mlops:aws.database.version: PostgreSQL '12' is no major version that is offered here; allowed "
        "are 15, 16, 17, without a minor version",
    ),
    (
        {"database": {"storageGib": 5}},
        "mlops:aws.database.storageGib: 5 GiB of storage are not possible; allowed is 20 to 65536",
    ),
    (
        {"database": {"backupDays": 36}},
        "mlops:aws.database.backupDays: backups of 36 days are not possible; an environment that is not "
        "production keeps them for 1 to 35 days",
    ),
    (
        {"database": {"logDays": 4}},
        "mlops:aws.database.logDays: logs cannot be kept for 4 days; allowed are 1, 3, 5, 7, 14, 30, 60, "
        "90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653",
    ),
    (
        {"buckets": {"models": "shop-models"}},
        "mlops:aws.buckets: buckets to adopt lack data, requests; name one for each of models, data, "
        "requests",
    ),
    (
        {"buckets": BUCKETS},
        "mlops:aws.storage.noncurrentDays: is for buckets that are made, and buckets adopts some; leave "
        "one of the two out",
    ),
    (
        {"buckets": BUCKETS, "drop": ("storage",), "edge": PUBLIC_LIST},
        "mlops:aws.buckets.logs: the load balancer of edge writes its log somewhere; name a bucket that "
        "lets it",
    ),
    (
        {"buckets": adopting(BUCKETS, data="A"), "drop": ("storage",)},
        "mlops:aws.buckets.data: 'A' (1 characters) is no name for a bucket; allowed are 3 to 63 "
        "lower-case letters, digits, hyphens and dots. Give a shorter object_name if it was made of one",
    ),
    (
        {"registry": "docker.io/shop"},
        "mlops:aws.registry: 'docker.io/shop' is no address of an ECR registry; one looks like "
        "123456789012.dkr.ecr.eu-central-1.amazonaws.com/prefix, without https:// and without a tag",
    ),
    (
        {"edge": {"domain": "ml.example.com"}},
        "mlops:aws.edge.allowedCidrs: name the networks that may ask, or set public: true for everybody",
    ),
    (
        {"edge": adopting(PUBLIC_LIST, public=True)},
        "mlops:aws.edge.allowedCidrs: name the networks that may ask, or set public: true for everybody",
    ),
    (
        {"edge": {"domain": "ml.example.com", "public": True}},
        "mlops:aws.edge.public: needs internet: true; inside the VPC, name allowedCidrs",
    ),
    (
        {"edge": adopting(PUBLIC_LIST, allowedCidrs=["0.0.0.0/0"])},
        "mlops:aws.edge.allowedCidrs: '0.0.0.0/0' is nearly everybody; say public: true if that is meant, "
        "or give networks of /8 or longer",
    ),
    (
        {"edge": adopting(PUBLIC_LIST, zoneId="Z0123456789ABCDEFGHIJ", parentZoneId="Z0123456789ABCDEFGHIK")},
        "mlops:aws.edge.parentZoneId: is for a zone that is made; leave it out where zoneId is given",
    ),
    (
        {"edge": adopting(PUBLIC_LIST, zoneId="ml")},
        "mlops:aws.edge.zoneId: 'ml' is no id of a hosted zone; one looks like Z0123456789ABCDEFGHIJ",
    ),
    (
        {"edge": adopting(PUBLIC_LIST, domain="ML")},
        "mlops:aws.edge.domain: 'ML' is no domain; give it in lower case, such as ml.example.com",
    ),
    (
        {"edge": adopting(PUBLIC_LIST, webAclArn=ARN.format("x"), rateLimit=100)},
        "mlops:aws.edge.rateLimit: is for a firewall that is made; leave it out where webAclArn is given",
    ),
    (
        {"edge": adopting(PUBLIC_LIST, rateLimit=1)},
        "mlops:aws.edge.rateLimit: a limit of 1 requests is not possible; allowed is 10 to 2,000,000,000",
    ),
    (
        {"environment": "prod", "storage": {"forceDestroy": True}},
        "mlops:aws.storage.forceDestroy: true deletes models with the stack; not in production",
    ),
    (
        {"environment": "prod", "zones": ["eu-central-1a"]},
        "mlops:aws.zones: 1 zones were given; allowed are 3: production stays up without one of them",
    ),
    (
        {"environment": "prod", "database": {"instanceClass": "db.m7g.large"}},
        "mlops:aws.database.multiAz: must be true in production; a standby takes over in a minute",
    ),
    (
        {"environment": "prod", "database": {"multiAz": True, "backupDays": 3}},
        "mlops:aws.database.backupDays: backups of 3 days are not possible; production keeps them for 7 "
        "to 35 days",
    ),
    (
        {"environment": "prod", "network": {"nat": "single", "endpoints": "every-zone"}},
        "mlops:aws.network.nat: single would go with its zone, and production with it; allowed are "
        "per-zone, none",
    ),
    (
        {"environment": "prod", "network": {"nat": "per-zone", "endpoints": "one-zone"}},
        "mlops:aws.network.endpoints: one-zone would go with its zone, and production with it; allowed "
        "are every-zone, and none with a NAT gateway per zone",
    ),
]
