"""What AWS would say of resources that were made: ids, ARNs and names of the right shape.

With these a program runs to its end as an update does: policies and references are there to be read.  The
values are made of the resources' own, so they are the same from run to run and differ between resources.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import sdk_types
from mlops_stacks.recording import Document, Recording, Registration, Resource, Secret, document_of, record
from mlops_stacks.recording.values import UNKNOWN

REGION, ACCOUNT = "eu-central-1", "123456789012"

_ARNS: Mapping[str, str] = {
    "acm/certificate": "arn:aws:acm:{region}:{account}:certificate/{uuid}",
    "amp/workspace": "arn:aws:aps:{region}:{account}:workspace/ws-{uuid}",
    "cloudwatch/compositeAlarm": "arn:aws:cloudwatch:{region}:{account}:alarm:{name}",
    "cloudwatch/eventRule": "arn:aws:events:{region}:{account}:rule/{name}",
    "cloudwatch/logGroup": "arn:aws:logs:{region}:{account}:log-group:{name}",
    "cloudwatch/metricAlarm": "arn:aws:cloudwatch:{region}:{account}:alarm:{name}",
    "ec2/launchTemplate": "arn:aws:ec2:{region}:{account}:launch-template/{id}",
    "ec2/securityGroup": "arn:aws:ec2:{region}:{account}:security-group/{id}",
    "ec2/vpcEndpoint": "arn:aws:ec2:{region}:{account}:vpc-endpoint/{id}",
    "ecr/repository": "arn:aws:ecr:{region}:{account}:repository/{name}",
    "eks/accessEntry": "arn:aws:eks:{region}:{account}:access-entry/{uuid}",
    "eks/addon": "arn:aws:eks:{region}:{account}:addon/{uuid}",
    "eks/nodeGroup": "arn:aws:eks:{region}:{account}:nodegroup/{uuid}",
    "eks/podIdentityAssociation": "arn:aws:eks:{region}:{account}:podidentityassociation/{uuid}",
    "iam/instanceProfile": "arn:aws:iam::{account}:instance-profile/{name}",
    "iam/openIdConnectProvider": "arn:aws:iam::{account}:oidc-provider/{name}",
    "iam/policy": "arn:aws:iam::{account}:policy/{name}",
    "iam/role": "arn:aws:iam::{account}:role/{name}",
    "kms/alias": "arn:aws:kms:{region}:{account}:{name}",
    "kms/key": "arn:aws:kms:{region}:{account}:key/{uuid}",
    "lb/loadBalancer": "arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/app/{name}/{hash}",
    "rds/instance": "arn:aws:rds:{region}:{account}:db:{name}",
    "rds/parameterGroup": "arn:aws:rds:{region}:{account}:pg:{name}",
    "rds/subnetGroup": "arn:aws:rds:{region}:{account}:subgrp:{name}",
    "s3/bucket": "arn:aws:s3:::{name}",
    "secretsmanager/secret": "arn:aws:secretsmanager:{region}:{account}:secret:{name}-{hash6}",
    "sns/topic": "arn:aws:sns:{region}:{account}:{name}",
    "sqs/queue": "arn:aws:sqs:{region}:{account}:{name}",
    "wafv2/webAcl": "arn:aws:wafv2:{region}:{account}:regional/webacl/{name}/{uuid}",
}
_GENERAL_ARN = "arn:aws:{service}:{region}:{account}:{kind}/{name}"
_BY_ARN = (
    "acm/certificate",
    "iam/openIdConnectProvider",
    "iam/policy",
    "lb/",
    "secretsmanager/",
    "sns/topic",
)
"""Types whose id is the ARN."""
_ID_PREFIXES: Mapping[str, str] = {
    "ec2/eip": "eipalloc",
    "ec2/flowLog": "fl",
    "ec2/internetGateway": "igw",
    "ec2/launchTemplate": "lt",
    "ec2/natGateway": "nat",
    "ec2/networkAcl": "acl",
    "ec2/routeTable": "rtb",
    "ec2/routeTableAssociation": "rtbassoc",
    "ec2/securityGroup": "sg",
    "ec2/subnet": "subnet",
    "ec2/vpc": "vpc",
    "ec2/vpcEndpoint": "vpce",
}
_NAMES: Mapping[str, str] = {
    "iam/openIdConnectProvider": "url",
    "rds/cluster": "clusterIdentifier",
    "rds/clusterInstance": "identifier",
    "rds/instance": "identifier",
    "s3/bucket": "bucket",
}
"""Input that is a resource's name in AWS, where it is not `name`: elsewhere these name another resource."""


def answers(resource: Registration | Resource) -> Mapping[str, Any]:
    """Outputs of a resource of AWS after an update; nothing for other providers' resources."""
    if not resource.type.startswith("aws:"):
        return {}
    token = resource.type.split(":")[1]
    made = digits(resource.urn)
    known = sdk_types.fields(sdk_types.args_class(resource.type) or object)
    own = name_input(resource.type)
    given = resource.inputs.get(own) if own in known else None
    name = given if isinstance(given, str) else f"{resource.name}-{made[:7]}"
    service, _, kind = token.partition("/")
    identity = f"{_ID_PREFIXES[token]}-{made[:17]}" if token in _ID_PREFIXES else name
    arn = _ARNS.get(token, _GENERAL_ARN).format(
        region=REGION,
        account=ACCOUNT,
        service=service,
        kind=kind,
        id=identity,
        name=name.removeprefix("https://"),
        hash=made[:16],
        hash6=made[:6],
        uuid=f"{made[:8]}-{made[8:12]}-{made[12:16]}-{made[16:20]}-{made[20:32]}",
    )
    if token == "kms/key":
        identity = arn.rpartition("/")[2]
    elif token.startswith(_BY_ARN):
        identity = arn
    named = {own: name} if own in known and given is None else {}
    return {"id": identity, "arn": arn, **named, **_more(token, resource.inputs, name, identity, made)}


