"""The hand calculation of `docs/aws-cost.md` against the estimate of the same environment."""

from __future__ import annotations

import ast
import operator
import re
from datetime import date
from pathlib import Path

import pytest

from aws_environments import ENVIRONMENTS, recorded
from cost_documents import rendered
from cost_sample import program
from mlops_stacks.cost import Estimate, estimate, load

PAGE = Path(__file__).parents[2] / "docs" / "aws-cost.md"
OPERATORS = {ast.Add: operator.add, ast.Mult: operator.mul, ast.Div: operator.truediv, ast.Sub: operator.sub}


def reckoned(formula: str) -> float:
    """The value of a formula of numbers, `+`, `-`, `x`, `/` and parentheses."""

    def value(node: ast.expr) -> float:
        if isinstance(node, ast.BinOp):
            return OPERATORS[type(node.op)](value(node.left), value(node.right))
        assert isinstance(node, ast.Constant)
        return float(node.value)

    return value(ast.parse(formula.replace(" x ", " * "), mode="eval").body)


def rows(heading: str = "## One environment by hand") -> list[list[str]]:
    """The cells of the table below the heading, without titles."""
    section = re.split(r"\n##+ ", PAGE.read_text().split(f"{heading}\n")[1])[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def made() -> Estimate:
    return estimate(rendered(program), load(), "eu-central-1", date(2026, 11, 28))


def test_each_figure_is_what_its_formula_gives() -> None:
    for what, low, low_usd, high, high_usd in rows()[:-1]:
        assert round(reckoned(low), 2) == float(low_usd), what
        assert round(reckoned(high or low), 2) == float(high_usd or low_usd), what


def test_the_sums_are_those_of_the_figures_and_of_the_estimate() -> None:
    *figures, (_, _, low, _, high) = rows()
    found = made()
    by_hand = (
        sum(reckoned(row[1]) for row in figures),
        sum(reckoned(row[3] or row[1]) for row in figures),
    )
    assert (float(low), float(high)) == pytest.approx(by_hand, abs=0.005)
    assert (found.low, found.high) == pytest.approx(by_hand, abs=0.005)


def test_the_part_of_the_endpoint_is_what_the_page_says() -> None:
    (endpoint,) = made().endpoints
    assert f"{endpoint.low:.2f} to {endpoint.high:.2f} USD" in PAGE.read_text()


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_estimates_of_the_environments_are_within_five_percent_of_the_hand_calculation(name: str) -> None:
    *figures, (_, _, low, _, high) = rows(f"### {name} by hand")
    for what, at_least, least_usd, at_most, most_usd in figures:
        assert round(reckoned(at_least), 2) == float(least_usd), what
        assert round(reckoned(at_most or at_least), 2) == float(most_usd or least_usd), what
    assert float(low) == pytest.approx(sum(reckoned(row[1]) for row in figures), abs=0.005)
    assert float(high) == pytest.approx(sum(reckoned(row[3] or row[1]) for row in figures), abs=0.005)
    found = estimate(recorded(name, {}, preview=True), load(), "eu-central-1", date(2026, 11, 28))
    assert (found.low, found.high) == pytest.approx((float(low), float(high)), rel=0.05)
