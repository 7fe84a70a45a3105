"""The tags that every resource of an environment carries. Pure."""

from datetime import date

from pulumi_mlops.errors import InvalidValue

REQUIRED = ("mlops:environment", "mlops:owner", "mlops:cost-center", "mlops:managed-by")
"""Tags without which a resource is refused."""
EXPIRES = "mlops:expires"
"""The day after which a non-production environment may be destroyed, as YYYY-MM-DD."""


def required(
    environment: str, owner: str, cost_center: str, expires: date | None, *, production: bool
) -> dict[str, str]:
    """The tags of one environment.

    Raises:
        InvalidValue: an environment that is not production has no day on which it ends.
    """
    if expires is None and not production:
        raise InvalidValue("an environment that is not production needs a day on which it ends; give expires")
    tags = dict(zip(REQUIRED, (environment, owner, cost_center, "pulumi-mlops"), strict=True))
    return tags if expires is None else {**tags, EXPIRES: expires.isoformat()}
