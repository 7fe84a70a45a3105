"""dev, staging and prod as their programs register them: what a reviewer, a scanner and AWS would say."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest

import aws_schema
import iam_documents
import policy_mutations
from aws_environments import ENVIRONMENTS, config, document, recorded
from aws_scan import SUPPRESSIONS, scan_all, suppressions, unresolved
from mlops_policy.cost import tags
from mlops_policy.stack_config import from_stack
from mlops_policy.testing import judged
from mlops_stacks.recording import UNKNOWN_MARK
from policy_aws_samples import RULES, SPECIAL, of_document
from preview_update import differences

each_environment = pytest.mark.parametrize("name", ENVIRONMENTS)

NOT_OF_AN_ENVIRONMENT = ["identity-web"]
"""Rules about what no environment has: roles of a pipeline outside, and security groups with rules inside."""

UNDECIDED = {
    "dev": {"s3-tls": 3, "s3-wrong-key": 3, "identity-buckets": 6},
    "staging": {"s3-tls": 3, "s3-wrong-key": 3, "identity-buckets": 7},
    "prod": {"s3-tls": 3, "s3-wrong-key": 3, "identity-buckets": 7},
}
"""How many documents of each rule have an ARN in them that a first preview cannot know."""
ACCEPTED = {
    "mlops-boundary-policy (aws:iam/policy:Policy) policy: WIDE_ACTION": (
        "a boundary gives nothing: it names the services beyond which no role goes"
    ),
    "mlops-boundary-policy (aws:iam/policy:Policy) policy: RESOURCE_STAR": "the same",
    "s3:TlsVersion": "a number, which S3 takes with every action; the linter thinks otherwise",
    "ec2:RunInstances": (
        "one call needs rights on images, interfaces and subnets, each with conditions of its own, and so in "
        "statements of their own"
    ),
    "ssm:GetParameter": "the parameters are AWS's own, whose ARN has no account",
    "mlops-network-s3 (aws:ec2/vpcEndpoint:VpcEndpoint) policy: WIDE_PRINCIPAL": (
        "an endpoint's policy bounds everybody behind it; buckets are bounded by account"
    ),
    "s3:GetObjectAttributes": "the linter knows this action for access points alone",
    "logs:DescribeLogGroups": "AWS allows it on log groups, which the linter does not know",
}
"""What the linter says that is none of our faults, by a text in its line, and why."""


@each_environment
def test_every_input_is_one_that_the_provider_takes(name: str) -> None:
    assert aws_schema.problems(document(name)) == []


@each_environment
def test_every_resource_says_whose_it_is_what_it_is_part_of_and_who_pays(name: str) -> None:
    found = of_document(document(name))
    assert [judged(rule, found) for rule in tags.RULES] == [[], []]


@each_environment
def test_no_policy_allows_more_than_it_says(name: str) -> None:
    assert iam_documents.policy_findings(document(name), ACCEPTED) == []


@each_environment
def test_every_rule_about_aws_holds_and_has_something_to_hold_of(name: str) -> None:
    settings, made = configured(name), of_document(document(name))
    assert policy_mutations.broken(RULES, made, settings) == {}
    assert policy_mutations.undecided(RULES, made, settings) == {}
    assert policy_mutations.idle(RULES, made, settings, SPECIAL) == NOT_OF_AN_ENVIRONMENT


@each_environment
def test_a_first_preview_breaks_no_rule_and_leaves_documents_with_an_arn_to_the_update(name: str) -> None:
    shown = of_document(document(name, preview=True))
    assert policy_mutations.broken(RULES, shown, configured(name)) == {}
    undecided = policy_mutations.undecided(RULES, shown, configured(name))
    assert {rule: len(urns) for rule, urns in undecided.items()} == UNDECIDED[name]


def test_every_hardening_field_of_production_is_missed_when_it_is_taken_away() -> None:
    made = of_document(document("prod"))
    assert policy_mutations.survivors(RULES, made, configured("prod"), SPECIAL) == []


def configured(name: str) -> dict[str, dict[str, Any]]:
    """What the environment's own settings say of the rules."""
    return from_stack({"mlops:aws": json.dumps(config(name)["mlops:aws"], default=str)}, RULES)[1]


@each_environment
def test_a_preview_shows_what_the_update_does(name: str) -> None:
    assert differences(document(name, preview=True), document(name)) == []


@each_environment
def test_the_first_preview_needs_nothing_that_a_later_step_makes(name: str) -> None:
    first = recorded(name, {}, preview=True, generated=False)
    later = recorded(name, {}, preview=True)
    assert [resource.urn for resource in first.resources] == [resource.urn for resource in later.resources]
    server = next(each for each in first.resources if each.name == "mlops-mortgage-endpoint-server")
    pod = server.inputs["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"] == UNKNOWN_MARK


def test_a_scanner_finds_nothing_in_any_environment(tmp_path) -> None:
    found = scan_all({name: document(name) for name in ENVIRONMENTS}, tmp_path)
    known = suppressions(SUPPRESSIONS.read_text())
    assert unresolved([each for several in found.values() for each in several], known, TODAY) == []


TODAY = datetime.datetime.now(datetime.UTC).date()
