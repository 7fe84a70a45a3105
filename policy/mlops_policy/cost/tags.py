"""Whose every resource is, who pays for it, and until when it may run."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from pydantic import Field

from mlops_policy.cost.taggable import NODE_CLASS, tag_places, tags_of
from mlops_policy.resources import Stack
from mlops_policy.rules import Rule, RuleConfig, Severity, StageConfig, Subject
from mlops_policy.views import MISSING

_TAGGED = ("aws:", NODE_CLASS)


class TagsConfig(RuleConfig):
    """Which tags are needed."""

    required: tuple[str, ...] = Field(
        default=("mlops:environment", "mlops:owner", "mlops:cost-center", "mlops:managed-by"),
        description="keys of the tags without which a resource is refused",
    )


class EndConfig(StageConfig):
    """Which tag tells the last day, and how far off that may be."""

    tag: str = Field(default="mlops:expires", description="key of the tag with the last day, as YYYY-MM-DD")
    most_days: int = Field(default=730, ge=1, description="most days from now on until then")


def _tagged(subject: Subject, stack: Stack, config: TagsConfig) -> Iterator[str]:
    tags = tags_of(subject.view)
    missing = [key for key in config.required if key not in tags or not tags[key].given]
    if missing:
        yield f"{subject.view.path} lacks {', '.join(missing)}"


def _ends(subject: Subject, stack: Stack, config: EndConfig) -> Iterator[str]:
    if config.production:
        return
    tag = tags_of(subject.view).get(config.tag)
    if tag is None or tag.known is MISSING:
        yield f"{subject.view.path} lacks {config.tag}"
        return
    try:
        last = datetime.date.fromisoformat(tag.text())
    except ValueError:
        yield f"{tag.path} is {tag.text()!r} and must be a day such as 2027-06-30"
        return
    days = (last - stack.today).days
    if days < 0:
        yield f"{tag.path} is {last}, which is past"
    elif days > config.most_days:
        yield f"{tag.path} is {last}, in {days} days; {config.most_days} are allowed"


RULES: tuple[Rule, ...] = (
    Rule(
        name="cost-required-tags",
        says="Every AWS resource, and what AWS makes from it, says whose it is and who pays.",
        remedy="Give the resource all required tags; default tags of a provider are not enough.",
        severity=Severity.MEDIUM,
        kinds=_TAGGED,
        judge=_tagged,
        parts=tag_places,
        config=TagsConfig,
    ),
    Rule(
        name="cost-expiry",
        says="What is not production says on which day it ends, and that day is to come.",
        remedy="Set the tag to a day to come (mlops:aws.expires), or destroy what is no longer needed.",
        severity=Severity.MEDIUM,
        kinds=_TAGGED,
        judge=_ends,
        parts=tag_places,
        config=EndConfig,
    ),
)
