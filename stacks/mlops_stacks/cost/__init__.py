"""What an environment costs a month on AWS, from its rendered document and a dated price file."""

from mlops_stacks.cost.errors import CannotEstimate
from mlops_stacks.cost.estimate import BudgetTooLow, estimate, refuse_budget, region_of
from mlops_stacks.cost.lines import EndpointCost, Estimate, Line
from mlops_stacks.cost.prices import FILE, Prices, Usage, load
from mlops_stacks.cost.table import table

__all__ = [
    "FILE",
    "BudgetTooLow",
    "CannotEstimate",
    "EndpointCost",
    "Estimate",
    "Line",
    "Prices",
    "Usage",
    "estimate",
    "load",
    "refuse_budget",
    "region_of",
    "table",
]
