"""The estimate of an environment, and whether a budget can hold it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from mlops_stacks.cost.errors import CannotEstimate
from mlops_stacks.cost.fleets import NODE_GROUP, NODE_POOL, Fleet, node_group, node_pool
from mlops_stacks.cost.free import is_free
from mlops_stacks.cost.in_cluster import IN_CLUSTER
from mlops_stacks.cost.lines import Estimate, Line
from mlops_stacks.cost.nodes import Nodes, nodes
from mlops_stacks.cost.pods import workloads
from mlops_stacks.cost.prices import Prices
from mlops_stacks.cost.reading import Tree, Unknown
from mlops_stacks.cost.services import PRICED, Here
from mlops_stacks.recording import Document

_PROVIDER: Final = "pulumi:providers:aws"
_RELEASES: Final = ("kubernetes:helm.sh/v3:Release", "kubernetes:helm.sh/v4:Chart")


class BudgetTooLow(ValueError):
    """A budget that the environment exceeds when it does nothing; the message says by how much."""


def estimate(document: Document, prices: Prices, region: str, today: date) -> Estimate:
    """What the document's resources cost a month in a region, at prices on demand.

    Args:
        prices: with the assumptions on use; a caller who knows better replaces those (`model_copy`).
        today: decides whether a Kubernetes version is in standard support.

    Raises:
        CannotEstimate: no prices of the region, or of an instance type or database class in use.
    """
    prices.region(region)
    here = Here(Tree(document), prices, region, today)
    on_aws = any(resource.type.startswith("aws:") for resource in document.resources)
    lines: list[Line] = []
    not_priced: list[str] = []
    found = Nodes()
    if on_aws:
        lines.extend(_resources(here, not_priced))
        found = _machines(here, not_priced)
        lines.extend(found.lines)
        lines.extend(_traffic(here, machines=bool(found.lines)))
    return Estimate(
        environment=document.environment,
        region=region,
        prices_of=prices.date.isoformat(),
        lines=sorted(lines, key=lambda line: (line.component, line.resource, line.what)),
        endpoints=found.endpoints,
        assumed=dict(sorted(here.assumed.items())),
        not_priced=sorted(not_priced),
        notes=[*here.notes, *found.notes],
    )


def refuse_budget(monthly: float, found: Estimate) -> None:
    """Refuse a monthly budget that even the low bound exceeds.

    Raises:
        BudgetTooLow: it does.
    """
    if monthly < found.low:
        raise BudgetTooLow(
            f"a budget of {monthly:.2f} USD a month is below the estimate: environment "
            f"{found.environment!r} costs {found.low:.2f} to {found.high:.2f} USD. Give at least "
            f"{found.low:.2f}, or make the environment smaller: `mlops cost {found.environment}` lists it"
        )


def region_of(document: Document) -> str:
    """The region that the document's AWS providers or resources name.

    Raises:
        CannotEstimate: they name none, or several.
    """
    providers = {
        str(resource.inputs["region"])
        for resource in document.resources
        if resource.type == _PROVIDER and isinstance(resource.inputs.get("region"), str)
    }
    if len(providers) == 1:
        return providers.pop()
    named = f"several: {', '.join(sorted(providers))}" if providers else "none"
    raise CannotEstimate(f"the environment's AWS providers name {named}; give one region with --region")


def _resources(here: Here, not_priced: list[str]) -> Iterator[Line]:
    for resource in here.tree.document.resources:
        pricer = PRICED.get(resource.type) or IN_CLUSTER.get(resource.type)
        if not resource.custom or resource.type in (NODE_GROUP, NODE_POOL):
            continue
        if pricer is not None:
            try:
                yield from pricer(resource, here)
            except Unknown as unknown:
                not_priced.append(_unknown(resource.type, resource.name, unknown))
        elif resource.type in _RELEASES:
            not_priced.append(f"{resource.name} ({resource.type}): what its pods request is not known")
        elif not is_free(resource.type):
            not_priced.append(f"{resource.name} ({resource.type}): no price for this type")


def _machines(here: Here, not_priced: list[str]) -> Nodes:
    fleets: list[Fleet] = []
    readers = {NODE_GROUP: node_group, NODE_POOL: node_pool}
    for resource in here.tree.document.resources:
        reader = readers.get(resource.type)
        if reader is None:
            continue
        try:
            fleets.append(reader(here.tree, resource, here.prices, here.region))
        except Unknown as unknown:
            not_priced.append(_unknown(resource.type, resource.name, unknown))
    if fleets:
        here.assume("node_reserve")
        if any(fleet.spot for fleet in fleets):
            here.assume("spot_factor")
    return nodes(here.tree, fleets, workloads(here.tree), here.prices, here.region)


def _traffic(here: Here, *, machines: bool) -> Iterator[Line]:
    """Traffic is nobody's: it is priced once, where the environment has a way out or machines."""
    group = here.priced.services
    if here.way_out:
        gb = here.assume("internet_gb")
        price = group.prices["internet_gb"]
        what = f"{gb:g} GB to the internet; an account's first 100 GB are free"
        yield Line("", "traffic", what, 0.0, gb * price, not group.is_verified("internet_gb"))
    if machines:
        gb = here.assume("cross_zone_gb")
        price = gb * group.prices["cross_zone_gb"]
        unverified = not group.is_verified("cross_zone_gb")
        yield Line("", "traffic", f"{gb:g} GB between zones", price, price, unverified)


def _unknown(kind: str, name: str, unknown: Unknown) -> str:
    return f"{name} ({kind}): its input {unknown} is not known before an update"
