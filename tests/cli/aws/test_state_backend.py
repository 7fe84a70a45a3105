"""The state backend's names, policies and lines."""

from __future__ import annotations

import json

import pytest

from mlops_cli.aws import state_backend
from mlops_cli.aws.errors import AwsRefused
from mlops_cli.aws.state_backend import StateBackend

BACKEND = StateBackend("mlops", "123456789012", "eu-central-1")
STATE_KEY = "arn:aws:kms:eu-central-1:123456789012:key/11111111-1111-1111-1111-111111111111"
SECRETS_KEY = "arn:aws:kms:eu-central-1:123456789012:key/22222222-2222-2222-2222-222222222222"
BUCKET = "arn:aws:s3:::mlops-state-123456789012-eu-central-1"


def statements(document: str) -> dict[str, dict[str, object]]:
    return {each.pop("Sid"): each for each in json.loads(document)["Statement"]}


def test_names_tell_account_and_region_and_fit_a_bucket() -> None:
    assert BACKEND.bucket == "mlops-state-123456789012-eu-central-1"
    assert (BACKEND.state_alias, BACKEND.secrets_alias) == ("alias/mlops-state", "alias/mlops-secrets")
    assert len(StateBackend("a" * 20, "123456789012", "ap-northeast-1").bucket) <= 63


@pytest.mark.parametrize("name", ["a", "Mlops", "mlops-", "1st", "a" * 21, "a_b"])
def test_a_name_that_no_bucket_can_have_is_refused(name: str) -> None:
    with pytest.raises(AwsRefused, match="2 to 20 lower-case letters"):
        StateBackend(name, "123456789012", "eu-central-1")


@pytest.mark.parametrize("stack", ["", "dev*", "a/b", "d?v", "x y"])
def test_a_stack_whose_name_is_a_pattern_gets_no_policy(stack: str) -> None:
    with pytest.raises(AwsRefused, match="a stack's name is"):
        state_backend.operator_policy(BACKEND, stack, state_key=STATE_KEY, secrets_key=SECRETS_KEY)


def test_the_bucket_denies_plain_text_old_tls_and_other_keys() -> None:
    algorithm, key = "s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-aws-kms-key-id"
    everything = {"Effect": "Deny", "Principal": "*", "Action": ["s3:*"], "Resource": [BUCKET, f"{BUCKET}/*"]}
    writing = {"Effect": "Deny", "Principal": "*", "Action": ["s3:PutObject"], "Resource": [f"{BUCKET}/*"]}
    assert statements(state_backend.bucket_policy(BACKEND, STATE_KEY)) == {
        "TlsOnly": {**everything, "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        "ModernTls": {**everything, "Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}}},
        "NoOtherEncryption": {
            **writing,
            "Condition": {"StringNotEquals": {algorithm: "aws:kms"}, "Null": {algorithm: "false"}},
        },
        "NoOtherKey": {
            **writing,
            "Condition": {"StringNotEquals": {key: STATE_KEY}, "Null": {key: "false"}},
        },
    }


def test_an_operator_touches_one_stacks_objects_and_secrets_only() -> None:
    root = f"{BUCKET}/.pulumi"
    document = state_backend.operator_policy(BACKEND, "dev", state_key=STATE_KEY, secrets_key=SECRETS_KEY)
    assert statements(document) == {
        "ListNames": {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": [BUCKET]},
        "ReadLayout": {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": [f"{root}/meta.yaml"]},
        "OwnState": {
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
            "Resource": [
                f"{root}/stacks/mlops/dev.json*",
                f"{root}/stacks/mlops/dev.pulumi-tags",
                f"{root}/history/mlops/dev/*",
                f"{root}/backups/mlops/dev/*",
                f"{root}/journal/mlops/dev/*",
                f"{root}/locks/organization/mlops/dev/*",
            ],
        },
        "StateKey": {
            "Effect": "Allow",
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Resource": [STATE_KEY],
            "Condition": {"StringEquals": {"kms:ViaService": "s3.eu-central-1.amazonaws.com"}},
        },
        "OwnSecrets": {
            "Effect": "Allow",
            "Action": ["kms:Encrypt", "kms:Decrypt"],
            "Resource": [SECRETS_KEY],
            "Condition": {"StringEquals": {"kms:EncryptionContext:stack": "dev"}},
        },
    }


def test_a_reader_reads_one_stacks_state_and_no_secrets() -> None:
    assert statements(state_backend.reader_policy(BACKEND, "dev", state_key=STATE_KEY)) == {
        "ListNames": {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": [BUCKET]},
        "ReadState": {
            "Effect": "Allow",
            "Action": ["s3:GetObject"],
            "Resource": [f"{BUCKET}/.pulumi/meta.yaml", f"{BUCKET}/.pulumi/stacks/mlops/dev.json*"],
        },
        "StateKey": {
            "Effect": "Allow",
            "Action": ["kms:Decrypt"],
            "Resource": [STATE_KEY],
            "Condition": {"StringEquals": {"kms:ViaService": "s3.eu-central-1.amazonaws.com"}},
        },
    }


def test_china_has_names_of_its_own() -> None:
    backend = StateBackend("mlops", "123456789012", "cn-north-1")
    document = state_backend.reader_policy(backend, "dev", state_key=STATE_KEY)
    assert backend.bucket_arn.startswith("arn:aws-cn:s3:::")
    assert statements(document)["StateKey"]["Condition"] == {
        "StringEquals": {"kms:ViaService": "s3.cn-north-1.amazonaws.com"}
    }


def test_two_documents_are_the_same_whatever_aws_does_to_their_lists() -> None:
    wanted = state_backend.bucket_policy(BACKEND, STATE_KEY)
    given_back = json.loads(wanted)
    given_back["Statement"].reverse()
    given_back["Statement"][0]["Action"] = given_back["Statement"][0]["Action"][0]
    assert state_backend.same_policy(json.dumps(given_back, indent=1), wanted)
    given_back["Statement"].pop()
    assert not state_backend.same_policy(json.dumps(given_back), wanted)
    assert not state_backend.same_policy(None, wanted)


def test_old_states_are_kept_a_quarter_and_released_locks_a_day() -> None:
    assert state_backend.lifecycle() == {
        "Rules": [
            {
                "ID": "old-versions",
                "Filter": {"Prefix": ""},
                "Status": "Enabled",
                "NoncurrentVersionExpiration": {"NoncurrentDays": 90},
                "Expiration": {"ExpiredObjectDeleteMarker": True},
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
            },
            {
                "ID": "released-locks",
                "Filter": {"Prefix": ".pulumi/locks/"},
                "Status": "Enabled",
                "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
            },
        ]
    }


def test_rules_of_the_lifecycle_are_the_same_in_any_order_and_with_any_empty_prefix() -> None:
    wanted = state_backend.lifecycle()["Rules"]
    given_back = [wanted[1], {**wanted[0], "Filter": {}}]
    assert state_backend.same_lifecycle(given_back, wanted)
    assert not state_backend.same_lifecycle([wanted[1], {**wanted[0], "Filter": {"Prefix": "a"}}], wanted)
    assert not state_backend.same_lifecycle([{**wanted[1], "Status": "Disabled"}, wanted[0]], wanted)
    assert not state_backend.same_lifecycle(wanted[:1], wanted)
