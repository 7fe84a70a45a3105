from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

import aws_answers
import terraform_names
from recording_engine import unknown
from terraform_plan import plan_json

ASSUME = '{"Statement": []}'


def planned(program: Callable[[], object], *, preview: bool = False) -> dict[str, Any]:
    """The values by address."""
    plan = plan_json(aws_answers.recorded(program, preview=preview))
    return {each["address"]: each["values"] for each in plan["planned_values"]["root_module"]["resources"]}


@pytest.mark.parametrize(
    ("token", "terraform"),
    [
        ("aws:s3/bucket:Bucket", "aws_s3_bucket"),
        ("aws:ec2/vpc:Vpc", "aws_vpc"),
        ("aws:ec2/launchTemplate:LaunchTemplate", "aws_launch_template"),
        ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "aws_vpc_security_group_ingress_rule"),
        ("aws:rds/instance:Instance", "aws_db_instance"),
        ("aws:rds/clusterInstance:ClusterInstance", "aws_rds_cluster_instance"),
        ("aws:lb/loadBalancer:LoadBalancer", "aws_lb"),
        ("aws:iam/openIdConnectProvider:OpenIdConnectProvider", "aws_iam_openid_connect_provider"),
        ("aws:costexplorer/anomalyMonitor:AnomalyMonitor", "aws_ce_anomaly_monitor"),
    ],
)
def test_a_type_has_the_name_that_terraform_gives_it(token: str, terraform: str) -> None:
    assert terraform_names.resource_type(token) == terraform


def test_a_service_that_is_not_in_the_table_is_not_guessed() -> None:
    with pytest.raises(KeyError, match="add the prefix of 'glue'"):
        terraform_names.resource_type("aws:glue/job:Job")


@pytest.mark.parametrize(
    ("key", "terraform"),
    [
        ("rules", "rule"),
        ("policies", "policy"),
        ("ingress", "ingress"),
        ("accessConfigs", "access_config"),
        ("eventBuses", "event_bus"),
        ("aliases", "alias"),
        ("blockDeviceMappings", "block_device_mappings"),
    ],
)
def test_a_list_of_objects_is_called_by_one_of_them(key: str, terraform: str) -> None:
    assert terraform_names.attribute("", key, objects=True, many=True) == terraform


@pytest.mark.parametrize(
    ("key", "terraform"),
    [
        ("subnetIds", "subnet_ids"),
        ("clientIdLists", "client_id_list"),
        ("enableResourceNameDnsARecord", "enable_resource_name_dns_a_record"),
        ("ipv6CidrBlock", "ipv6_cidr_block"),
    ],
)
def test_any_other_input_is_called_as_it_is(key: str, terraform: str) -> None:
    assert terraform_names.attribute("", key, objects=False, many=True) == terraform


def test_an_object_is_a_list_of_one_and_a_map_stays_a_map() -> None:
    def program() -> None:
        aws.ec2.LaunchTemplate(
            "nodes",
            metadata_options={"http_tokens": "required", "http_put_response_hop_limit": 1},
            block_device_mappings=[{"device_name": "/dev/xvda", "ebs": {"encrypted": "true"}}],
            tag_specifications=[{"resource_type": "volume", "tags": {"mlops:owner": "team"}}],
            tags={"Name": "nodes"},
        )

    assert planned(program) == {
        "aws_launch_template.nodes": {
            "metadata_options": [{"http_tokens": "required", "http_put_response_hop_limit": 1}],
            "block_device_mappings": [{"device_name": "/dev/xvda", "ebs": [{"encrypted": "true"}]}],
            "tag_specifications": [{"resource_type": "volume", "tags": {"mlops:owner": "team"}}],
            "tags": {"Name": "nodes"},
        }
    }


def test_ids_arns_and_names_of_other_resources_are_references_at_every_depth() -> None:
    def program() -> None:
        role = aws.iam.Role("role", assume_role_policy=ASSUME)
        group = aws.ec2.SecurityGroup("group", description="text")
        aws.eks.Cluster(
            "cluster",
            role_arn=role.arn,
            vpc_config={"subnet_ids": ["subnet-1"], "security_group_ids": [group.id]},
            opts=pulumi.ResourceOptions(depends_on=[role]),
        )
        aws.iam.RolePolicy("policy", role=role.name, policy=role.arn.apply(lambda arn: f"of {arn}"))

    values = planned(program)
    assert values["aws_eks_cluster.cluster"] == {
        "role_arn": "aws_iam_role.role.arn",
        "vpc_config": [{"subnet_ids": ["subnet-1"], "security_group_ids": ["aws_security_group.group.id"]}],
    }
    name = aws_answers.recorded(program).resources
    (role,) = [each for each in name if each.type == "aws:iam/role:Role"]
    digits = aws_answers.digits(role.urn)[:7]
    assert values["aws_iam_role_policy.policy"] == {
        "role": "aws_iam_role.role.id",
        "policy": f"of arn:aws:iam::123456789012:role/role-{digits}",
    }


def test_a_value_that_only_looks_like_anothers_name_is_no_reference() -> None:
    def program() -> None:
        aws.s3.Bucket("shared", bucket="shared")
        aws.s3.BucketVersioning("versions", bucket="shared", versioning_configuration={"status": "Enabled"})

    assert planned(program)["aws_s3_bucket_versioning.versions"]["bucket"] == "shared"


def test_unknown_and_secret_inputs_are_known_after_apply() -> None:
    def program() -> None:
        aws.rds.Instance(
            "db",
            instance_class="db.t4g.micro",
            kms_key_id=unknown(),
            password=pulumi.Output.secret("hidden"),
            vpc_security_group_ids=[unknown()],
        )

    plan = plan_json(aws_answers.recorded(program, preview=True))
    (change,) = plan["resource_changes"]
    assert change["change"] == {
        "actions": ["create"],
        "before": None,
        "after": {"instance_class": "db.t4g.micro", "vpc_security_group_ids": ["known after apply"]},
        "after_unknown": {"kms_key_id": True, "password": True},
    }


def test_two_resources_of_one_name_and_type_have_two_addresses() -> None:
    class Half(pulumi.ComponentResource):
        def __init__(self, kind: str) -> None:
            super().__init__(f"shop:index:{kind}", "half")
            aws.s3.Bucket("data.1", opts=pulumi.ResourceOptions(parent=self))

    def program() -> None:
        Half("Left")
        Half("Right")

    assert sorted(planned(program)) == ["aws_s3_bucket.data_1", "aws_s3_bucket.data_1_2"]
