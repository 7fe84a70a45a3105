"""The rules of what all endpoints stand on: volumes and the platform's own servers. Pure."""

from typing import Annotated

from pydantic import Field

from pulumi_mlops.alerts.rules import from_template
from pulumi_mlops.alerts.settings import DEFAULT_OWNER, Namespace, Owner, Runbooks, Share
from pulumi_mlops.alerts.slo import Strict


class PlatformAlerts(Strict):
    """The namespaces of a platform, and how full a volume may be."""

    system_namespace: Namespace
    models_namespace: Namespace
    owner: Owner = DEFAULT_OWNER
    runbooks: Runbooks = "docs/runbooks"
    volume_free_share: Share = 0.15
    volume_full_days: Annotated[int, Field(ge=1)] = 4


def render_platform(alerts: PlatformAlerts) -> str:
    """The text of the platform's rule file."""
    return from_template(
        "platform.yaml.j2", alerts=alerts, owner=alerts.owner, runbooks=alerts.runbooks, slo=None
    )
