from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import pytest

from mlops_policy.building import companion, field, protected
from mlops_policy.errors import BadConfig, RuleFault
from mlops_policy.judging import Judge, Outcome, configured
from mlops_policy.resources import Resource, Stack, is_of
from mlops_policy.rules import Rule, Severity, Subject
from mlops_policy.testing import Sample, changed, judged, problems
from mlops_policy.views import MISSING, UNKNOWN
from mlops_policy.wanted import YES

TODAY = datetime.date(2026, 1, 1)
BOX = Resource("urn::box", "a:b:Box", "box", {"safe": True, "lids": [{"on": True}, {"on": True}]})
SAFE = field("box-safe", "A box is safe.", ("a:b:Box",), "safe", YES)
LIDS = field(
    "box-lids", "Lids are on.", ("a:b:Box",), "on", YES, parts=lambda box: box.view.at("lids").items()
)


def told(found: list[Any]) -> list[tuple[str, str]]:
    return [(each.outcome.value, each.message) for each in found]


def test_each_part_is_decided_by_itself() -> None:
    box = changed(changed(BOX, "lids[0].on", UNKNOWN), "lids[1].on", False)
    assert told(judged(LIDS, [box])) == [
        ("undecided", "lids[0].on is not known yet"),
        ("violation", "lids[1].on is False and must be true"),
    ]


def test_parts_that_are_not_known_or_no_parts_are_told_and_not_passed() -> None:
    assert told(judged(LIDS, [changed(BOX, "lids", UNKNOWN)])) == [("undecided", "lids is not known yet")]
    assert told(judged(LIDS, [changed(BOX, "lids", "two")])) == [
        ("violation", "lids is 'two', where a list is expected")
    ]


def test_a_rule_that_fails_is_a_fault_of_the_rule() -> None:
    def judge(subject: Subject, stack: Stack, config: Any) -> Iterator[str]:
        raise KeyError("x")
        yield ""

    rule = Rule(name="odd", says="?", remedy="?", severity=Severity.LOW, kinds=("a:b:Box",), judge=judge)
    with pytest.raises(RuleFault, match="the policy 'odd' itself failed on urn::box: KeyError: 'x'"):
        judged(rule, [BOX])


def test_a_resource_is_found_by_reference_where_its_name_is_not_known() -> None:
    rule = companion("kept", "It is kept.", "a:b:Box", "a:b:Shelf", "box", remedy="Keep it.")
    by_reference = Resource("urn::s", "a:b:Shelf", "s", {"box": UNKNOWN}, references={"box": ("urn::box",)})
    by_name = Resource("urn::s", "a:b:Shelf", "s", {"box": "crate"})
    named = Resource("urn::box", "a:b:Box", "box", {"name": "crate"})
    assert judged(rule, [named, by_reference]) == judged(rule, [named, by_name]) == []
    assert told(judged(rule, [named])) == [("violation", "no a:b:Shelf names it in box")]


def test_what_must_be_protected_is_asked_for_the_resource_option() -> None:
    rule = protected("guarded", "It stays.", ("a:b:Box",))
    assert told(judged(rule, [BOX])) == [("violation", "the resource option protect is not set")]


@pytest.mark.parametrize(
    ("type_", "kinds", "is_one"),
    [
        ("aws:s3/bucket:Bucket", ("aws:s3/bucket:",), True),
        ("aws:s3/bucketPolicy:BucketPolicy", ("aws:s3/bucket:",), False),
        ("kubernetes:apps/v1:Deployment", ("kubernetes:apps/*:Deployment",), True),
        ("kubernetes:apps/v1:DeploymentPatch", ("kubernetes:apps/*:Deployment",), False),
        ("kubernetes:extensions/v1:Deployment", ("kubernetes:apps/*:Deployment",), False),
    ],
)
def test_kinds_are_tokens_with_a_star_for_a_part(type_: str, kinds: tuple[str, ...], is_one: bool) -> None:
    assert is_of(type_, kinds) is is_one


def test_an_exemption_hides_until_its_day_and_is_missed_when_it_hides_nothing() -> None:
    one = {"urn": "*box", "reason": "old", "approver": "me", "expires": "2026-01-01"}
    other = {**one, "urn": "*crate"}
    rules = configured([SAFE], {"box-safe": {"exemptions": [one, other]}})
    judge = Judge(rules, TODAY)
    (found,) = judge.all([changed(BOX, "safe", False)])
    assert found.outcome is Outcome.EXEMPT
    assert judge.unused() == ["the exemption of box-safe for *crate hides nothing: remove it"]
    assert judge.expired() == []
    late = Judge(rules, TODAY + datetime.timedelta(days=1))
    (found,) = late.all([changed(BOX, "safe", False)])
    assert found.outcome is Outcome.VIOLATION
    assert len(late.expired()) == 2


def test_configuration_of_a_rule_that_is_not_there_is_refused() -> None:
    with pytest.raises(BadConfig, match="there is no policy box-save"):
        configured([SAFE], {"box-save": {}})


def test_the_kit_tells_a_blind_rule_a_wild_one_and_one_that_takes_the_unknown() -> None:
    sample = Sample((BOX,), at="safe", bad=False)
    assert problems(SAFE, sample) == []
    blind = Rule(
        name="blind", says="?", remedy="?", severity=Severity.LOW, kinds=("a:b:Box",),
        judge=lambda subject, stack, config: iter(()),
    )  # fmt: skip
    assert problems(blind, sample) == [
        "blind says of safe = False: nothing",
        "blind says where safe is absent: nothing",
        "blind says where safe is not known: nothing",
        "blind takes every shape at safe",
    ]
    other = Sample((Resource("urn::c", "a:b:Crate", "c", {"safe": True}),), at="safe", bad=False)
    assert problems(SAFE, other)[0] == "box-safe is about none of the sample's resources"


def test_a_field_that_is_taken_away_is_gone() -> None:
    assert changed(BOX, "lids[0].on", MISSING).props["lids"] == [{}, {"on": True}]
    assert BOX.props["lids"] == [{"on": True}, {"on": True}]
