"""The price file: what AWS asks in some regions, from where and of which day.

Money is in US dollars, as AWS's price lists are; a month has `hours_per_month` hours.
"""

from __future__ import annotations

import datetime
import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from mlops_stacks.cost.errors import CannotEstimate

FILE: Final = Path(__file__).with_name("prices.json")

SERVICES: Final = {
    "alarm_month": "one CloudWatch alarm",
    "composite_alarm_month": "one composite CloudWatch alarm",
    "cross_zone_gb": "a GB between two zones, in and out",
    "ecr_gb_month": "images in ECR",
    "eks_cluster_hour": "a control plane whose version is in standard support",
    "eks_extended_support_hour": "a control plane whose version is in extended support, all in all",
    "gp3_gb_month": "a gp3 volume with its 3000 operations a second",
    "grafana_editor_month": "an editor of Amazon Managed Grafana",
    "hosted_zone_month": "one of the first 25 hosted zones",
    "interface_endpoint_gb": "a GB through an interface endpoint",
    "interface_endpoint_hour": "an interface endpoint in one zone",
    "internet_gb": "a GB to the internet, after the first 100 GB of an account",
    "kms_key_month": "a customer key; each of the first two rotations adds as much",
    "kms_million_requests": "a million requests to KMS",
    "load_balancer_hour": "an application or network load balancer",
    "load_balancer_unit_hour": "a capacity unit of an application load balancer",
    "log_gb": "a GB of logs taken in by CloudWatch",
    "log_storage_gb_month": "logs kept in CloudWatch, compressed",
    "metric_million_samples": "a million samples taken in by Amazon Managed Prometheus",
    "metric_month": "one of the first 10000 metrics of one's own in CloudWatch",
    "nat_gateway_gb": "a GB through a NAT gateway",
    "nat_gateway_hour": "a NAT gateway",
    "network_unit_hour": "a capacity unit of a network load balancer",
    "private_ca_month": "a private certificate authority",
    "public_ipv4_hour": "a public IPv4 address",
    "rds_gp3_gb_month": "gp3 storage of a PostgreSQL instance in one zone",
    "s3_gb_month": "S3 Standard, the first 50 TB",
    "secret_month": "a secret in Secrets Manager",
    "vended_log_gb": "a GB of flow logs taken in by CloudWatch",
    "vended_log_s3_gb": "a GB of flow logs delivered to S3",
    "waf_acl_month": "a web ACL",
    "waf_million_requests": "a million requests through a web ACL",
    "waf_rule_month": "a rule, or a group of rules, of a web ACL",
}
"""What is priced beside machines and databases; the unit is the end of the name."""

Price = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(gt=0, le=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Group(_Part):
    """Prices of one kind in one region, with where they are from."""

    unit: str
    sources: tuple[Annotated[str, Field(pattern="^https?://")], ...] = Field(min_length=1)
    date: datetime.date = Field(description="Day on which they were in force, or were looked up.")
    verified: bool = Field(description="False if none could be compared with a source.")
    note: str
    unverified: tuple[str, ...] = Field(description="Prices in here that no source was found for.")
    prices: dict[str, Price]

    @model_validator(mode="after")
    def _names(self) -> Group:
        if unknown := sorted(set(self.unverified) - set(self.prices)):
            raise ValueError(f"unverified names prices that are not there: {', '.join(unknown)}")
        return self

    def is_verified(self, name: str) -> bool:
        """True if a source was found for this price."""
        return self.verified and name not in self.unverified


class Region(_Part):
    """Everything of one region."""

    instances: Group
    databases: Group
    services: Group

    @model_validator(mode="after")
    def _services(self) -> Region:
        if wrong := sorted(set(SERVICES) ^ set(self.services.prices)):
            raise ValueError(f"services must be exactly those that are known; not so: {', '.join(wrong)}")
        return self


class Shape(_Part):
    """What one machine has: virtual processors, GiB, GPUs."""

    cpu: float = Field(gt=0)
    memory_gib: float = Field(gt=0)
    gpus: int = Field(ge=0)
    arch: Literal["amd64", "arm64"]


class Support(_Part):
    """Last day of EKS's standard support by Kubernetes version."""

    sources: tuple[str, ...]
    until: dict[str, datetime.date]


class Usage(_Part):
    """What a document cannot tell: how much is used in a month. All that enters an estimate is printed."""

    nat_gb: Amount = Field(description="GB through each NAT gateway")
    endpoint_gb: Amount = Field(description="GB through each interface endpoint")
    internet_gb: Amount = Field(description="GB from the environment to the internet")
    cross_zone_gb: Amount = Field(description="GB between zones")
    bucket_gb: Amount = Field(description="GB kept in each bucket")
    repository_gb: Amount = Field(description="GB kept in each image repository")
    log_gb: Amount = Field(description="GB written to each log group")
    flow_log_gb: Amount = Field(description="GB of each flow log")
    requests_millions: Amount = Field(description="million requests to the edge")
    load_balancer_units: Amount = Field(description="capacity units of each load balancer, on average")
    kms_requests_millions: Amount = Field(description="million requests to each KMS key")
    samples_millions: Amount = Field(description="million samples to each managed Prometheus")
    grafana_editors: Amount = Field(description="editors of each managed Grafana")
    zones: Annotated[float, Field(ge=1, allow_inf_nan=False)] = Field(
        description="zones, where no subnet tells"
    )
    spot_factor: Share = Field(description="price of a spot machine as a part of the one on demand")
    node_reserve: Annotated[float, Field(ge=0, lt=1)] = Field(
        description="part of a machine that no pod of the platform can have"
    )


class Prices(_Part):
    """The whole file."""

    version: Literal[1]
    currency: Literal["USD"]
    hours_per_month: Price
    date: datetime.date
    eks_standard_support: Support
    assumptions: Usage
    shapes: dict[str, Shape]
    regions: dict[str, Region]

    @model_validator(mode="after")
    def _shapes(self) -> Prices:
        named = {name for region in self.regions.values() for name in region.instances.prices}
        if unknown := sorted(named - set(self.shapes)):
            raise ValueError(f"instance types that have a price and no shape: {', '.join(unknown)}")
        return self

    def region(self, name: str) -> Region:
        """The prices of a region.

        Raises:
            CannotEstimate: the file has none.
        """
        if name in self.regions:
            return self.regions[name]
        raise CannotEstimate(
            f"the price file has no region {name!r}; it has {', '.join(sorted(self.regions))}. "
            f"Add it with `mlops refresh-prices {name}`"
        )


def load(file: Path = FILE) -> Prices:
    """Read a price file.

    Raises:
        CannotEstimate: it cannot be read or is not one; the message names every wrong key.
    """
    try:
        return Prices.model_validate_json(file.read_bytes())
    except OSError as error:
        raise CannotEstimate(f"the price file {file} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, each['loc'])) or 'file'}: {each['msg']}" for each in error.errors()]
        raise CannotEstimate(f"{file} is no price file:\n  " + "\n  ".join(lines)) from error


def price_of(group: Group, name: str, what: str, region: str) -> float:
    """One price.

    Raises:
        CannotEstimate: the group has none of this name; the message names close ones and the remedy.
    """
    if name in group.prices:
        return group.prices[name]
    raise CannotEstimate(
        f"{what} {name!r} has no price in {region}{hint(name, group.prices)}. "
        f"Is it offered in {region}? If so, add it with `mlops refresh-prices {region} --add {name}`"
    )


def hint(name: str, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown name: those that are close to it, if there are any."""
    close = difflib.get_close_matches(name, known, n=3)
    return f"; close are {', '.join(close)}" if close else ""
