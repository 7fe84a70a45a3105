"""AWS's public price lists (offer files, CSV) as prices of the price file. Pure: rows in, prices out.

The files need no credentials: `/offers/v1.0/aws/<offer>/current/<region>/index.csv`, five lines on the file,
a line of column names, then a row for each price (AWS Billing User Guide, "Reading the service price list
file"; columns that are not described there are as the files have them).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from mlops_stacks.cost.errors import CannotEstimate
from mlops_stacks.cost.prices import Group, Prices, Region, Shape

HOST: Final = "https://pricing.us-east-1.amazonaws.com"
Row = Mapping[str, str]

_REGION_PREFIX = re.compile(r"(EU|[A-Z]{3}[0-9])-")
_INSTANCE: Final = "BoxUsage:"
_DATABASE: Final = "InstanceUsage:"
_LINUX: Final = {
    "Operating System": "Linux",
    "Tenancy": "Shared",
    "Pre Installed S/W": "NA",
    "CapacityStatus": "Used",
}
_POSTGRES: Final = {"Database Engine": "PostgreSQL", "Deployment Option": "Single-AZ"}
_APPLICATION: Final = {"operation": "LoadBalancing:Application"}
_NETWORK: Final = {"operation": "LoadBalancing:Network"}


@dataclass(frozen=True)
class _Service:
    """Which row of an offer has a service's price: its usage type without the region, and other columns."""

    usage: str
    columns: Mapping[str, str] = field(default_factory=dict)


OFFERS: Final[Mapping[str, Mapping[str, _Service]]] = {
    "AmazonEC2": {
        "gp3_gb_month": _Service("EBS:VolumeUsage.gp3"),
        "nat_gateway_gb": _Service("NatGateway-Bytes"),
        "nat_gateway_hour": _Service("NatGateway-Hours"),
    },
    "AmazonRDS": {"rds_gp3_gb_month": _Service("RDS:GP3-Storage", _POSTGRES)},
    "AmazonVPC": {
        "interface_endpoint_gb": _Service("VpcEndpoint-Bytes"),
        "interface_endpoint_hour": _Service("VpcEndpoint-Hours"),
        "public_ipv4_hour": _Service("PublicIPv4:InUseAddress"),
    },
    "AWSELB": {
        "load_balancer_hour": _Service("LoadBalancerUsage", _APPLICATION),
        "load_balancer_unit_hour": _Service("LCUUsage", _APPLICATION),
        "network_unit_hour": _Service("LCUUsage", _NETWORK),
    },
    "AmazonECR": {"ecr_gb_month": _Service("TimedStorage-ByteHrs")},
    "AmazonEKS": {
        "eks_cluster_hour": _Service("AmazonEKS-Hours:perCluster"),
    },
    "AmazonS3": {"s3_gb_month": _Service("TimedStorage-ByteHrs", {"Volume Type": "Standard"})},
    "AmazonCloudWatch": {
        "log_gb": _Service("DataProcessing-Bytes"),
        "log_storage_gb_month": _Service("TimedStorage-ByteHrs"),
        "vended_log_gb": _Service("VendedLog-Bytes"),
    },
    "awskms": {"kms_key_month": _Service("KMS-Keys")},
    "AWSSecretsManager": {"secret_month": _Service("AWSSecretsManager-Secrets")},
}
"""Offers that are read, with the prices that each has. Other prices of the file stay as they are."""


@dataclass(frozen=True)
class Read:
    """What one region's offer files have of interest."""

    published: date
    instances: Mapping[str, float]
    shapes: Mapping[str, Shape]
    databases: Mapping[str, float]
    services: Mapping[str, float]


def url(host: str, offer: str, region: str) -> str:
    """Address of an offer's file of one region."""
    return f"{host}/offers/v1.0/aws/{offer}/current/{region}/index.csv"


def rows_of(offer: str, lines: Iterator[Sequence[str]]) -> tuple[date, Iterator[Row]]:
    """The day of publication, and each price by column.

    Raises:
        CannotEstimate: this is no offer file.
    """
    about: dict[str, str] = {}
    for cells in lines:
        if cells and cells[0] == "SKU":
            return _published(offer, about), (dict(zip(cells, row, strict=False)) for row in lines)
        about[cells[0] if cells else ""] = cells[1] if len(cells) > 1 else ""
    raise CannotEstimate(f"the file of {offer} is no offer file: no line of it begins with SKU")


