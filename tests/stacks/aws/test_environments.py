"""dev, staging and prod as their programs register them: what a reviewer, a scanner and AWS would say."""

from __future__ import annotations

import datetime

import pytest

import aws_schema
import hardening
import iam_documents
from aws_environments import ENVIRONMENTS, document, recorded
from aws_scan import SUPPRESSIONS, scan_all, suppressions, unresolved
from hardening_rows import ROWS
from mlops_policy.cost import tags
from mlops_policy.documents import resources
from mlops_policy.testing import judged
from mlops_stacks.recording import UNKNOWN_MARK
from preview_update import differences

each_environment = pytest.mark.parametrize("name", ENVIRONMENTS)

NOT_OF_AN_ENVIRONMENT = ["identity.web", "vpc.no-open-group"]
"""Rows about what no environment has: roles of a pipeline outside, and security groups with rules inside."""

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
    found = resources(document(name).model_dump(by_alias=True))
    assert [judged(rule, found) for rule in tags.RULES] == [[], []]


@each_environment
def test_no_policy_allows_more_than_it_says(name: str) -> None:
    assert iam_documents.policy_findings(document(name), ACCEPTED) == []


@each_environment
def test_every_row_of_the_security_baseline_holds(name: str) -> None:
    production = name == "prod"
    assert hardening.broken(document(name), ROWS, production=production) == {}
    assert hardening.idle(document(name), ROWS, production=production) == NOT_OF_AN_ENVIRONMENT


def test_every_hardening_field_of_production_is_missed_when_it_is_taken_away() -> None:
    assert hardening.survivors(document("prod"), ROWS, production=True) == []


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
