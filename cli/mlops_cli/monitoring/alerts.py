"""`mlops alerts`: what fires, since when, who has silenced it, and the runbook."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.table import Table

from mlops_cli.environment import Environment
from mlops_cli.errors import MonitoringError
from mlops_cli.monitoring.alertmanager import Routed, alertmanager_of
from mlops_cli.monitoring.prometheus import Alert, prometheus_of
from mlops_cli.monitoring.terminal import age, cell

PAGE = "page"
SEVERITIES = (PAGE, "ticket")
OURS = "Mlops"
"""How the name of every alert of a platform begins."""
WITHOUT_RULES = (
    "Prometheus has no rule of this platform, so none of its alerts can fire. Run `mlops up`; where "
    "mlops:monitoring.mode is adopt, see that mlops:monitoring.operatorLabels are those that its operator's "
    "ruleSelector asks for."
)
STYLES = {PAGE: "bold red", "ticket": "yellow"}


@dataclass(frozen=True)
class Row:
    """An alert, and what Alertmanager says of it: None when it was not asked or does not know it."""

    alert: Alert
    routed: Routed | None

    @property
    def severity(self) -> str:
        """`page` or `ticket`; somebody else's alerts may have another one."""
        return self.alert.labels.get("severity", "")

    @property
    def quiet(self) -> str:
        """Why nobody is told: empty when somebody is."""
        if self.routed is None:
            return ""
        by = [f"silenced by {one.by} until {one.until:%Y-%m-%d %H:%M} UTC" for one in self.routed.silences]
        return ", ".join([*by, *(["inhibited"] if self.routed.inhibited else [])])


@dataclass(frozen=True)
class Report:
    """The alerts in the order of their weight, and a note on what could not be found out."""

    rows: tuple[Row, ...]
    note: str = ""


def gather(environment: Environment) -> Report:
    """Ask Prometheus for the alerts and Alertmanager for their silences, which may stay unknown.

    Raises:
        MonitoringError: Prometheus did not answer.
    """
    with prometheus_of(environment) as prometheus:
        alerts = prometheus.alerts()
        watched = any(name.startswith(OURS) for name in prometheus.alert_names())
    routed, note = _routed(environment)
    notes = [*([] if watched else [WITHOUT_RULES]), *([note] if note else [])]
    return Report(ordered(_row(alert, routed) for alert in alerts), "\n".join(notes))


def ordered(rows: Iterable[Row]) -> tuple[Row, ...]:
    """By the weight of their alerts."""
    return tuple(sorted(rows, key=lambda row: weight(row.alert)))


def weight(alert: Alert) -> tuple[bool, int, datetime, str, str]:
    """Sorts what fires before what is pending, pages before tickets, the longest first."""
    given = alert.labels.get("severity", "")
    severity = SEVERITIES.index(given) if given in SEVERITIES else len(SEVERITIES)
    return (alert.state != "firing", severity, alert.since, alert.name, alert.labels.get("endpoint", ""))


def page_fires(report: Report) -> bool:
    """True when a page fires that is neither silenced nor inhibited."""
    return any(row.alert.state == "firing" and row.severity == PAGE and not row.quiet for row in report.rows)


def table(report: Report, now: datetime) -> Table:
    """For people; what is pending or quiet is dimmed."""
    shown = Table("severity", "alert", "endpoint", "since", "summary", "runbook", "state")
    for row in report.rows:
        alert = row.alert
        loud = alert.state == "firing" and not row.quiet
        shown.add_row(
            cell(row.severity or "-", STYLES.get(row.severity, "") if loud else ""),
            cell(alert.name),
            cell(alert.labels.get("endpoint", "-")),
            age((now - alert.since).total_seconds()),
            cell(alert.annotations.get("summary", "")),
            cell(alert.annotations.get("runbook_url", "-")),
            cell(", ".join(part for part in (alert.state, row.quiet) if part)),
            style="" if loud else "dim",
        )
    return shown


def document(report: Report) -> dict[str, Any]:
    """What `--json` prints; `silenced` and `inhibited` are null where they are not known."""
    return {"alerts": [_entry(row) for row in report.rows], "note": report.note or None}


def _entry(row: Row) -> dict[str, Any]:
    alert, routed = row.alert, row.routed
    return {
        "alert": alert.name,
        "severity": row.severity or None,
        "endpoint": alert.labels.get("endpoint"),
        "state": alert.state,
        "since": alert.since.isoformat(),
        "summary": alert.annotations.get("summary"),
        "description": alert.annotations.get("description"),
        "runbook": alert.annotations.get("runbook_url"),
        "silenced": routed
        and [{"by": s.by, "until": s.until.isoformat(), "comment": s.comment} for s in routed.silences],
        "inhibited": routed and routed.inhibited,
        "labels": dict(alert.labels),
    }


def _row(alert: Alert, routed: list[Routed]) -> Row:
    return Row(alert, next((one for one in routed if one.is_of(alert.labels)), None))


def _routed(environment: Environment) -> tuple[list[Routed], str]:
    alertmanager = alertmanager_of(environment)
    if alertmanager is None:
        return [], "Prometheus is not the platform's own: silences are not shown."
    with alertmanager:
        try:
            return alertmanager.alerts(), ""
        except MonitoringError as error:
            return [], f"Silences are not known: {error}"
