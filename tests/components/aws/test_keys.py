from __future__ import annotations

from typing import Any

import pulumi
import pytest

from aws_stores import ACCOUNT, KEY, REGION, TAGS, ground, of_protected
from pulumi_mlops.aws import key_policies
from pulumi_mlops.aws.keys import EncryptionKey, KeySource
from recording_engine import Recording, registered, unknown


def key(*, production: bool = False, **changed: Any) -> EncryptionKey:
    args: Any = {
        "ground": ground(production=production),
        "source": KeySource.CREATE,
        "purpose": "storage",
        "services": ["s3", "ecr"],
        **changed,
    }
    return EncryptionKey("mlops", args)


def made(**changed: Any) -> Recording:
    return registered(lambda: key(**changed))


def test_a_key_rotates_can_be_taken_back_for_thirty_days_and_serves_the_named_services() -> None:
    recording = made()
    assert sorted((r.type, r.name, r.parent) for r in recording.resources) == [
        ("aws:kms/alias:Alias", "mlops-alias", "mlops"),
        ("aws:kms/key:Key", "mlops-key", "mlops"),
        ("mlops:index:EncryptionKey", "mlops", ""),
    ]
    assert recording.of("Key").inputs == {
        "description": "Encrypts storage of mlops",
        "enableKeyRotation": True,
        "rotationPeriodInDays": 365,
        "deletionWindowInDays": 30,
        "policy": key_policies.key_policy(ACCOUNT, REGION, ["s3", "ecr"]),
        "tags": {**TAGS, "Name": "mlops-storage"},
    }


def test_the_alias_says_whose_key_it_is_and_what_for() -> None:
    recording = made(object_name="loans")
    assert recording.of("Alias").inputs == {"name": "alias/loans-storage", "targetKeyId": "mlops-key-id"}
    assert recording.of("Key").inputs["tags"]["Name"] == "loans-storage"


def test_the_keys_arn_is_known_by_its_id() -> None:
    assert made().outputs["mlops"] == {"arn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/mlops-key-id"}


def test_rotation_and_deletion_are_the_users_to_set_as_other_languages_give_them() -> None:
    inputs = made(rotation_days=90.0, deletion_days=7.0, source="create").of("Key").inputs
    assert (inputs["rotationPeriodInDays"], inputs["deletionWindowInDays"]) == (90, 7)


def test_the_engine_refuses_to_delete_the_key_of_production_alone() -> None:
    assert of_protected(lambda: key(production=True)) == ["mlops-key"]
    assert of_protected(key) == []


def test_an_adopted_key_is_not_registered_so_it_is_never_deleted() -> None:
    recording = registered(
        lambda: EncryptionKey("mlops", {"ground": ground(), "source": KeySource.ADOPT, "arn": KEY})
    )
    assert [r.name for r in recording.resources] == ["mlops"]
    assert recording.outputs["mlops"] == {"arn": KEY}


def test_a_preview_needs_no_account_that_is_known() -> None:
    def program() -> None:
        EncryptionKey(
            "mlops",
            {
                "ground": {**ground(), "account_id": unknown()},
                "source": KeySource.CREATE,
                "purpose": "storage",
                "services": ["s3"],
            },
        )

    names = [r.name for r in registered(program, preview=True).resources]
    assert sorted(names) == ["mlops", "mlops-alias", "mlops-key"]


@pytest.mark.parametrize(
    ("changed", "path", "reason"),
    [
        ({"arn": KEY}, "arn", "source create is chosen, which has no use for this"),
        ({"source": "adopt", "arn": KEY}, "purpose", "source adopt is chosen, which has no use for this"),
        ({"services": ["s3", "lambda"]}, "services[1]", "'lambda' is no service that a key is made for"),
        ({"ground": {**ground(), "account_id": "1"}}, "ground.account_id", "is no account id"),
        ({"purpose": None}, "purpose", "this argument is required"),
        ({"rotation_days": 10}, "rotation_days", "allowed is 90 to 2560"),
        ({"deletion_days": 1}, "deletion_days", "allowed is 7 to 30"),
        (
            {"source": "adopt", "purpose": None, "services": None, "arn": "alias/mine"},
            "arn",
            "'alias/mine' is no ARN",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_its_path(changed: dict[str, Any], path: str, reason: str) -> None:
    with pytest.raises(pulumi.InputPropertyError) as refused:
        made(**changed)
    assert refused.value.property_path == path
    assert reason in refused.value.reason
