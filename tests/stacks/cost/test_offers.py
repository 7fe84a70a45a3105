"""Rows of AWS's price lists as prices."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import date

import pytest

from cost_documents import REGION, prices
from mlops_stacks.cost import CannotEstimate
from mlops_stacks.cost.offers import OFFERS, Read, changes, read, refreshed, rows_of
from mlops_stacks.cost.prices import SERVICES, Shape
from price_lists import ABOUT, database, machine, offer_file, row


def found(**offers: Sequence[Mapping[str, str]]) -> Read:
    """What is read of offers with these rows, by the offers' codes."""
    return read(
        {
            code: rows_of(code, csv.reader(offer_file(code, rows).splitlines()))
            for code, rows in offers.items()
        }
    )


def test_of_machines_only_linux_on_shared_hardware_on_demand_counts() -> None:
    made = found(
        AmazonEC2=[
            machine("m7i.xlarge", 0.25, TermType="Reserved"),
            machine("m7i.xlarge", 0.3, Operating_System="Windows"),
            machine("m7i.xlarge", 0.35, Tenancy="Dedicated"),
            machine("m7i.xlarge", 0.4, **{"Pre_Installed_S/W": "SQL Web"}),
            machine("m7i.xlarge", 0.0, CapacityStatus="UnusedCapacityReservation"),
            machine("m7i.xlarge", 0.45, Currency="CNY"),
            machine("m7i.xlarge", 0.2415),
            machine("g5.48xlarge", 20.0, vCPU="192", Memory="1,152 GiB", GPU="8"),
            machine("m7g.xlarge", 0.1955, Physical_Processor="AWS Graviton3 Processor"),
        ]
    )
    assert made.published == date(2026, 11, 20)
    assert made.instances == {"m7i.xlarge": 0.2415, "g5.48xlarge": 20.0, "m7g.xlarge": 0.1955}
    assert made.shapes == {
        "m7i.xlarge": Shape(cpu=4, memory_gib=16, gpus=0, arch="amd64"),
        "g5.48xlarge": Shape(cpu=192, memory_gib=1152, gpus=8, arch="amd64"),
        "m7g.xlarge": Shape(cpu=4, memory_gib=16, gpus=0, arch="arm64"),
    }


def test_of_databases_only_postgresql_in_one_zone_counts() -> None:
    made = found(
        AmazonRDS=[
            database("db.t4g.medium", 0.073),
            database("db.t4g.medium", 0.146, Deployment_Option="Multi-AZ"),
            database("db.t4g.medium", 0.08, Database_Engine="MySQL"),
        ]
    )
    assert made.databases == {"db.t4g.medium": 0.073}


def test_of_a_service_the_first_tier_counts_and_no_namesake() -> None:
    made = found(
        AmazonEC2=[
            row("NatGateway-Hours", 0.052),
            row("NatGateway-Bytes", 0.052),
            row("EBS:VolumeUsage.gp3", 0.0952),
            row("EBS:VolumeUsage.gp2", 0.119),
        ],
        AWSELB=[
            row("LoadBalancerUsage", 0.027, operation="LoadBalancing:Application"),
            row("TS-LoadBalancerUsage", 0.006, operation="LoadBalancing:Application"),
            row("LCUUsage", 0.008, operation="LoadBalancing:Application"),
            row("LCUUsage", 0.006, operation="LoadBalancing:Network"),
        ],
        AmazonS3=[
            row("TimedStorage-ByteHrs", 0.0245, Volume_Type="Standard"),
            row("TimedStorage-ByteHrs", 0.0235, Volume_Type="Standard", StartingRange="51200"),
        ],
    )
    assert made.services == {
        "nat_gateway_hour": 0.052,
        "nat_gateway_gb": 0.052,
        "gp3_gb_month": 0.0952,
        "load_balancer_hour": 0.027,
        "load_balancer_unit_hour": 0.008,
        "network_unit_hour": 0.006,
        "s3_gb_month": 0.0245,
    }


