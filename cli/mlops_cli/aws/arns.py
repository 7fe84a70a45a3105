"""Kinds and ids of resources from their ARNs, and the command that deletes one. Pure."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

_SLASHLESS = {"s3": "bucket", "sns": "topic"}


@dataclass(frozen=True)
class Arn:
    """One ARN in parts. `kind` is like `ec2:natgateway`; `id` is what commands of that kind take."""

    text: str
    kind: str
    region: str
    id: str

    @property
    def link(self) -> str:
        """Where the console shows it."""
        return f"https://console.aws.amazon.com/go/view?arn={self.text}"


def parse(text: str) -> Arn:
    """The parts of an ARN, whose resource is `type/id`, `type:id` or `id`."""
    _, _, service, region, _, resource = text.split(":", 5)
    if service in _SLASHLESS:
        return Arn(text, f"{service}:{_SLASHLESS[service]}", region, resource)
    cut = min((resource.find(mark) for mark in "/:" if mark in resource), default=len(resource))
    kind, name = resource[:cut], resource[cut + 1 :]
    if service == "elasticloadbalancing":
        # Listeners and rules go with their load balancer, whose ARN commands take whole.
        return Arn(text, f"{service}:{kind}", region, text)
    if (service, kind) in _WHOLE:
        return Arn(text, f"{service}:{kind}", region, text)
    return Arn(text, f"{service}:{kind}", region, name)


_WHOLE = {("iam", "policy"), ("acm", "certificate"), ("secretsmanager", "secret"), ("aps", "workspace")}

_COMMANDS = {
    "acm:certificate": "acm delete-certificate --certificate-arn {id}",
    "cloudwatch:alarm": "cloudwatch delete-alarms --alarm-names {id}",
    "ec2:elastic-ip": "ec2 release-address --allocation-id {id}",
    "ec2:instance": "ec2 terminate-instances --instance-ids {id}",
    "ec2:internet-gateway": "ec2 delete-internet-gateway --internet-gateway-id {id}",
    "ec2:launch-template": "ec2 delete-launch-template --launch-template-id {id}",
    "ec2:natgateway": "ec2 delete-nat-gateway --nat-gateway-id {id}",
    "ec2:network-interface": "ec2 delete-network-interface --network-interface-id {id}",
    "ec2:route-table": "ec2 delete-route-table --route-table-id {id}",
    "ec2:security-group": "ec2 delete-security-group --group-id {id}",
    "ec2:snapshot": "ec2 delete-snapshot --snapshot-id {id}",
    "ec2:subnet": "ec2 delete-subnet --subnet-id {id}",
    "ec2:volume": "ec2 delete-volume --volume-id {id}",
    "ec2:vpc": "ec2 delete-vpc --vpc-id {id}",
    "ec2:vpc-endpoint": "ec2 delete-vpc-endpoints --vpc-endpoint-ids {id}",
    "ec2:vpc-flow-log": "ec2 delete-flow-logs --flow-log-ids {id}",
    "ecr:repository": "ecr delete-repository --repository-name {id}",
    "eks:cluster": "eks delete-cluster --name {id}",
    "elasticloadbalancing:loadbalancer": "elbv2 delete-load-balancer --load-balancer-arn {id}",
    "elasticloadbalancing:targetgroup": "elbv2 delete-target-group --target-group-arn {id}",
    "iam:policy": "iam delete-policy --policy-arn {id}",
    "iam:role": "iam delete-role --role-name {name}",
    "kms:key": "kms schedule-key-deletion --pending-window-in-days 30 --key-id {id}",
    "logs:log-group": "logs delete-log-group --log-group-name {id}",
    "rds:cluster": "rds delete-db-cluster --db-cluster-identifier {id}"
    " --final-db-snapshot-identifier {id}-final",
    "rds:cluster-snapshot": "rds delete-db-cluster-snapshot --db-cluster-snapshot-identifier {id}",
    "rds:db": "rds delete-db-instance --db-instance-identifier {id}"
    " --final-db-snapshot-identifier {id}-final",
    "rds:pg": "rds delete-db-parameter-group --db-parameter-group-name {id}",
    "rds:snapshot": "rds delete-db-snapshot --db-snapshot-identifier {id}",
    "rds:subgrp": "rds delete-db-subnet-group --db-subnet-group-name {id}",
    "s3:bucket": "s3 rb s3://{id}",
    "secretsmanager:secret": "secretsmanager delete-secret --secret-id {id}",
    "sns:topic": "sns delete-topic --topic-arn {arn}",
}


def delete_command(arn: Arn) -> str:
    """The command that deletes it, or where the console shows it. Nothing is emptied or forced by it."""
    template = _COMMANDS.get(arn.kind)
    if template is None:
        return arn.link
    values = {
        "id": shlex.quote(arn.id),
        "name": shlex.quote(arn.id.rsplit("/", 1)[-1]),
        "arn": shlex.quote(arn.text),
    }
    place = f" --region {arn.region}" if arn.region else ""
    return f"aws {template.format(**values)}{place}"
