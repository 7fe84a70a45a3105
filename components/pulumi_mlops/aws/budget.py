"""A monthly budget for one environment, that tells people before and when it is spent."""

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from pulumi_mlops import inputs
from pulumi_mlops.aws import aws_checks, aws_tags, budget_terms
from pulumi_mlops.aws.ground import GroundArgs
from pulumi_mlops.errors import InvalidValue

_ENVIRONMENT = aws_tags.REQUIRED[0]


class BudgetArgs(TypedDict):
    """Arguments of Budget."""

    ground: GroundArgs
    """Where resources are made and how they are marked; the budget counts what carries the tag
    `mlops:environment` of these tags."""
    monthly_usd: pulumi.Input[float]
    """Limit in US dollars a month."""
    emails: NotRequired[list[str]]
    """Who is told; at most 10. One of `emails` and `topic_arn` is needed."""
    topic_arn: NotRequired[pulumi.Input[str]]
    """SNS topic that is told; its policy must let `budgets.amazonaws.com` publish."""
    actual_percents: NotRequired[list[float]]
    """Thresholds in percent of the limit, on what was spent; 50, 80 and 100 by default."""
    forecast_percents: NotRequired[list[float]]
    """Thresholds in percent of the limit, on what AWS foresees for the month; 100 by default."""
    activate_tag: NotRequired[bool]
    """Whether to make `mlops:environment` a cost allocation tag, without which AWS counts nothing by it. Only
    the account that pays may, once, and only after the tag was first used; false by default."""


class Budget(pulumi.ComponentResource):
    """One AWS budget, with a notification for each threshold."""

    name: pulumi.Output[str]
    """Name of the budget in the account: that of the component and of the environment."""
    arn: pulumi.Output[str]
    """ARN of the budget."""

    def __init__(self, name: str, args: BudgetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:index:Budget", name, {}, opts)
        ground = inputs.section(args, "ground")
        child = pulumi.ResourceOptions(parent=self)
        environment = ground["tags"].get(_ENVIRONMENT)
        if not environment:
            raise pulumi.InputPropertyError(
                "ground.tags", f"the tag {_ENVIRONMENT} is needed: the budget counts what carries it"
            )
        monthly = inputs.number(args, "monthly_usd", budget_terms.amount)
        budget = aws.budgets.Budget(
            f"{name}-monthly",
            account_id=inputs.text(ground, "account_id", aws_checks.account_id, within="ground"),
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=pulumi.Output.from_input(monthly).apply(budget_terms.limit),
            limit_unit="USD",
            cost_filters=[budget_terms.tag_filter(_ENVIRONMENT, environment)],
            notifications=_notifications(args),
            name=f"{name}-{environment}",
            tags={**ground["tags"], "Name": name},
            opts=child,
        )
        if args.get("activate_tag", False):
            aws.costexplorer.CostAllocationTag(
                f"{name}-tag", tag_key=_ENVIRONMENT, status="Active", opts=child
            )
        self.name = budget.name
        self.arn = budget.arn
        self.register_outputs({"name": self.name, "arn": self.arn})


def _notifications(args: BudgetArgs) -> list[aws.budgets.BudgetNotificationArgs]:
    emails = inputs.texts(args, "emails", aws_checks.email)
    topics = [inputs.text(args, "topic_arn", aws_checks.arn)] if inputs.given(args, "topic_arn") else []
    try:
        budget_terms.receivers(emails, topics)
    except InvalidValue as error:
        raise pulumi.InputPropertyError("emails", str(error)) from error
    actual = _percents(args, "actual_percents", budget_terms.ACTUAL_PERCENTS)
    forecast = _percents(args, "forecast_percents", budget_terms.FORECAST_PERCENTS)
    try:
        made = budget_terms.notifications(actual, forecast, emails, topics)
    except InvalidValue as error:
        raise pulumi.InputPropertyError("actual_percents", str(error)) from error
    return [aws.budgets.BudgetNotificationArgs(**each) for each in made]


def _percents(args: Mapping[str, Any], key: str, default: tuple[float, ...]) -> list[float]:
    given = args.get(key)
    try:
        return budget_terms.percents(default if given is None else given)
    except InvalidValue as error:
        raise pulumi.InputPropertyError(key, str(error)) from error
