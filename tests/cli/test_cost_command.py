"""`mlops cost` on an environment, and `mlops refresh-prices` against a server of price lists."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cost_documents import REGION, node_group, rendered
from mlops_cli.cost import run
from mlops_cli.errors import CannotPrice, PriceListUnreachable
from mlops_cli.main import app
from mlops_cli.render import Source
from mlops_stacks.cost import FILE, load
from mlops_stacks.cost.offers import OFFERS, url
from price_lists import database, machine, offer_file, row, serving

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "checkout"
    (folder / "stacks").mkdir(parents=True)
    for name in ("Pulumi.yaml", "uv.lock", "stacks/Pulumi.local.yaml"):
        shutil.copy(ROOT / name, folder / name)
    (tmp_path / "home").mkdir()
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "MLOPS_HOME", "MLOPS_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(folder)


def test_an_environment_that_is_not_on_aws_costs_nothing_there() -> None:
    result = CliRunner().invoke(app, ["cost", "local"])
    assert result.exit_code == 0
    assert result.stdout.splitlines()[1:] == ["  nothing: no resource of AWS is in it"]


def test_the_json_document_has_sums_lines_and_what_they_rest_on() -> None:
    result = CliRunner().invoke(app, ["cost", "local", "--json", "--budget", "0"])
    assert json.loads(result.stdout) == {
        "version": 1,
        "currency": "USD",
        "low": 0.0,
        "high": 0.0,
        "environment": "local",
        "region": "us-east-1",
        "prices_of": load().date.isoformat(),
        "lines": [],
        "endpoints": [],
        "assumed": {},
        "not_priced": [],
        "notes": [],
    }


DOCUMENT = rendered(lambda: node_group("system", 2, 2))


def test_a_budget_below_the_estimate_is_refused_with_an_exit_code_of_its_own() -> None:
    found = run.estimate(DOCUMENT, {}, REGION)
    with pytest.raises(CannotPrice, match=r"^a budget of 1\.00 USD a month is below the estimate") as refused:
        run.refuse_budget(1.0, found)
    assert refused.value.exit_code == 13


CLUSTER = {"mlops:cluster": {"maker": "existing"}}


def text(config: dict[str, object], monthly: float | None = None, kind: str = "m7i.large") -> str:
    source = Source("dev", Path("Pulumi.dev.yaml"), {**CLUSTER, **config}, {})
    return run.text_for_preview(source, monthly, lambda: node_group("system", 2, 2, instance_types=[kind]))


def test_a_preview_on_aws_begins_with_the_table_of_its_cost() -> None:
    lines = text({"mlops:aws": {"region": REGION}}).splitlines()
    assert lines[0].startswith("Estimated cost of dev in eu-central-1, USD a month, prices of ")
    # 2 x (0.12075 x 730 + 20 x 0.0952), and 200 GB x 0.02 between zones
    assert [line.split() for line in lines if "total" in line] == [["total", "184.10", "184.10"]]


def test_a_preview_elsewhere_says_nothing_of_cost() -> None:
    assert text({}) == ""


def test_a_preview_without_a_price_says_so_and_goes_on() -> None:
    shown = text({"mlops:aws": {"region": REGION}}, kind="m1.huge")
    assert shown.startswith("Cost is not estimated: instance type 'm1.huge' has no price in eu-central-1")


def test_a_preview_with_a_budget_below_the_estimate_is_refused() -> None:
    assert text({"mlops:aws": {"region": REGION}}, 185.0)
    with pytest.raises(CannotPrice, match=r"^a budget of 180\.00 USD a month is below the estimate"):
        text({"mlops:aws": {"region": REGION}}, 180.0)


@pytest.mark.parametrize(
    ("config", "region"),
    [
        ({"mlops:aws": {"region": "eu-west-1"}}, "eu-west-1"),
        ({"aws": {"region": "eu-west-1"}}, "eu-west-1"),
        ({"aws:region": "us-east-1"}, "us-east-1"),
        ({"mlops:aws": {"region": "eu-west-1"}, "aws:region": "us-east-1"}, "eu-west-1"),
    ],
)
def test_the_region_is_that_of_the_values(config: dict[str, object], region: str) -> None:
    assert run.estimate(DOCUMENT, config).region == region


def test_amounts_of_use_can_be_given() -> None:
    found = run.estimate(DOCUMENT, {}, REGION, ["cross_zone_gb=1000", "node_reserve=0.2"])
    assert found.assumed == {"cross_zone_gb": 1000.0, "node_reserve": 0.2}
    assert [(line.resource, line.low) for line in found.lines if line.resource == "traffic"] == [
        ("traffic", 20.0)
    ]


@pytest.mark.parametrize(
    ("assume", "why"),
    [
        ("nat_gbs=1", "--assume nat_gbs=1: there is no 'nat_gbs'; there is nat_gb"),
        ("nat_gb=much", "--assume nat_gb=much: 'much' is no number"),
        ("nat_gb", "--assume nat_gb: '' is no number"),
        ("nat_gb=-1", "--assume: nat_gb: Input should be greater than or equal to 0"),
        ("nat_gb=inf", "--assume: nat_gb: Input should be a finite number"),
        ("spot_factor=2", "--assume: spot_factor: Input should be less than or equal to 1"),
    ],
)
def test_a_wrong_amount_is_refused(assume: str, why: str) -> None:
    with pytest.raises(CannotPrice) as refused:
        run.estimate(DOCUMENT, {}, REGION, [assume])
    assert str(refused.value) == why


def lists(region: str = REGION, **rows: list[dict[str, str]]) -> dict[str, str]:
    """Every offer file of a region by path; those that are not given have no row."""
    return {url("", code, region): offer_file(code, rows.get(code, [])) for code in OFFERS}


FILES = lists(
    AmazonEC2=[
        machine("m7i.large", 0.13),
        machine("c8g.large", 0.09, vCPU="2", Memory="4 GiB", Physical_Processor="AWS Graviton4 Processor"),
        row("NatGateway-Hours", 0.053),
    ],
    AmazonRDS=[database("db.t4g.medium", 0.073)],
    AmazonEKS=[row("AmazonEKS-Hours:perCluster", 0.1)],
)


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    return Path(shutil.copy(FILE, tmp_path / "prices.json"))


def refresh(prices: Path, *args: str) -> list[str]:
    result = CliRunner().invoke(app, ["refresh-prices", REGION, "--prices", str(prices), *args])
    if result.exception:
        raise result.exception
    return result.stdout.splitlines()


def test_a_refresh_rewrites_the_prices_of_a_region_and_says_what_is_another(prices: Path) -> None:
    before = load(prices)
    with serving(FILES) as (address, asked):
        lines = refresh(prices, "--source", address, "--add", "c8g.large")
    after = load(prices)
    assert lines == [
        "eu-central-1: 4 prices are others",
        "  c8g.large: new, 0.09",
        "  m7i.large: 0.12075 -> 0.13",
        f"  db.t4g.medium: {before.regions[REGION].databases.prices['db.t4g.medium']:g} -> 0.073",
        "  nat_gateway_hour: 0.052 -> 0.053",
    ]
    assert asked == [url("", code, REGION) for code in OFFERS]
    assert after.date == datetime.now(UTC).date()
    assert after.shapes["c8g.large"].arch == "arm64"
    assert after.regions[REGION].instances.is_verified("m7i.large")
    assert not after.regions[REGION].instances.is_verified("m7g.large")
    assert after.regions["us-east-1"] == before.regions["us-east-1"]
    assert after.assumptions == before.assumptions


def test_a_list_that_does_not_come_leaves_the_file_as_it_was(prices: Path) -> None:
    before = prices.read_text()
    with serving({}) as (address, _), pytest.raises(PriceListUnreachable) as failed:
        refresh(prices, "--source", address)
    assert str(failed.value) == (
        f"{url(address, 'AmazonEC2', REGION)} answers 404; is 'eu-central-1' a region that has AmazonEC2?"
    )
    assert prices.read_text() == before


def test_a_server_that_is_not_there_is_named(prices: Path) -> None:
    with serving({}) as (address, _):
        pass
    with pytest.raises(PriceListUnreachable, match=f"^{address}/offers/v1.0/aws/AmazonEC2/.*refused"):
        refresh(prices, "--source", address)


def test_a_page_in_the_place_of_a_list_is_refused(prices: Path) -> None:
    before = prices.read_text()
    files = FILES | {url("", "AmazonRDS", REGION): "<html>Sign in</html>"}
    with (
        serving(files) as (address, _),
        pytest.raises(CannotPrice, match="the file of AmazonRDS is no offer file"),
    ):
        refresh(prices, "--source", address)
    assert prices.read_text() == before
