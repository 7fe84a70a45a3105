"""Each kind of AWS resource on its own; a month has 1000 hours here, and every figure is reckoned by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from pulumi_kubernetes.apps.v1 import StatefulSet
from pulumi_kubernetes.core.v1 import PersistentVolumeClaim, Service
from pulumi_kubernetes.networking.v1 import Ingress

from cost_documents import REGION, TODAY, Part, prices, rendered
from mlops_stacks.cost import CannotEstimate, Estimate, estimate
from mlops_stacks.cost.free import FREE
from mlops_stacks.cost.services import PRICED

Row = tuple[str, str, float, float]


def of(program: Callable[[], object], today: date = TODAY) -> Estimate:
    return estimate(rendered(program), prices(), REGION, today)


def rows(found: Estimate) -> list[Row]:
    """(component, resource, low, high) of every line, in cents."""
    return [(line.component, line.resource, round(line.low, 2), round(line.high, 2)) for line in found.lines]


def cluster(version: str | None) -> Callable[[], object]:
    return lambda: aws.eks.Cluster(
        "eks", role_arn="arn:aws:iam::1:role/x", vpc_config={"subnet_ids": ["a"]}, version=version
    )


@pytest.mark.parametrize(
    ("version", "low", "high"),
    [
        ("1.34", 100.0, 100.0),
        ("1.33", 600.0, 600.0),
        ("1.36", 100.0, 100.0),  # newer than all that are known
        ("1.20", 100.0, 600.0),
        (None, 100.0, 600.0),
    ],
)
def test_a_control_plane_costs_by_the_support_of_its_version(
    version: str | None, low: float, high: float
) -> None:
    assert rows(of(cluster(version))) == [("", "eks", low, high)]


def test_standard_support_ends_with_its_last_day() -> None:
    assert of(cluster("1.34"), date(2026, 12, 2)).high == 100.0
    assert of(cluster("1.34"), date(2026, 12, 3)).high == 600.0


def test_the_network_costs_by_gateways_zones_and_addresses() -> None:
    def program() -> None:
        network = Part("network")
        opts = pulumi.ResourceOptions(parent=network)
        for zone in ("a", "b"):
            aws.ec2.Subnet(f"private-{zone}", vpc_id="vpc", availability_zone=f"{REGION}{zone}", opts=opts)
        address = aws.ec2.Eip("address", opts=opts)
        aws.ec2.NatGateway("nat", subnet_id="s", allocation_id=address.id, opts=opts)
        aws.ec2.VpcEndpoint("s3", vpc_id="vpc", service_name="s3", vpc_endpoint_type="Gateway", opts=opts)
        aws.ec2.VpcEndpoint(
            "sts",
            vpc_id="vpc",
            service_name="sts",
            vpc_endpoint_type="Interface",
            subnet_ids=["1", "2", "3"],
            opts=opts,
        )
        aws.ec2.VpcEndpoint("ecr", vpc_id="vpc", service_name="ecr", vpc_endpoint_type="Interface", opts=opts)

    found = of(program)
    assert rows(found) == [
        ("", "traffic", 0.0, 18.0),  # 200 GB x 0.09
        ("network", "address", 5.0, 5.0),
        ("network", "ecr", 20.1, 20.1),  # 2 zones, by the subnets, x 0.01 x 1000 + 10 GB x 0.01
        ("network", "nat", 55.0, 55.0),  # 0.05 x 1000 + 100 GB x 0.05
        ("network", "s3", 0.0, 0.0),
        ("network", "sts", 30.1, 30.1),
    ]
    assert found.assumed == {"endpoint_gb": 10.0, "internet_gb": 200.0, "nat_gb": 100.0}
    assert found.by_component() == {"": (0.0, 18.0), "network": (pytest.approx(110.2), pytest.approx(110.2))}


def database(**inputs: Any) -> Callable[[], object]:
    return lambda: aws.rds.Instance(
        "db", instance_class="db.t4g.medium", storage_type="gp3", engine="postgres", **inputs
    )


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"allocated_storage": 100}, [("", "db", 83.0, 83.0)]),  # 0.07 x 1000 + 100 x 0.13
        (
            {"allocated_storage": 100, "max_allocated_storage": 500, "multi_az": True},
            [("", "db", 166.0, 270.0)],  # twice the machine and the storage, up to 500 GiB
        ),
        (
            {"allocated_storage": 100, "manage_master_user_password": True},
            [("", "db", 83.0, 83.0), ("", "db", 0.4, 0.4)],
        ),
    ],
)
def test_a_database_costs_by_class_copies_and_storage(inputs: dict[str, Any], expected: list[Row]) -> None:
    assert rows(of(database(**inputs))) == expected


def test_a_database_class_without_a_price_is_refused_with_region_and_remedy() -> None:
    program = lambda: aws.rds.Instance("db", instance_class="db.t4g.large", allocated_storage=10)  # noqa: E731
    with pytest.raises(CannotEstimate) as refused:
        of(program)
    assert str(refused.value) == (
        "database class 'db.t4g.large' has no price in eu-central-1; close are db.t4g.medium. Is it offered "
        "in eu-central-1? If so, add it with `mlops refresh-prices eu-central-1 --add db.t4g.large`"
    )


def test_stores_keys_and_secrets_cost_by_what_is_assumed() -> None:
    def program() -> None:
        aws.s3.Bucket("models")
        aws.s3.BucketMetric("requests", bucket="models")
        aws.ecr.Repository("images")
        aws.kms.Key("turning", enable_key_rotation=True)
        aws.kms.Key("still")
        aws.secretsmanager.Secret("secret")
        aws.route53.Zone("zone", name="example.org")
        aws.ebs.Volume("disk", availability_zone="a", size=20, type="gp3")

    assert rows(of(program)) == [
        ("", "disk", 2.0, 2.0),
        ("", "images", 0.5, 0.5),  # 5 GB x 0.1
        ("", "models", 1.0, 1.0),  # 50 GB x 0.02
        ("", "requests", 4.8, 4.8),  # 16 metrics x 0.3
        ("", "secret", 0.4, 0.4),
        ("", "still", 4.0, 4.0),  # a key and a million requests
        ("", "turning", 4.0, 6.0),  # and two rotations
        ("", "zone", 0.5, 0.5),
    ]


def test_logs_cost_by_what_comes_in_and_how_long_it_stays() -> None:
    def program() -> None:
        aws.cloudwatch.LogGroup("api", retention_in_days=90)
        flows = aws.cloudwatch.LogGroup("flows", retention_in_days=30)
        aws.cloudwatch.LogGroup("forever")
        aws.ec2.FlowLog("to-logs", log_destination=flows.arn, traffic_type="ALL", vpc_id="vpc")
        aws.ec2.FlowLog("to-s3", log_destination="arn:x", log_destination_type="s3", vpc_id="vpc")
        aws.cloudwatch.MetricAlarm("alarm", comparison_operator="x", evaluation_periods=1)
        metric = {"metric_name": "m", "period": 60, "stat": "Sum"}
        aws.cloudwatch.MetricAlarm(
            "ratio",
            comparison_operator="x",
            evaluation_periods=1,
            metric_queries=[
                {"id": "r", "expression": "a / b", "return_data": True},
                {"id": "a", "metric": metric},
                {"id": "b", "metric": metric},
            ],
        )

    assert rows(of(program)) == [
        ("", "alarm", 0.1, 0.1),
        ("", "api", 2.05, 2.05),  # 4 x 0.5, and 4 x 3 months x 0.15 x 0.03
        ("", "flows", 6.04, 6.04),  # 10 x 0.6, and 10 x 0.15 x 0.03
        ("", "forever", 2.22, 2.22),  # 4 x 0.5, and 4 x 365/30 months x 0.15 x 0.03
        ("", "ratio", 0.2, 0.2),  # two metrics
        ("", "to-logs", 0.0, 0.0),
        ("", "to-s3", 2.5, 2.5),
    ]


def test_the_edge_costs_by_balancers_addresses_and_rules() -> None:
    def program() -> None:
        aws.lb.LoadBalancer("public", subnets=["1", "2"])
        aws.lb.LoadBalancer("inner", subnets=["1", "2"], internal=True, load_balancer_type="network")
        rule = {
            "priority": 1,
            "statement": {},
            "visibility_config": {
                "cloudwatch_metrics_enabled": True,
                "metric_name": "x",
                "sampled_requests_enabled": True,
            },
        }
        aws.wafv2.WebAcl(
            "acl",
            scope="REGIONAL",
            default_action={"allow": {}},
            visibility_config=rule["visibility_config"],
            rules=[{"name": "a", **rule}, {"name": "b", **rule}],
        )

    assert rows(of(program)) == [
        ("", "acl", 13.0, 13.0),  # 5 + 2 rules + 10 million x 0.6
        ("", "inner", 30.0, 30.0),  # 0.02 x 1000 + 2 units x 0.005 x 1000
        ("", "public", 50.0, 50.0),  # 20 + 2 units x 0.01 x 1000 + 2 addresses x 0.005 x 1000
        ("", "traffic", 0.0, 18.0),
    ]


def test_objects_in_the_cluster_cost_by_the_volumes_and_balancers_that_they_lead_to() -> None:
    def program() -> None:
        aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16")
        claim = {
            "metadata": {"name": "data"},
            "spec": {"access_modes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "50Gi"}}},
        }
        StatefulSet(
            "store",
            spec={
                "replicas": 2,
                "selector": {"match_labels": {"a": "b"}},
                "service_name": "store",
                "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": []}},
                "volume_claim_templates": [claim],
            },
        )
        PersistentVolumeClaim("claim", spec=claim["spec"])
        Service("inside", spec={"type": "ClusterIP", "ports": []})
        Service("outside", spec={"type": "LoadBalancer", "ports": []})
        for name in ("one", "two"):
            annotations = {
                "alb.ingress.kubernetes.io/group.name": "edge",
                "alb.ingress.kubernetes.io/scheme": "internet-facing",
            }
            Ingress(name, metadata={"annotations": annotations}, spec={"ingress_class_name": "alb"})
        Ingress("other", spec={"ingress_class_name": "nginx"})

    found = of(program)
    assert rows(found) == [
        ("", "claim", 5.0, 5.0),
        ("", "one", 55.0, 55.0),  # 20 + 20 + 3 assumed zones x 5
        ("", "outside", 30.0, 30.0),
        ("", "store", 10.0, 10.0),
        ("", "traffic", 0.0, 18.0),
        ("", "two", 0.0, 0.0),  # on the balancer of its group
    ]
    assert found.assumed["zones"] == 3.0


def test_managed_monitoring_costs_by_samples_and_editors() -> None:
    def program() -> None:
        aws.amp.Workspace("metrics")
        aws.grafana.Workspace(
            "pages",
            account_access_type="CURRENT_ACCOUNT",
            authentication_providers=["AWS_SSO"],
            permission_type="SERVICE_MANAGED",
        )

    assert rows(of(program)) == [("", "metrics", 90.0, 90.0), ("", "pages", 18.0, 18.0)]


def test_what_has_no_price_and_what_is_not_known_is_listed_and_never_zero() -> None:
    def program() -> None:
        aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16")
        aws.dynamodb.Table("table", attributes=[{"name": "id", "type": "S"}], hash_key="id")
        bucket = aws.s3.Bucket("models")
        aws.rds.Instance("db", instance_class=bucket.region, allocated_storage=10)

    found = of(program)
    assert rows(found) == [("", "models", 1.0, 1.0)]
    assert found.not_priced == [
        "db (aws:rds/instance:Instance): its input instanceClass is not known before an update",
        "table (aws:dynamodb/table:Table): no price for this type",
    ]


def test_every_type_is_one_of_the_provider_and_none_is_both_free_and_priced() -> None:
    # The SDK's table of modules, which tells Pulumi which class stands for which token.
    known = (Path(aws.__file__)).read_text()
    assert [kind for kind in sorted(FREE | set(PRICED)) if json.dumps(kind) not in known] == []
    assert sorted(FREE & set(PRICED)) == []
