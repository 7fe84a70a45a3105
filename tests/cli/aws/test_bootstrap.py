"""`mlops bootstrap aws` against an account made of moto."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

from aws_account import ACCOUNT, REGION, account, answer, record_calls
from mlops_cli.aws import state_backend
from mlops_cli.aws.access import Account
from mlops_cli.aws.bootstrap import Keys, bootstrap
from mlops_cli.aws.errors import AwsRefused, BackendDrifted
from mlops_cli.aws.settling import State, Step
from mlops_cli.aws.state_backend import StateBackend
from mlops_cli.main import app

BACKEND = StateBackend("mlops", ACCOUNT, REGION)
OWN = {"Bucket": BACKEND.bucket}
SETTINGS = 17
EMPTY = '{"Version": "2012-10-17", "Statement": []}'


@pytest.fixture
def aws() -> Iterator[Account]:
    with account() as found:
        yield found


def run(aws: Account, *, check: bool = False) -> tuple[Keys, list[Step]]:
    return bootstrap(aws, BACKEND, lambda step: None, check=check)


def drifted(steps: list[Step]) -> list[str]:
    return [step.what for step in steps if step.state is not State.UNCHANGED]


def keys_made(aws: Account) -> int:
    return len(aws.client("kms").list_keys()["Keys"])


def test_an_empty_account_gets_a_bucket_and_keys_as_they_should_be(aws: Account) -> None:
    keys, _ = run(aws)
    s3, kms = aws.client("s3"), aws.client("kms")
    assert s3.get_bucket_location(**OWN)["LocationConstraint"] == REGION
    assert s3.get_public_access_block(**OWN)["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": True,
        "RestrictPublicBuckets": True,
    }
    assert s3.get_bucket_ownership_controls(**OWN)["OwnershipControls"]["Rules"] == [
        {"ObjectOwnership": "BucketOwnerEnforced"}
    ]
    assert s3.get_bucket_encryption(**OWN)["ServerSideEncryptionConfiguration"]["Rules"] == [
        {
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": keys.state},
            "BucketKeyEnabled": True,
        }
    ]
    assert s3.get_bucket_versioning(**OWN)["Status"] == "Enabled"
    assert s3.get_bucket_lifecycle_configuration(**OWN)["Rules"] == state_backend.lifecycle()["Rules"]
    assert s3.get_bucket_policy(**OWN)["Policy"] == state_backend.bucket_policy(BACKEND, keys.state)
    assert s3.get_object(**OWN, Key=".pulumi/meta.yaml")["Body"].read() == b"version: 1\n"
    assert {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(**OWN)["TagSet"]} == BACKEND.tags
    for alias, arn in ((BACKEND.state_alias, keys.state), (BACKEND.secrets_alias, keys.secrets)):
        assert kms.describe_key(KeyId=alias)["KeyMetadata"]["Arn"] == arn
        assert kms.get_key_rotation_status(KeyId=arn)["KeyRotationEnabled"]
        policy = json.loads(kms.get_key_policy(KeyId=arn, PolicyName="default")["Policy"])
        assert policy == json.loads(state_backend.key_policy(BACKEND))


def test_the_second_run_changes_nothing_and_calls_nothing_that_could(aws: Account) -> None:
    keys, first = run(aws)
    calls = record_calls(aws)
    again, second = run(aws)
    assert again == keys
    assert len(first) == len(second) == SETTINGS
    assert drifted(second) == []
    assert {re.split("[A-Z]", call.split(":")[1][1:])[0] for call in calls} == {"escribe", "et", "ead"}


def test_a_check_of_an_empty_account_names_all_and_makes_nothing(aws: Account) -> None:
    calls = record_calls(aws)
    keys, steps = run(aws, check=True)
    assert {step.state for step in steps} == {State.CREATED}
    assert len(steps) == SETTINGS
    assert [call for call in calls if re.search(":(Create|Put|Enable|Delete)", call)] == []
    assert keys_made(aws) == 0
    assert keys.state.endswith("key/not-made-yet")


def _other_encryption(s3: Any) -> None:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(**OWN, ServerSideEncryptionConfiguration={"Rules": [rule]})


SPOILT: dict[str, Callable[[Any], Any]] = {
    "public access blocked": lambda s3: s3.delete_public_access_block(**OWN),
    "owner enforced": lambda s3: s3.put_bucket_ownership_controls(
        **OWN, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    ),
    "encryption with alias/mlops-state": _other_encryption,
    "versioning": lambda s3: s3.put_bucket_versioning(**OWN, VersioningConfiguration={"Status": "Suspended"}),
    "lifecycle of old versions": lambda s3: s3.delete_bucket_lifecycle(**OWN),
    "policy (TLS only": lambda s3: s3.delete_bucket_policy(**OWN),
    "tags": lambda s3: s3.delete_bucket_tagging(**OWN),
    "layout of Pulumi's state": lambda s3: s3.delete_object(**OWN, Key=".pulumi/meta.yaml"),
}


@pytest.mark.parametrize("what", SPOILT)
def test_each_setting_that_was_spoilt_is_found_by_a_check_and_mended_alone(what: str, aws: Account) -> None:
    run(aws)
    SPOILT[what](aws.client("s3"))
    (found,) = drifted(run(aws, check=True)[1])
    assert what in found
    assert drifted(run(aws)[1]) == [found]
    assert drifted(run(aws)[1]) == []


def test_a_key_without_rotation_or_with_another_policy_is_mended(aws: Account) -> None:
    keys, _ = run(aws)
    kms = aws.client("kms")
    kms.disable_key_rotation(KeyId=keys.state)
    kms.put_key_policy(
        KeyId=keys.secrets, PolicyName="default", Policy='{"Version": "2012-10-17", "Statement": []}'
    )
    steps = [step for step in run(aws)[1] if step.state is not State.UNCHANGED]
    assert [(step.what, step.state) for step in steps] == [
        ("key for state: rotation every 365 days", State.MENDED),
        ("key for secrets: policy", State.MENDED),
    ]
    assert drifted(run(aws)[1]) == []


class Interrupted(Exception):
    """Stands for Ctrl-C."""


def test_runs_that_each_end_after_one_write_end_in_the_same_backend(aws: Account) -> None:
    count = 0

    def interrupt(model: Any, **_: Any) -> None:
        nonlocal count
        if model.name.startswith(("Create", "Put", "Enable")):
            count += 1
            if count > 1:
                raise Interrupted

    aws.session.events.register("before-call.*.*", interrupt)
    interrupted = 0
    for _ in range(2 * SETTINGS):
        count = 0
        try:
            _, steps = run(aws)
        except Interrupted:
            interrupted += 1
        else:
            break
    assert interrupted == 13
    assert len(steps) == SETTINGS
    assert drifted(run(aws, check=True)[1]) == []
    assert keys_made(aws) == 2


@pytest.mark.parametrize(
    ("operation", "status", "body"),
    [
        ("s3.HeadBucket", 403, ""),
        ("s3.CreateBucket", 409, "<Error><Code>BucketAlreadyExists</Code><Message>taken</Message></Error>"),
    ],
)
def test_a_name_that_another_account_has_is_refused_and_nothing_of_it_is_touched(
    operation: str, status: int, body: str, aws: Account
) -> None:
    answer(aws, operation, status, body)
    calls = record_calls(aws)
    with pytest.raises(AwsRefused) as refused:
        run(aws)
    assert str(refused.value).startswith(
        f"the bucket name {BACKEND.bucket} is taken by another account than {ACCOUNT}, or these credentials"
        " may not look at it.\nGive another --name;"
    )
    assert [call for call in calls if call.startswith("s3:Put")] == []


def test_every_call_about_the_bucket_names_the_account_that_must_own_it(aws: Account) -> None:
    owners = []

    def note(model: Any, params: Any, **_: Any) -> None:
        if model.name != "CreateBucket":
            owners.append(params["headers"].get("x-amz-expected-bucket-owner"))

    aws.session.events.register("before-call.s3.*", note)
    run(aws)
    assert set(owners) == {ACCOUNT}


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda kms, key: kms.disable_key(KeyId=key), "is Disabled: what it encrypted cannot be read"),
        (
            lambda kms, key: kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7),
            "is PendingDeletion: what it encrypted cannot be read",
        ),
    ],
    ids=["disabled", "pending deletion"],
)
def test_a_key_that_cannot_be_used_is_never_replaced(
    spoil: Callable[[Any, str], Any], told: str, aws: Account
) -> None:
    keys, _ = run(aws)
    key_id = keys.secrets.rsplit("/", 1)[-1]
    spoil(aws.client("kms"), key_id)
    with pytest.raises(AwsRefused, match=told) as refused:
        run(aws)
    assert f"`aws kms enable-key --key-id {key_id}`" in str(refused.value)
    assert keys_made(aws) == 2


def test_a_region_that_is_the_default_of_s3_works_too() -> None:
    with account("us-east-1") as found:
        backend = StateBackend("mlops", ACCOUNT, "us-east-1")
        bootstrap(found, backend, lambda step: None, check=False)
        assert found.client("s3").get_bucket_location(Bucket=backend.bucket)["LocationConstraint"] is None


def test_the_command_prints_what_it_did_and_the_lines_to_use(aws: Account) -> None:
    result = CliRunner().invoke(
        app, ["bootstrap", "aws", "--region", REGION, "--stack", "dev", "--stack", "prod"]
    )
    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert lines[0].startswith(f"account {ACCOUNT} as arn:aws:sts::{ACCOUNT}:")
    assert lines[1] == "created          key for state"
    assert f"pulumi login 's3://{BACKEND.bucket}?region={REGION}'" in lines
    for stack in ("dev", "prod"):
        provider = f"awskms://alias/mlops-secrets?region={REGION}&context_stack={stack}"
        assert f"pulumi stack init {stack} --secrets-provider='{provider}'" in lines
        assert f"# Policy of whoever brings up {stack} (state only; AWS rights come on top):" in lines


def test_the_command_gives_one_json_document(aws: Account) -> None:
    result = CliRunner().invoke(app, ["bootstrap", "aws", "--region", REGION, "--json"])
    document = json.loads(result.stdout)
    keys = Keys(document["stateKey"], document["secretsKey"])
    policy = state_backend.operator_policy(BACKEND, "dev", state_key=keys.state, secrets_key=keys.secrets)
    assert document["stacks"]["dev"]["operatorPolicy"] == json.loads(policy)
    assert [step["state"] for step in document["steps"]].count("created") == 12
    assert list(document) == ["bucket", "stateKey", "secretsKey", "login", "stacks", "steps"]


def test_a_check_of_the_command_ends_with_a_code_of_its_own_until_all_is_right(aws: Account) -> None:
    arguments = ["bootstrap", "aws", "--region", REGION, "--check"]
    error = CliRunner().invoke(app, arguments).exception
    assert isinstance(error, BackendDrifted)
    assert error.exit_code == 21
    assert str(error).startswith("17 of 17 settings are not as they should be;")
    run(aws)
    assert CliRunner().invoke(app, arguments).exit_code == 0
    aws.client("s3").delete_bucket_policy(**OWN)
    result = CliRunner().invoke(app, arguments)
    assert isinstance(result.exception, BackendDrifted)
    assert f"would be created bucket {BACKEND.bucket}: policy (TLS only, no other key)" in result.stdout


def test_the_command_refuses_another_account(aws: Account) -> None:
    arguments = ["bootstrap", "aws", "--region", REGION, "--account-id", "999999999999"]
    error = CliRunner().invoke(app, arguments).exception
    assert isinstance(error, AwsRefused)
    assert keys_made(aws) == 0
