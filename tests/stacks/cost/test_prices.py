"""The price file, and what is refused as one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cost_documents import REGION, prices
from mlops_stacks.cost import FILE, CannotEstimate, load
from mlops_stacks.cost.prices import SERVICES


def test_the_file_of_the_repository_has_three_regions_with_source_date_and_every_service() -> None:
    file = load()
    assert sorted(file.regions) == ["eu-central-1", "eu-west-1", "us-east-1"]
    for region in file.regions.values():
        assert set(region.services.prices) == set(SERVICES)
        assert all(group.sources for group in (region.instances, region.databases, region.services))


def test_a_price_without_a_source_is_marked_as_such() -> None:
    file = load()
    assert file.regions["us-east-1"].instances.unverified == ()
    assert not file.regions["eu-central-1"].databases.verified
    assert not file.regions["eu-central-1"].databases.is_verified("db.t4g.medium")
    assert not file.regions["eu-central-1"].instances.is_verified("t4g.medium")
    assert file.regions["eu-central-1"].instances.is_verified("m7g.large")


@pytest.mark.parametrize(
    ("name", "price"),
    [("m7i.large", 0.1008), ("m7g.large", 0.0816), ("g5.xlarge", 1.006), ("t3.medium", 0.0416)],
)
def test_well_known_prices_are_what_they_are(name: str, price: float) -> None:
    assert load().regions["us-east-1"].instances.prices[name] == price


def changed(change: Callable[[dict[str, Any]], object]) -> str:
    document = json.loads(FILE.read_text())
    change(document)
    return json.dumps(document)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda file: file.update(currency="EUR"), "currency: Input should be 'USD'"),
        (lambda file: file.update(surplus=1), "surplus: Extra inputs are not permitted"),
        (
            lambda file: file["assumptions"].update(nat_gb="100"),
            "assumptions.nat_gb: Input should be a valid number",
        ),
        (
            lambda file: file["regions"]["eu-west-1"]["instances"]["prices"].update({"m7i.large": 0}),
            "regions.eu-west-1.instances.prices.m7i.large: Input should be greater than 0",
        ),
        (
            lambda file: file["regions"]["us-east-1"]["services"]["prices"].pop("s3_gb_month"),
            "regions.us-east-1: Value error, services must be exactly those that are known; "
            "not so: s3_gb_month",
        ),
        (
            lambda file: file["regions"]["eu-west-1"]["instances"]["unverified"].append("x1.large"),
            "regions.eu-west-1.instances: Value error, unverified names prices that are not there: x1.large",
        ),
        (
            lambda file: file["regions"]["eu-west-1"]["instances"]["sources"].clear(),
            "regions.eu-west-1.instances.sources: Tuple should have at least 1 item after validation, not 0",
        ),
        (
            lambda file: file["shapes"].pop("p5.48xlarge"),
            "file: Value error, instance types that have a price and no shape: p5.48xlarge",
        ),
    ],
)
def test_a_wrong_file_is_refused_with_the_key_and_the_reason(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], why: str
) -> None:
    file = tmp_path / "prices.json"
    file.write_text(changed(change))
    with pytest.raises(CannotEstimate) as refused:
        load(file)
    assert str(refused.value) == f"{file} is no price file:\n  {why}"


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotEstimate, match="cannot be read: No such file or directory"):
        load(tmp_path / "none.json")


def test_an_unknown_region_is_refused_with_the_known_ones_and_the_remedy() -> None:
    with pytest.raises(CannotEstimate) as refused:
        prices().region("eu-north-1")
    assert str(refused.value) == (
        f"the price file has no region 'eu-north-1'; it has {REGION}. "
        "Add it with `mlops refresh-prices eu-north-1`"
    )
