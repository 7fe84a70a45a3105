"""The whole estimate: sums, budget, region, and the table that people read."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws
import pytest

from cost_documents import REGION, TODAY, Part, deployment, node_group, prices, rendered
from mlops_stacks.cost import (
    BudgetTooLow,
    CannotEstimate,
    Estimate,
    estimate,
    refuse_budget,
    region_of,
    table,
)


def program() -> None:
    """A cluster with one node group and an endpoint of one to three pods."""
    ground = Part("ground")
    aws.eks.Cluster(
        "eks",
        role_arn="arn:aws:iam::123456789012:role/eks",
        vpc_config={"subnet_ids": ["subnet-1"]},
        version="1.34",
        opts=pulumi.ResourceOptions(parent=Part("cluster", parent=ground)),
    )
    aws.dynamodb.Table("locks", hash_key="id", attributes=[{"name": "id", "type": "S"}])
    node_group("system", 2, 3)
    deployment("churn", {"cpu": "400m", "memory": "1Gi"}, scale=(1, 3), parent=Part("churn", "ModelEndpoint"))


def made() -> Estimate:
    return estimate(rendered(program), prices(["m7i.large"]), REGION, TODAY)


def test_the_sums_are_those_of_the_lines_by_component() -> None:
    found = made()
    # 0.1 x 1000; 2 to 3 machines of 100 and 2 of volume; 50 GB x 0.02
    assert found.by_component() == {"": (205.0, 307.0), "ground/cluster": (100.0, 100.0)}
    assert (found.low, found.high) == (305.0, 407.0)


def test_the_table_shows_components_resources_endpoints_assumptions_and_what_is_missing() -> None:
    rows = [
        ("component", "low", "high"),
        ("(shared)", "205.00", "307.00"),
        ("ground/cluster", "100.00", "100.00"),
        ("total", "305.00", "407.00"),
        None,
        ("resource", "low", "high"),
        ("system: machines: 2 x m7i.large to 3 x m7i.large, 20 GiB gp3 each", "204.00", "306.00"),
        ("eks: control plane, 1.34 in standard support", "100.00", "100.00"),
        ("traffic: 50 GB between zones", "1.00", "1.00"),
        None,
        ("endpoint (part of the machines above)", "low", "high"),
        ("churn: 1 to 3 pods of m7i.large to m7i.large", "25.50", "76.50"),
    ]
    widths = {0: 60, 5: 65, 10: 60}
    lines, width = [], 0
    for number, row in enumerate(rows):
        width = widths.get(number, width)
        lines.append("" if row is None else f"  {row[0]:<{width}}  {row[1]:>10}  {row[2]:>10}")
    assert table(made()) == "\n".join(
        [
            "Estimated cost of dev in eu-central-1, USD a month, prices of 2026-11-28",
            "",
            *lines,
            "",
            "Assumed on use:",
            "  - cross_zone_gb = 50: GB between zones",
            "  - node_reserve = 0.2: part of a machine that no pod of the platform can have",
            "",
            "Not priced:",
            "  - locks (aws:dynamodb/table:Table): no price for this type",
            "",
            "Notes:",
            "  - 306.00 of the high bound rests on prices that no source was found for; "
            "`mlops refresh-prices eu-central-1` reads AWS's own",
        ]
    )


def test_the_table_shows_the_dearest_resources_or_all() -> None:
    def many() -> None:
        for number in range(10):
            aws.secretsmanager.Secret(f"secret-{number}")

    found = estimate(rendered(many), prices(), REGION, TODAY)
    assert table(found).count("secret-") == 8
    assert table(found, every_line=True).count("secret-") == 10


def test_an_environment_without_aws_costs_nothing_there() -> None:
    found = estimate(rendered(lambda: deployment("app", {"cpu": "1"})), prices(), REGION, TODAY)
    assert (found.lines, found.notes, found.not_priced) == ([], [], [])
    assert table(found) == (
        "Estimated cost of dev in eu-central-1, USD a month, prices of 2026-11-28\n"
        "  nothing: no resource of AWS is in it"
    )


def test_a_budget_below_the_low_bound_is_refused_with_both_bounds() -> None:
    with pytest.raises(BudgetTooLow) as refused:
        refuse_budget(304.99, made())
    assert str(refused.value) == (
        "a budget of 304.99 USD a month is below the estimate: environment 'dev' costs 305.00 to 407.00 USD. "
        "Give at least 305.00, or make the environment smaller: `mlops cost dev` lists it"
    )


def test_a_budget_of_the_low_bound_holds() -> None:
    refuse_budget(305.0, made())


def test_the_region_is_that_of_the_only_provider() -> None:
    def one() -> None:
        provider = aws.Provider("aws", region="eu-west-1")
        aws.ec2.Vpc("vpc", opts=pulumi.ResourceOptions(provider=provider))

    assert region_of(rendered(one)) == "eu-west-1"


@pytest.mark.parametrize(
    ("regions", "named"), [((), "none"), (("us-east-1", "eu-west-1"), "several: eu-west-1, us-east-1")]
)
def test_a_region_that_is_not_clear_has_to_be_given(regions: tuple[str, ...], named: str) -> None:
    document = rendered(lambda: [aws.Provider(region, region=region) for region in regions])
    with pytest.raises(CannotEstimate) as refused:
        region_of(document)
    assert str(refused.value) == (
        f"the environment's AWS providers name {named}; give one region with --region"
    )
