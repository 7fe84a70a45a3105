"""Each rule about AWS is missed when it is broken, on a program with one of everything."""

from __future__ import annotations

import collections

import aws_answers
import aws_programs
from mlops_policy.aws import kinds
from mlops_policy.building import field
from mlops_policy.catalog import RULES as ALL_RULES
from mlops_policy.resources import Stack
from mlops_policy.wanted import YES, Wanted
from policy_aws_samples import RULES, SPECIAL, hardened, of_document
from policy_mutations import broken, idle, mutations, survivors, undecided

BY_NAME = {rule.name: rule for rule in RULES}


def test_every_rule_has_a_name_of_its_own() -> None:
    twice = [
        name for name, count in collections.Counter(rule.name for rule in ALL_RULES).items() if count > 1
    ]
    assert twice == []


def test_a_program_that_does_all_of_it_breaks_no_rule() -> None:
    assert broken(RULES, hardened(), {}) == {}
    assert undecided(RULES, hardened(), {}) == {}


def test_a_first_preview_of_it_is_decided_although_no_id_is_known() -> None:
    assert broken(RULES, hardened(preview=True), {}) == {}
    assert undecided(RULES, hardened(preview=True), {}) == {}


def test_every_field_that_is_taken_away_breaks_its_own_rule_and_no_other() -> None:
    assert survivors(RULES, hardened(), {}, SPECIAL) == []


def test_no_rule_is_without_something_to_hold_of() -> None:
    assert idle(RULES, hardened(), {}, SPECIAL) == []


def test_of_buckets_of_logs_nothing_is_missed_that_they_need_not_have() -> None:
    for name in ("s3-access-logs", "s3-kms", "s3-key", "s3-bucket-key", "s3-wrong-key"):
        (found,) = mutations(BY_NAME[name], Stack(hardened()), SPECIAL)
        assert "data" in found.what


def test_a_survivor_tells_which_field_nobody_missed() -> None:
    path = "enableKeyRotation"
    blind = field("blind", "Anything goes.", (kinds.KEY,), path, Wanted("anything", lambda value: True))
    wide = field("wide", "Rotation.", (kinds.KEY,), path, YES)
    assert survivors([blind], hardened(), {}) == ["blind: without key enableKeyRotation broken are none"]
    assert survivors([wide, BY_NAME["kms-rotation"]], hardened(), {}) == [
        "wide: without key enableKeyRotation broken are ['kms-rotation', 'wide']",
        "kms-rotation: without key enableKeyRotation broken are ['kms-rotation', 'wide']",
    ]


def test_a_rule_of_a_type_that_is_not_there_is_idle() -> None:
    resources = of_document(aws_answers.recorded(aws_programs.reader_role))
    rules = [BY_NAME["rds-encrypted"], BY_NAME["s3-block"], BY_NAME["rds-zones"]]
    assert idle(rules, resources, {"rds-zones": {"production": False}}) == ["rds-encrypted", "s3-block"]
