from __future__ import annotations

import re
from typing import Any

import pulumi
import pytest

from mlops_stacks.recording import UNKNOWN
from pulumi_mlops.aws import web_acl_rules
from pulumi_mlops.aws.web_acl import WebAcl, WebAclSource
from recording_engine import Recording, registered

TAGS = {"mlops:environment": "prod"}
GROUND = {"region": "eu-central-1", "account_id": "111122223333", "tags": TAGS}
ARN = "arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/company/1"


def made(*, preview: bool = False, **args: Any) -> Recording:
    every = {"ground": GROUND, "source": WebAclSource.CREATE, **args}
    return registered(lambda: WebAcl("firewall", every), preview=preview)


def seen(metric: str) -> dict[str, Any]:
    return {"cloudwatchMetricsEnabled": True, "metricName": metric, "sampledRequestsEnabled": False}


def managed(name: str, group: str, priority: int, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "priority": priority,
        "overrideAction": {"none": {}},
        "statement": {"managedRuleGroupStatement": {"vendorName": "AWS", "name": group, **more}},
        "visibilityConfig": seen(name),
    }


def test_it_is_these_objects() -> None:
    firewall = made()
    assert sorted((each.type.split(":")[-1], each.name, each.parent) for each in firewall.resources) == [
        ("LogGroup", "firewall-log", "firewall"),
        ("WebAcl", "firewall", ""),
        ("WebAcl", "firewall-acl", "firewall"),
        ("WebAclLoggingConfiguration", "firewall-logging", "firewall"),
    ]


def test_its_rules_are_a_limit_three_groups_and_one_of_large_bodies() -> None:
    elsewhere = {
        "regexMatchStatement": {
            "regexString": "^/v2/models/[^/]+(/versions/[^/]+)?/infer$",
            "fieldToMatch": {"uriPath": {}},
            "textTransformations": [{"priority": 0, "type": "NONE"}],
        }
    }
    labelled = {
        "labelMatchStatement": {
            "scope": "LABEL",
            "key": "awswaf:managed:aws:core-rule-set:SizeRestrictions_Body",
        }
    }
    assert made().of("WebAcl", "firewall-acl").inputs == {
        "namePrefix": "firewall-",
        "description": "Before the platform's endpoints",
        "scope": "REGIONAL",
        "defaultAction": {"allow": {}},
        "rules": [
            {
                "name": "rate",
                "priority": 0,
                "action": {"block": {}},
                "statement": {
                    "rateBasedStatement": {
                        "limit": 30_000,
                        "aggregateKeyType": "IP",
                        "evaluationWindowSec": 300,
                    }
                },
                "visibilityConfig": seen("rate"),
            },
            managed("reputation", "AWSManagedRulesAmazonIpReputationList", 1),
            managed("known-bad-inputs", "AWSManagedRulesKnownBadInputsRuleSet", 2),
            managed(
                "common",
                "AWSManagedRulesCommonRuleSet",
                3,
                ruleActionOverrides=[{"name": "SizeRestrictions_BODY", "actionToUse": {"count": {}}}],
            ),
            {
                "name": "large-bodies",
                "priority": 4,
                "action": {"block": {}},
                "statement": {
                    "andStatement": {"statements": [labelled, {"notStatement": {"statement": elsewhere}}]}
                },
                "visibilityConfig": seen("large-bodies"),
            },
        ],
        "visibilityConfig": seen("firewall"),
        "tags": {**TAGS, "Name": "firewall"},
    }


def test_large_bodies_go_to_inference_and_nowhere_else() -> None:
    for path, taken in (
        ("/v2/models/price/infer", True),
        ("/v2/models/price/versions/3/infer", True),
        ("/v2/models/price", False),
        ("/v2/repository/models/price/load", False),
        ("/v2/models/a/b/infer", False),
        ("/login/v2/models/price/infer", False),
        ("/v2/models/price/infer/x", False),
    ):
        assert bool(re.search(web_acl_rules.INFERENCE, path)) is taken, path


def test_settings_change_the_limit_and_the_paths() -> None:
    rules = (
        made(rate_limit=2000.0, large_body_paths=["^/a$", "^/b$"])
        .of("WebAcl", "firewall-acl")
        .inputs["rules"]
    )
    assert rules[0]["statement"]["rateBasedStatement"]["limit"] == 2000
    exempt = rules[4]["statement"]["andStatement"]["statements"][1:]
    found = [each["notStatement"]["statement"]["regexMatchStatement"]["regexString"] for each in exempt]
    assert found == ["^/a$", "^/b$"]


def test_what_it_blocks_is_logged_without_keys_of_clients() -> None:
    firewall = made(log_retention_days=30, log_key_arn="arn:aws:kms:eu-central-1:111122223333:key/logs")
    assert firewall.of("LogGroup").inputs == {
        "namePrefix": "aws-waf-logs-firewall-",
        "retentionInDays": 30,
        "kmsKeyId": "arn:aws:kms:eu-central-1:111122223333:key/logs",
        "tags": {**TAGS, "Name": "firewall"},
    }
    assert made().of("LogGroup").inputs["retentionInDays"] == 365
    logging = made(preview=True).of("WebAclLoggingConfiguration").inputs
    assert logging == {
        "resourceArn": UNKNOWN,
        "logDestinationConfigs": [UNKNOWN],
        "loggingFilter": {
            "defaultBehavior": "DROP",
            "filters": [
                {
                    "behavior": "KEEP",
                    "requirement": "MEETS_ANY",
                    "conditions": [
                        {"actionCondition": {"action": "BLOCK"}},
                        {"actionCondition": {"action": "COUNT"}},
                    ],
                }
            ],
        },
        "redactedFields": [{"singleHeader": {"name": "authorization"}}, {"singleHeader": {"name": "cookie"}}],
    }


def test_an_adopted_firewall_registers_nothing() -> None:
    firewall = made(source=WebAclSource.ADOPT, arn=ARN)
    assert [each.name for each in firewall.resources] == ["firewall"]
    assert firewall.outputs["firewall"] == {"arn": ARN}


@pytest.mark.parametrize(
    ("args", "path", "reason"),
    [
        ({"source": WebAclSource.ADOPT}, "arn", "required"),
        ({"source": WebAclSource.ADOPT, "arn": "company"}, "arn", "no ARN"),
        ({"source": WebAclSource.ADOPT, "arn": ARN, "rate_limit": 10}, "rate_limit", "its own rules"),
        ({"source": WebAclSource.ADOPT, "arn": ARN, "log_key_arn": ARN}, "log_key_arn", "its own rules"),
        ({"arn": ARN}, "arn", "no ARN yet"),
        ({"rate_limit": 1}, "rate_limit", "not possible"),
        ({"large_body_paths": ["infer"]}, "large_body_paths[0]", "no whole path"),
        ({"log_retention_days": 0}, "log_retention_days", ""),
    ],
)
def test_what_does_not_fit_is_refused_by_name(args: dict[str, Any], path: str, reason: str) -> None:
    with pytest.raises(pulumi.InputPropertyError) as caught:
        made(**args)
    assert caught.value.property_path == path
    assert reason in caught.value.reason
