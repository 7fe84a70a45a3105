"""What containers ask for, and how they tell that they are well."""

from __future__ import annotations

from mlops_policy.building import field
from mlops_policy.kubernetes.inheriting import inherited
from mlops_policy.kubernetes.objects import LONG_RUNNING, planned_containers, serving_containers
from mlops_policy.rules import Rule, Severity
from mlops_policy.views import UNKNOWN
from mlops_policy.wanted import SECTION, Wanted, like

_TEXT = like(r"[0-9]+(\.[0-9]+)?(m|k|Ki|[MGT]i?)?", "")
QUANTITY = Wanted(
    "a quantity such as 250m or 64Mi",
    lambda found: found is UNKNOWN or isinstance(found, int | float) or _TEXT.holds(found),
    unknown=True,
    cel=lambda value: f"isQuantity(string({value}))",
)

RULES: tuple[Rule, ...] = (
    *(
        inherited(
            name,
            says,
            path,
            QUANTITY,
            bad="",
            parts=planned_containers,
            severity=severity,
            remedy=f"Set {path}; what the container uses under load, with some room, is a start.",
        )
        for name, says, path, severity in (
            (
                "container-cpu-request",
                "A container says how much CPU it needs.",
                "resources.requests.cpu",
                Severity.MEDIUM,
            ),
            (
                "container-memory-request",
                "A container says how much memory it needs.",
                "resources.requests.memory",
                Severity.MEDIUM,
            ),
            (
                "container-memory-limit",
                "A container's memory has a limit.",
                "resources.limits.memory",
                Severity.HIGH,
            ),
        )
    ),
    *(
        field(
            f"container-{name}-probe",
            f"A container that serves tells {what}.",
            LONG_RUNNING,
            f"{name}Probe",
            SECTION,
            parts=serving_containers,
            severity=Severity.MEDIUM,
            remedy=f"Give the container a {name}Probe.",
        )
        for name, what in (
            ("readiness", "when it can take requests"),
            ("liveness", "when it must be started again"),
            ("startup", "when it has started, so that it is not ended while it starts"),
        )
    ),
)
