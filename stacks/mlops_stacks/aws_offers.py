"""Refuses machines that the price file does not know in the region, before anything is made. Pure.

The file is what AWS's price list offered on its day (`mlops refresh-prices`).  A region that is not in it is
not judged: `mlops doctor aws` asks the account.
"""

import functools
from collections.abc import Collection, Iterator

from mlops_stacks.aws_settings import AwsSettings, EksCluster
from mlops_stacks.cost import prices
from mlops_stacks.cost.errors import CannotEstimate


def refuse_unoffered(aws: AwsSettings, cluster: EksCluster) -> None:
    """Raise `ValueError`, with the key's path, for the first type, family or class that is not known."""
    offered = known(aws.region)
    if offered is None:
        return
    families = {name.partition(".")[0] for name in (*offered, *aws.also_offered)}
    for key, name in _wanted(aws, cluster):
        if name in aws.also_offered or name in offered or name in families:
            continue
        one = name if "." in name else f"{name}.large"
        raise ValueError(
            f"mlops:{key}: {name} is not offered in {aws.region}, as far as the price file knows"
            f"{prices.hint(name, offered)}. If it is, ask AWS's price list by `mlops refresh-prices "
            f"{aws.region} --add {one}`, or name it in mlops:aws.alsoOffered: it then has no price"
        )


def _wanted(aws: AwsSettings, cluster: EksCluster) -> Iterator[tuple[str, str]]:
    if aws.database.mode == "create":
        yield "aws.database.instanceClass", aws.database.instance_class
    if cluster.mode == "adopt":
        return
    for number, name in enumerate(cluster.system_nodes.instance_types):
        yield f"cluster.systemNodes.instanceTypes[{number}]", name
    for pool, wanted in cluster.pools.items():
        for number, family in enumerate(wanted.families):
            yield f"cluster.pools.{pool}.families[{number}]", family


@functools.cache
def known(region: str) -> Collection[str] | None:
    """Types and classes that have a price in the region; None where the file has no such region."""
    try:
        file = prices.load()
    except CannotEstimate as error:
        raise ValueError(f"mlops:aws.region: what it offers is not known: {error}") from error
    found = file.regions.get(region)
    return None if found is None else (*found.instances.prices, *found.databases.prices)
