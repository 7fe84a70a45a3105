"""What a region does not offer, and what one load balancer does not take, is refused by the settings."""

from __future__ import annotations

from typing import Any

import pytest

from aws_environments import config, merged
from aws_setting_cases import ADOPTED_CLUSTER, ADOPTED_DATABASE
from mlops_stacks import aws_offers
from mlops_stacks.cost import prices
from mlops_stacks.cost.errors import CannotEstimate
from mlops_stacks.settings import load
from stack_settings import problem

EDGE = {"domain": "ml.example.com", "allowedCidrs": ["203.0.113.0/24"]}
UNKNOWN = [
    pytest.param(
        {"mlops:cluster": {"systemNodes": {"instanceTypes": ["m7i.large", "m8g.large"]}}},
        "mlops:cluster.systemNodes.instanceTypes[1]: m8g.large is not offered in eu-central-1, as far as the "
        "price file knows; close are m7g.large, m7g.xlarge, m7g.8xlarge. If it is, ask AWS's price list by "
        "`mlops refresh-prices eu-central-1 --add m8g.large`, or name it in mlops:aws.alsoOffered: it then "
        "has no price",
        id="type",
    ),
    pytest.param(
        {"mlops:cluster": {"pools": {"cpu": {"families": ["m7i", "x8g"]}}}},
        "mlops:cluster.pools.cpu.families[1]: x8g is not offered in eu-central-1, as far as the price file "
        "knows. If it is, ask AWS's price list by `mlops refresh-prices eu-central-1 --add x8g.large`, or "
        "name it in mlops:aws.alsoOffered: it then has no price",
        id="family",
    ),
    pytest.param(
        {"mlops:aws": {"database": {"instanceClass": "db.m8g.large"}}},
        "mlops:aws.database.instanceClass: db.m8g.large is not offered in eu-central-1, as far as the price "
        "file knows; close are db.m7g.large, db.m7g.xlarge, db.m7g.2xlarge. If it is, ask AWS's price list "
        "by `mlops refresh-prices eu-central-1 --add db.m8g.large`, or name it in mlops:aws.alsoOffered: it "
        "then has no price",
        id="class",
    ),
]


@pytest.mark.parametrize(("changes", "line"), UNKNOWN)
def test_what_the_region_does_not_offer_is_refused_by_its_key(changes: dict[str, Any], line: str) -> None:
    assert problem(merged(config("dev"), changes)) == line


@pytest.mark.parametrize(("changes", "line"), UNKNOWN)
def test_it_may_be_named_as_offered(changes: dict[str, Any], line: str) -> None:
    name = line.split()[1]
    load(merged(config("dev"), merged(changes, {"mlops:aws": {"alsoOffered": [name]}})))


def test_a_type_of_another_region_is_none_of_this_one() -> None:
    nodes = {"mlops:cluster": {"systemNodes": {"instanceTypes": ["g6.xlarge"]}}}
    load(merged(config("dev"), nodes))
    there = merged(config("dev"), {**nodes, "mlops:aws": {"region": "eu-west-1"}})
    assert problem(there).startswith(
        "mlops:cluster.systemNodes.instanceTypes[0]: g6.xlarge is not offered in eu-west-1, as far as the "
        "price file knows; close are "
    )


def test_of_a_region_that_the_file_does_not_know_nothing_is_judged() -> None:
    values = merged(config("dev"), {"mlops:aws": {"region": "ap-south-1"}})
    load(merged(values, UNKNOWN[0].values[0]))


def test_what_is_adopted_needs_no_machine() -> None:
    values = {**config("dev"), "mlops:cluster": ADOPTED_CLUSTER}
    values["mlops:aws"] = {**values["mlops:aws"], "region": "eu-west-1", "database": ADOPTED_DATABASE}
    load(values)


def test_a_price_file_that_cannot_be_read_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise CannotEstimate("prices.json is no price file")

    monkeypatch.setattr(prices, "load", broken)
    aws_offers.known.cache_clear()
    assert problem(config("dev")) == (
        "mlops:aws.region: what it offers is not known: prices.json is no price file"
    )


def endpoints(count: int) -> list[dict[str, Any]]:
    return [{"name": f"price-{number}", "model": "price"} for number in range(count)]


def with_edge(count: int, **edge: Any) -> dict[str, Any]:
    values = {key: value for key, value in config("dev").items() if key != "mlops:pipelines"}
    values["mlops:endpoints"] = endpoints(count)
    return {**values, "mlops:aws": {**values["mlops:aws"], "edge": {**EDGE, **edge}}}


def test_more_endpoints_than_one_load_balancer_takes_are_refused() -> None:
    load(with_edge(90))
    assert problem(with_edge(91)) == (
        "mlops:endpoints: 91 are more than one load balancer takes, which is 90; give some an environment of "
        "their own, or leave mlops:aws.edge out"
    )


def test_a_name_in_front_of_a_long_domain_is_refused() -> None:
    domain = ".".join(["a" * 60] * 4) + ".example"
    assert problem(with_edge(1, domain=domain)) == (
        f"mlops:endpoints[0].name: 'price-0.{domain}' is no domain; give it in lower case, such as "
        "ml.example.com"
    )
