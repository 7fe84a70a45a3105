"""What the firewall before the endpoints blocks. Pure.

A limit of requests per address, then AWS's managed groups in the order in which they are cheapest to decide.

Bodies: before a load balancer AWS WAF sees the first 8,192 bytes of a body, and the common rule set blocks
every body that is larger. A batch of rows is larger, so that rule only labels here, and one of ours blocks
what it labelled unless the path is one that takes large bodies. How large a body may be at most is for the
server to say: it counts all of it.

Source: AWS WAF Developer Guide, "AWS Managed Rules rule groups list", "Oversize web request components".
"""

import re
from collections.abc import Sequence
from typing import Any

from pulumi_mlops.errors import InvalidValue

INFERENCE = r"^/v2/models/[^/]+(/versions/[^/]+)?/infer$"
"""Paths of the Open Inference Protocol to which tensors are sent."""
_LARGE_BODY = "SizeRestrictions_BODY"
_LARGE_BODY_LABEL = "awswaf:managed:aws:core-rule-set:SizeRestrictions_Body"
_WINDOW_SECONDS = 300

_GROUPS = (
    ("reputation", "AWSManagedRulesAmazonIpReputationList", ()),
    ("known-bad-inputs", "AWSManagedRulesKnownBadInputsRuleSet", ()),
    ("common", "AWSManagedRulesCommonRuleSet", (_LARGE_BODY,)),
)


def rate_limit(value: int) -> int:
    """Requests of one address within five minutes, above which it is blocked."""
    if not 10 <= value <= 2_000_000_000:
        raise InvalidValue(f"a limit of {value} requests is not possible; allowed is 10 to 2,000,000,000")
    return value


def path(value: str) -> str:
    """A regular expression of paths that take large bodies, bound at both ends."""
    if not (value.startswith("^/") and value.endswith("$")) or len(value) > 512:
        raise InvalidValue(
            f"{value!r} is no whole path; begin the expression with ^/ and end it with $, in 512 "
            "characters, or it would exempt paths that only contain it"
        )
    try:
        re.compile(value)
    except re.error as error:
        raise InvalidValue(f"{value!r} is no regular expression: {error}") from error
    return value


def rules(limit: int, large_paths: Sequence[str]) -> list[dict[str, Any]]:
    """The rules, in their order; `large_paths` are the expressions of one path at least."""
    blocked: dict[str, Any] = {"block": {}}
    limited = {
        "rate_based_statement": {
            "limit": limit,
            "aggregate_key_type": "IP",
            "evaluation_window_sec": _WINDOW_SECONDS,
        }
    }
    every: list[dict[str, Any]] = [
        {"name": "rate", "action": blocked, "statement": limited},
        *(_managed(name, group, counted) for name, group, counted in _GROUPS),
        {"name": "large-bodies", "action": blocked, "statement": _large_bodies(large_paths)},
    ]
    return [
        {**rule, "priority": number, "visibility_config": visibility(rule["name"])}
        for number, rule in enumerate(every)
    ]


def visibility(metric: str) -> dict[str, Any]:
    """Metrics but no samples: a sample shows the headers of a request, keys included."""
    return {"cloudwatch_metrics_enabled": True, "metric_name": metric, "sampled_requests_enabled": False}


def _managed(name: str, group: str, counted: Sequence[str]) -> dict[str, Any]:
    statement: dict[str, Any] = {"vendor_name": "AWS", "name": group}
    if counted:
        statement["rule_action_overrides"] = [
            {"name": rule, "action_to_use": {"count": {}}} for rule in counted
        ]
    return {
        "name": name,
        "override_action": {"none": {}},
        "statement": {"managed_rule_group_statement": statement},
    }


def _large_bodies(paths: Sequence[str]) -> dict[str, Any]:
    labelled = {"label_match_statement": {"scope": "LABEL", "key": _LARGE_BODY_LABEL}}
    elsewhere = [
        {
            "not_statement": {
                "statement": {
                    "regex_match_statement": {
                        "regex_string": each,
                        "field_to_match": {"uri_path": {}},
                        "text_transformations": [{"priority": 0, "type": "NONE"}],
                    }
                }
            }
        }
        for each in paths
    ]
    return {"and_statement": {"statements": [labelled, *elsewhere]}}