def test_the_region_before_a_usage_type_is_no_part_of_it() -> None:
    rows = [
        {**row("", 0.045), "usageType": "NatGateway-Hours"},
        {**row("", 0.046), "usageType": "USE1-NatGateway-Bytes"},
        {**row("", 0.08), "usageType": "EU-EBS:VolumeUsage.gp3"},
    ]
    assert found(AmazonEC2=rows).services == {
        "nat_gateway_hour": 0.045,
        "nat_gateway_gb": 0.046,
        "gp3_gb_month": 0.08,
    }


def test_every_price_that_is_read_is_one_of_the_file() -> None:
    assert sorted(name for wanted in OFFERS.values() for name in wanted if name not in SERVICES) == []


READ = Read(
    published=date(2026, 11, 20),
    instances={"m7i.large": 0.12075, "m7i.xlarge": 0.2, "m7i.2xlarge": 0.483},
    shapes={"m7i.2xlarge": Shape(cpu=8, memory_gib=32, gpus=0, arch="amd64")},
    databases={"db.t4g.medium": 0.073, "db.m7g.large": 0.2},
    services={"nat_gateway_hour": 0.052},
)


def test_what_was_found_replaces_what_was_there_and_the_rest_stays_unverified() -> None:
    before = prices()
    after = refreshed(before, REGION, READ, [])
    here = after.regions[REGION]
    assert here.instances.prices == {
        **before.regions[REGION].instances.prices,
        "m7i.large": 0.12075,
        "m7i.xlarge": 0.2,
    }
    assert here.instances.unverified == ("g5.12xlarge", "g5.xlarge", "m7g.xlarge", "r7i.large")
    assert here.instances.date == date(2026, 11, 20)
    assert here.instances.sources == (
        "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonEC2/current/eu-central-1/index.csv",
    )
    assert here.databases.prices == {"db.t4g.medium": 0.073}
    assert here.services.prices["nat_gateway_hour"] == 0.052
    assert here.services.unverified == tuple(sorted(set(SERVICES) - {"nat_gateway_hour"}))
    assert changes(before, after, REGION) == [
        "m7i.large: 0.1 -> 0.12075",
        "db.t4g.medium: 0.07 -> 0.073",
        "nat_gateway_hour: 0.05 -> 0.052",
    ]


def test_types_are_added_only_when_asked_for_and_only_if_they_are_offered() -> None:
    after = refreshed(prices(), REGION, READ, ["m7i.2xlarge", "db.m7g.large"])
    assert after.regions[REGION].instances.prices["m7i.2xlarge"] == 0.483
    assert after.regions[REGION].databases.prices == {"db.m7g.large": 0.2, "db.t4g.medium": 0.073}
    assert after.shapes["m7i.2xlarge"] == Shape(cpu=8, memory_gib=32, gpus=0, arch="amd64")
    with pytest.raises(CannotEstimate) as refused:
        refreshed(prices(), REGION, READ, ["m7i.3xlarge"])
    assert str(refused.value) == "AWS's price list of eu-central-1 has no m7i.3xlarge; check the name"


def test_a_new_region_gets_the_types_of_known_shape_that_it_offers() -> None:
    after = refreshed(prices(), "eu-north-1", READ, [])
    assert sorted(after.regions) == [REGION, "eu-north-1"]
    assert after.regions["eu-north-1"].instances.prices == {"m7i.large": 0.12075, "m7i.xlarge": 0.2}
    assert after.regions["eu-north-1"].instances.unverified == ()
    assert set(after.regions["eu-north-1"].services.prices) == set(SERVICES)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("<html>no</html>", "the file of AmazonEC2 is no offer file: no line of it begins with SKU"),
        (
            offer_file("AmazonEC2", [], ABOUT[:2] + ABOUT[3:]),
            "the file of AmazonEC2 does not say when it was published",
        ),
    ],
)
def test_a_file_that_is_no_offer_file_is_refused(text: str, why: str) -> None:
    with pytest.raises(CannotEstimate) as refused:
        rows_of("AmazonEC2", csv.reader(text.splitlines()))
    assert str(refused.value) == why
