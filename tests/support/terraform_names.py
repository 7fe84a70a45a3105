"""Names of Terraform's AWS provider for what Pulumi's bridge renamed. Pure.

Pulumi's provider is made from Terraform's: resources got new names, snake_case became camelCase and the
names of lists their plural.  The way back is by rule with exceptions; `docs/aws-verification.md` says how
both were held against Terraform's own schema.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_PREFIXES: Mapping[str, str] = {
    "acm": "aws_acm_",
    "amp": "aws_prometheus_",
    "autoscaling": "aws_autoscaling_",
    "budgets": "aws_budgets_",
    "cloudtrail": "aws_cloudtrail_",
    "cloudwatch": "aws_cloudwatch_",
    "costexplorer": "aws_ce_",
    "ebs": "aws_ebs_",
    "ec2": "aws_",
    "ecr": "aws_ecr_",
    "eks": "aws_eks_",
    "grafana": "aws_grafana_",
    "guardduty": "aws_guardduty_",
    "iam": "aws_iam_",
    "kms": "aws_kms_",
    "lb": "aws_lb_",
    "rds": "aws_rds_",
    "resourcegroups": "aws_resourcegroups_",
    "route53": "aws_route53_",
    "s3": "aws_s3_",
    "secretsmanager": "aws_secretsmanager_",
    "servicequotas": "aws_servicequotas_",
    "sns": "aws_sns_",
    "sqs": "aws_sqs_",
    "ssm": "aws_ssm_",
    "vpc": "aws_vpc_",
    "wafv2": "aws_wafv2_",
}
_TYPES: Mapping[str, str] = {
    "cloudtrail/trail": "aws_cloudtrail",
    "ec2/defaultCreditSpecification": "aws_ec2_default_credit_specification",
    "ec2/managedPrefixList": "aws_ec2_managed_prefix_list",
    "ec2/managedPrefixListEntry": "aws_ec2_managed_prefix_list_entry",
    "ec2/subnetCidrReservation": "aws_ec2_subnet_cidr_reservation",
    "iam/openIdConnectProvider": "aws_iam_openid_connect_provider",
    "lb/loadBalancer": "aws_lb",
    "rds/eventSubscription": "aws_db_event_subscription",
    "rds/instance": "aws_db_instance",
    "rds/optionGroup": "aws_db_option_group",
    "rds/parameterGroup": "aws_db_parameter_group",
    "rds/proxy": "aws_db_proxy",
    "rds/proxyDefaultTargetGroup": "aws_db_proxy_default_target_group",
    "rds/proxyTarget": "aws_db_proxy_target",
    "rds/snapshot": "aws_db_snapshot",
    "rds/subnetGroup": "aws_db_subnet_group",
    "s3/bucketObjectv2": "aws_s3_object",
}
_PLURAL_LISTS = frozenset(
    {
        "blockDeviceMappings",
        "constraints",
        "networkInterfaces",
        "nodeRepairConfigOverrides",
        "operatingRegions",
        "optionSettings",
        "tagSpecifications",
        "targets",
    }
)
"""Lists of objects that Terraform calls by their plural as well."""
_SINGULAR_LISTS: Mapping[str, str] = {
    "appliedFors": "applied_for",
    "clientIdLists": "client_id_list",
    "exportOnlies": "export_only",
    "monitorArnLists": "monitor_arn_list",
    "resourceTypesScopes": "resource_types_scope",
    "thumbprintLists": "thumbprint_list",
    "vpcZoneIdentifiers": "vpc_zone_identifier",
}
"""Lists of plain values whose plural only Pulumi has."""
_RENAMED: Mapping[tuple[str, str], str] = {
    ("aws_cloudwatch_metric_alarm", "name"): "alarm_name",
    ("aws_cloudwatch_composite_alarm", "name"): "alarm_name",
    ("aws_cloudwatch_log_subscription_filter", "logGroup"): "log_group_name",
}


def resource_type(token: str) -> str:
    """Terraform's type of a token such as `aws:s3/bucket:Bucket`.

    Raises:
        KeyError: the service is not in the table.
    """
    module, kind = token.split(":")[1].split("/")
    if f"{module}/{kind}" in _TYPES:
        return _TYPES[f"{module}/{kind}"]
    if module not in _PREFIXES:
        raise KeyError(f"{token}: add the prefix of {module!r} to terraform_names._PREFIXES")
    return _PREFIXES[module] + snake(kind)


def attribute(resource: str, key: str, *, objects: bool, many: bool) -> str:
    """Terraform's name of an input.

    Args:
        resource: Terraform's type; "" inside a nested object.
        objects: whether its values are objects of the schema.
        many: whether it is a list.
    """
    if (resource, key) in _RENAMED:
        return _RENAMED[resource, key]
    if many and objects and key not in _PLURAL_LISTS:
        return singular(snake(key))
    return _SINGULAR_LISTS.get(key) or snake(key)


def snake(name: str) -> str:
    """camelCase as Terraform writes it; `DnsARecord`, which has two capitals in a row, as well."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def singular(name: str) -> str:
    """The singular of an English plural in snake_case."""
    if name.endswith("ies"):
        return name[:-3] + "y"
    if name.endswith(("sses", "xes", "ches", "shes", "buses", "aliases")):
        return name[:-2]
    return name[:-1] if name.endswith("s") and not name.endswith(("ss", "us", "is")) else name
