"""AWS's public price lists over HTTP: hundreds of megabytes, so a row at a time."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx

from mlops_cli.errors import PriceListUnreachable
from mlops_stacks.cost import offers

_TIMEOUT = httpx.Timeout(30.0)


def read(host: str, region: str, report: Callable[[str], None]) -> offers.Read:
    """Read every offer file of a region.

    Raises:
        PriceListUnreachable: a file does not come, or not whole.
        CannotEstimate: one is no offer file.
    """
    with httpx.Client(timeout=_TIMEOUT, follow_redirects=True) as client:
        parts = {}
        for offer in offers.OFFERS:
            report(f"reading {offer} of {region}")
            with ExitStack() as open_files:
                published, rows = offers.rows_of(offer, _cells(client, host, offer, region, open_files))
                parts[offer] = offers.read({offer: (published, rows)})
    return offers.Read(
        published=min(part.published for part in parts.values()),
        instances=parts["AmazonEC2"].instances,
        shapes=parts["AmazonEC2"].shapes,
        databases=parts["AmazonRDS"].databases,
        services={name: price for part in parts.values() for name, price in part.services.items()},
    )


def _cells(
    client: httpx.Client, host: str, offer: str, region: str, open_files: ExitStack
) -> Iterator[list[str]]:
    address = offers.url(host, offer, region)
    try:
        response = open_files.enter_context(client.stream("GET", address))
        if response.status_code != httpx.codes.OK:
            raise PriceListUnreachable(
                f"{address} answers {response.status_code}; is {region!r} a region that has {offer}?"
            )
        yield from csv.reader(response.iter_lines())
    except httpx.HTTPError as error:
        raise PriceListUnreachable(f"{address}: {error or type(error).__name__}") from error
