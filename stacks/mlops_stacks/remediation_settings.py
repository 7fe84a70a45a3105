"""Settings of what is done about alerts, under the components' own checks."""

from typing import Annotated

from pydantic import AfterValidator

from mlops_stacks import setting_types as types
from mlops_stacks.monitoring_settings import MonitoringSettings
from mlops_stacks.setting_types import Section
from pulumi_mlops import remediation_rules
from pulumi_mlops.remediation_rules import RECEIVER, Rule, Target


class RemediationRule(Section):
    """Which action an alert leads to; without `endpoint`, for all that have no rule of their own for it."""

    alert: Annotated[str, AfterValidator(remediation_rules.alert)]
    action: Annotated[str, AfterValidator(remediation_rules.action)]
    endpoint: types.ObjectName | None = None
    cooldown: types.Cooldown = "1h"
    within: types.Duration | None = None


class RemediationSettings(Section):
    """What is done about alerts; with `dryRun` it is only recorded."""

    dry_run: bool = True
    max_actions_per_hour: types.Positive = remediation_rules.ACTIONS_PER_HOUR
    rules: types.Several[RemediationRule]


def refuse_unfit(
    settings: RemediationSettings, targets: dict[str, Target], monitoring: MonitoringSettings
) -> None:
    """Raise `ValueError`, with the key's path, for rules that nobody could follow or would hear of.

    `targets` are the endpoints by name.
    """
    if monitoring.mode != "run":
        raise ValueError(
            "mlops:remediation: nobody would tell it of alerts; set mlops:monitoring.mode to run, or leave "
            "remediation out"
        )
    names = [receiver.name for receiver in monitoring.receivers]
    if RECEIVER in names:
        raise ValueError(
            f"mlops:monitoring.receivers[{names.index(RECEIVER)}].name: {RECEIVER} is the receiver that "
            "mlops:remediation adds; choose another name"
        )
    for number, rule in enumerate(settings.rules):
        if rule.within is not None:
            try:
                remediation_rules.refuse_age(rule.action)
            except ValueError as error:
                raise ValueError(f"mlops:remediation.rules[{number}].within: {error}") from None
    rules = [Rule(rule.alert, rule.action, rule.endpoint) for rule in settings.rules]
    try:
        remediation_rules.refuse_unfit(rules, targets)
    except ValueError as error:
        raise ValueError(f"mlops:remediation.{error}") from None
