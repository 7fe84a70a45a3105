"""What an environment needs of an account: plain values, taken from its settings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AwsNeeds:
    """The needs of one environment; a part that is None or empty is not needed and not checked."""

    region: str
    account_id: str | None = None
    """The account that the settings name."""
    zones: tuple[str, ...] = ()
    """Availability zones, such as `eu-central-1a`."""
    instance_types: tuple[str, ...] = ()
    """EC2 types that nodes may have; each must be offered in at least one zone, a zone must offer one."""
    database_class: str | None = None
    """RDS class, such as `db.t4g.medium`, for PostgreSQL."""
    cluster_name: str | None = None
    kubernetes_version: str | None = None
    """Minor version, such as `1.34`."""
    environment: str | None = None
    """Name of the environment, the value of the tag `mlops:environment`."""
    vcpus: int = 0
    """Virtual CPUs that nodes may have at most, without those with accelerators."""
    gpus: int = 0
    """Virtual CPUs of the G and VT families that nodes may have at most: AWS counts these, not devices."""
    spot: bool = True
    """Whether nodes may be spot instances, too."""