def name_input(token: str) -> str:
    """The input that is a resource's name in AWS."""
    return _NAMES.get(token.split(":")[1], "name")


def digits(urn: str) -> str:
    """64 hexadecimal digits that are the resource's own."""
    return hashlib.sha256(urn.encode()).hexdigest()


def recorded(
    program: Callable[[], object], *, preview: bool = False, config: Mapping[str, str] | None = None
) -> Document:
    """The document of a program that ran as an update to which AWS answered, or as a preview."""
    return document_of("test", recording(program, preview=preview, config=config), ())


def recording(
    program: Callable[[], object], *, preview: bool = False, config: Mapping[str, str] | None = None
) -> Recording:
    """What a program registers, as an update to which AWS answered, or as a preview."""
    return record(
        program, project="mlops", stack="test", config=config or {}, preview=preview, answers=answers
    )


def plain(value: Any) -> Any:
    """A recorded value without its secrets' wraps. Unknown values stay."""
    if isinstance(value, Secret):
        return plain(value.value)
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) and value is not UNKNOWN else value


def _more(token: str, inputs: Mapping[str, Any], name: str, identity: str, made: str) -> dict[str, Any]:
    """Outputs that only some types have."""
    issuer = f"https://oidc.eks.{REGION}.amazonaws.com/id/{made[:32].upper()}"
    registry = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
    several: dict[str, dict[str, Any]] = {
        "cloudwatch/metricAlarm": {"name": name},
        "ec2/eip": {"allocationId": identity, "publicIp": "198.51.100.7"},
        "ec2/launchTemplate": {"latestVersion": 1, "defaultVersion": 1},
        "ec2/vpc": {
            "defaultSecurityGroupId": f"sg-default{made[:8]}",
            "defaultNetworkAclId": f"acl-default{made[:8]}",
            "defaultRouteTableId": f"rtb-default{made[:8]}",
            "mainRouteTableId": f"rtb-default{made[:8]}",
        },
        "ec2/vpcEndpoint": {"prefixListId": f"pl-{made[:8]}", "state": "available"},
        "ecr/repository": {"repositoryUrl": f"{registry}/{name}", "registryId": ACCOUNT},
        "eks/cluster": {
            "endpoint": f"https://{made[:32].upper()}.gr7.{REGION}.eks.amazonaws.com",
            "certificateAuthority": {"data": base64.b64encode(b"certificate").decode()},
            "certificateAuthorities": [{"data": base64.b64encode(b"certificate").decode()}],
            "identities": [{"oidcs": [{"issuer": issuer}]}],
            "vpcConfig": {
                **plain(inputs.get("vpcConfig", {})),
                "clusterSecurityGroupId": f"sg-{made[:17]}",
                "vpcId": f"vpc-{made[:17]}",
            },
            "status": "ACTIVE",
            "platformVersion": "eks.1",
        },
    }
    return several.get(token, {}) | _of_stores(token, name, identity, made)


def _of_stores(token: str, name: str, identity: str, made: str) -> dict[str, Any]:
    endpoint = f"{name}.{made[:12]}.{REGION}.rds.amazonaws.com"
    several: dict[str, dict[str, Any]] = {
        "kms/key": {"keyId": identity},
        "rds/instance": {
            "address": endpoint,
            "endpoint": f"{endpoint}:5432",
            "resourceId": f"db-{made[:26].upper()}",
            "masterUserSecrets": [
                {
                    "secretArn": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:rds!db-{made[:6]}",
                    "secretStatus": "active",
                    "kmsKeyId": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{made[:8]}",
                }
            ],
        },
        "s3/bucket": {
            "bucketDomainName": f"{name}.s3.amazonaws.com",
            "bucketRegionalDomainName": f"{name}.s3.{REGION}.amazonaws.com",
            "region": REGION,
        },
        "iam/role": {"uniqueId": f"AROA{made[:17].upper()}"},
        "lb/loadBalancer": {"dnsName": f"{name}.{REGION}.elb.amazonaws.com", "zoneId": "Z215JYRZR1TBD5"},
        "route53/record": {"fqdn": name},
        "route53/zone": {
            "zoneId": f"Z{made[:13].upper()}",
            "nameServers": ["ns-1.example", "ns-2.example"],
        },
        "acm/certificate": {
            "domainValidationOptions": [
                {
                    "domainName": name,
                    "resourceRecordName": f"_{made[:8]}.{name}.",
                    "resourceRecordType": "CNAME",
                    "resourceRecordValue": f"_{made[8:16]}.acm-validations.aws.",
                }
            ]
        },
        "sqs/queue": {"url": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"},
    }
    return several.get(token, {})