def read(rows: Mapping[str, tuple[date, Iterable[Row]]]) -> Read:
    """Pick the prices from the rows of each offer."""
    instances: dict[str, float] = {}
    shapes: dict[str, Shape] = {}
    databases: dict[str, float] = {}
    services: dict[str, float] = {}
    for offer, (_, prices) in rows.items():
        wanted = OFFERS[offer]
        for row in prices:
            usage = _REGION_PREFIX.sub("", row.get("usageType", ""), count=1)
            if not _is_first_on_demand(row):
                continue
            if offer == "AmazonEC2" and usage.startswith(_INSTANCE) and _has(row, _LINUX):
                name = usage.removeprefix(_INSTANCE)
                instances[name], shapes[name] = float(row["PricePerUnit"]), _shape(row)
            elif offer == "AmazonRDS" and usage.startswith(_DATABASE) and _has(row, _POSTGRES):
                databases[usage.removeprefix(_DATABASE)] = float(row["PricePerUnit"])
            for name, service in wanted.items():
                if usage == service.usage and _has(row, service.columns):
                    services[name] = float(row["PricePerUnit"])
    return Read(min(day for day, _ in rows.values()), instances, shapes, databases, services)


def refreshed(prices: Prices, region: str, found: Read, added: Sequence[str]) -> Prices:
    """The price file with what was found in it, and the types and classes that are asked for besides.

    A new region gets every type whose shape the file knows, and the prices that no offer file has from the
    file's first region, as unverified ones.

    Raises:
        CannotEstimate: a type or class that is asked for is not offered in the region.
    """
    if missing := [name for name in added if name not in found.instances and name not in found.databases]:
        raise CannotEstimate(f"AWS's price list of {region} has no {', '.join(missing)}; check the name")
    first = prices.regions[min(prices.regions)]
    old = prices.regions.get(region)
    extra = set(added)
    types = (set(old.instances.prices) if old else set(prices.shapes) & set(found.instances)) | (
        extra & set(found.instances)
    )
    classes = (set(old.databases.prices) if old else set(first.databases.prices) & set(found.databases)) | (
        extra & set(found.databases)
    )
    base = old or first
    here = Region(
        instances=_group(base.instances, types, found.instances, found.published, region, ["AmazonEC2"]),
        databases=_group(base.databases, classes, found.databases, found.published, region, ["AmazonRDS"]),
        services=_group(
            base.services, set(base.services.prices), found.services, found.published, region, list(OFFERS)
        ),
    )
    shapes = {**prices.shapes, **{name: found.shapes[name] for name in types & set(found.shapes)}}
    return prices.model_copy(
        update={
            "regions": dict(sorted({**prices.regions, region: here}.items())),
            "shapes": dict(sorted(shapes.items())),
        }
    )


def changes(before: Prices, after: Prices, region: str) -> list[str]:
    """Every price that is new or another one, as lines for a person."""
    old, new = before.regions.get(region), after.regions[region]
    lines = []
    for kind in ("instances", "databases", "services"):
        was = getattr(old, kind).prices if old else {}
        for name, price in getattr(new, kind).prices.items():
            if was.get(name) != price:
                lines.append(f"{name}: {_before(was.get(name))}{price:g}")
    return lines


def _before(price: float | None) -> str:
    return "new, " if price is None else f"{price:g} -> "


def _group(
    base: Group, names: set[str], found: Mapping[str, float], published: date, region: str, offers: list[str]
) -> Group:
    """A price that was not found stays as it is, and is not verified any more."""
    kept = {name: found.get(name, base.prices.get(name)) for name in sorted(names)}
    unverified = tuple(sorted(name for name in names if name not in found))
    return Group(
        unit=base.unit,
        sources=tuple(url(HOST, offer, region) for offer in offers),
        date=published,
        verified=len(unverified) < len(names),
        note="Read from AWS's public price list; what that has not is unverified and as it was.",
        unverified=unverified,
        prices={name: price for name, price in kept.items() if price is not None},
    )


def _published(offer: str, about: Mapping[str, str]) -> date:
    try:
        return date.fromisoformat(about.get("Publication Date", "")[:10])
    except ValueError as error:
        raise CannotEstimate(f"the file of {offer} does not say when it was published") from error


def _is_first_on_demand(row: Row) -> bool:
    """The first tier of the price on demand, in dollars; reservations and free rows are none."""
    return (
        row.get("TermType") == "OnDemand"
        and row.get("StartingRange") in ("0", "")
        and row.get("Currency") == "USD"
        and float(row.get("PricePerUnit") or 0) > 0
    )


def _has(row: Row, columns: Mapping[str, str]) -> bool:
    return all(row.get(name) == value for name, value in columns.items())


def _shape(row: Row) -> Shape:
    """A row of a machine has them all; memory is written as `16 GiB` or `1,152 GiB`."""
    memory = float(row["Memory"].removesuffix("GiB").replace(",", "").strip())
    gpus = row.get("GPU", "")
    return Shape(
        cpu=float(row["vCPU"]),
        memory_gib=memory,
        gpus=int(gpus) if gpus.isdigit() else 0,
        arch="arm64" if "Graviton" in row.get("Physical Processor", "") else "amd64",
    )
