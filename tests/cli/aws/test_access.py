"""Who the command is in AWS, and what it says when that is not clear."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from botocore import exceptions
from botocore.exceptions import ClientError

from aws_account import ACCOUNT, CREDENTIALS, REGION, account
from mlops_cli.aws.access import explain, refusals, sign_in
from mlops_cli.aws.errors import AwsRefused


def answered(code: str, text: str = "told") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": text}}, "GetCallerIdentity")


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (exceptions.NoCredentialsError(), "Sign in: `aws sso login --profile P`"),
        (exceptions.PartialCredentialsError(provider="env", cred_var="x"), "Sign in: "),
        (exceptions.ProfileNotFound(profile="p"), "`aws configure list-profiles` names the profiles"),
        (exceptions.UnauthorizedSSOTokenError(), "The single sign-on session has ended"),
        (
            exceptions.TokenRetrievalError(provider="sso", error_msg="x"),
            "The single sign-on session has ended",
        ),
        (exceptions.EndpointConnectionError(endpoint_url="https://x"), "This machine does not reach AWS"),
        (answered("ExpiredToken"), "The session token has ended"),
        (answered("ExpiredTokenException"), "The session token has ended"),
        (answered("InvalidClientTokenId"), "AWS does not know this access key"),
        (
            answered("SignatureDoesNotMatch"),
            "The secret key does not fit the access key, or this machine's clock",
        ),
        (answered("AccessDenied"), "Ask the account's administrator for the action named above"),
        (answered("UnauthorizedOperation"), "Ask the account's administrator for the action named above"),
        (answered("OptInRequired"), "The account has not switched this region or service on"),
    ],
    ids=lambda value: getattr(value, "response", {}).get("Error", {}).get("Code") or type(value).__name__,
)
def test_each_refusal_says_what_to_do(error: Exception, remedy: str) -> None:
    told, _, after = explain(error).partition("\n")
    assert told.startswith(str(error).rstrip("."))
    assert after.startswith(remedy)


def test_an_unknown_refusal_is_told_as_it_came() -> None:
    assert explain(answered("Teapot", "short and stout")) == (
        "An error occurred (Teapot) when calling the GetCallerIdentity operation: short and stout."
    )


def test_a_refusal_begins_with_what_was_being_done() -> None:
    with (
        pytest.raises(AwsRefused, match=r"^making tea: An error occurred \(Teapot\)"),
        refusals("making tea"),
    ):
        raise answered("Teapot")


def test_an_error_that_is_not_of_aws_stays_what_it_is() -> None:
    with pytest.raises(KeyError), refusals("making tea"):
        raise KeyError("x")


def test_the_account_is_the_one_of_the_credentials() -> None:
    with account() as found:
        assert (found.account_id, found.region, found.partition) == (ACCOUNT, REGION, "aws")
        assert found.identity_arn.startswith(f"arn:aws:sts::{ACCOUNT}:")
        assert sign_in(REGION, account_id=ACCOUNT).account_id == ACCOUNT


def test_another_account_than_asked_for_is_refused() -> None:
    with account(), pytest.raises(AwsRefused) as refused:
        sign_in(REGION, account_id="999999999999")
    told, remedy = str(refused.value).split("\n")
    assert told.endswith(f"belong to account {ACCOUNT}, and 999999999999 was asked for.")
    assert remedy.startswith("Set AWS_PROFILE, or give --profile, to a profile of 999999999999;")


def test_without_credentials_nothing_is_asked_of_aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_EC2_METADATA_DISABLED"):
        monkeypatch.setenv(name, CREDENTIALS[name])
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(AwsRefused, match=r"(?s)Unable to locate credentials\.\nSign in: "):
        sign_in(REGION)
    with pytest.raises(
        AwsRefused, match=r"profile \(risk\) could not be found\.\n`aws configure list-profiles`"
    ):
        sign_in(REGION, profile="risk")


@pytest.mark.parametrize(
    ("region", "account_id", "told"),
    [("Frankfurt", None, "'Frankfurt' is no region's code"), (REGION, "12", "'12' is no account id")],
)
def test_a_malformed_region_or_account_is_refused_before_any_call(
    region: str, account_id: str | None, told: str
) -> None:
    with pytest.raises(AwsRefused, match=told):
        sign_in(region, account_id=account_id)


def test_the_command_starts_without_boto3() -> None:
    program = "import sys, mlops_cli.main; sys.exit('boto3' in sys.modules or 'botocore' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
