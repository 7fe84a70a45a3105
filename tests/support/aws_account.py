"""An AWS account made of moto, with credentials that lead nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any
from unittest.mock import patch

import boto3
from botocore.awsrequest import AWSResponse
from moto import mock_aws
from moto.iam import access_control

from mlops_cli.aws.access import Account, sign_in

REGION = "eu-central-1"
ACCOUNT = "123456789012"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/nonexistent/config",
    "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent/credentials",
}
_permitted = access_control.IAMPolicyStatement.is_action_permitted


def _without_conditions(self: Any, action: str, resource: str = "*", *rest: Any, **options: Any) -> Any:
    """moto takes conditions that it does not know for unmet: denials are left out, permissions kept.

    It does not tell which key a call to KMS is about either: any key of the statement is taken for it.
    """
    statement = dict(self._statement)
    if statement.pop("Condition", None) and statement["Effect"] == "Deny":
        return access_control.PermissionResult.NEUTRAL
    if action.startswith("kms:") and resource == "*":
        resource = statement["Resource"][0]
    return _permitted(access_control.IAMPolicyStatement(statement), action, resource, *rest, **options)


@contextmanager
def conditions_left_out() -> Iterator[None]:
    """Policies as moto can evaluate them."""
    with patch.object(access_control.IAMPolicyStatement, "is_action_permitted", _without_conditions):
        yield


@contextmanager
def account(region: str = REGION) -> Iterator[Account]:
    """One empty account."""
    with patch.dict("os.environ", CREDENTIALS), mock_aws(), conditions_left_out():
        yield sign_in(region)


def record_calls(found: Account) -> list[str]:
    """Operations that the account's clients call from now on, such as `s3:PutBucketPolicy`."""
    calls: list[str] = []

    def note(model: Any, **_: Any) -> None:
        calls.append(f"{model.service_model.service_name}:{model.name}")

    _listen(found).register("before-call.*.*", note)
    return calls


def answer(found: Account, operation: str, status: int, body: str = "") -> None:
    """Let `operation`, such as `s3.HeadBucket`, be answered so from now on, in place of moto."""

    def give(request: Any, **_: Any) -> Any:
        raw = BytesIO(body.encode())
        raw.stream = lambda **_: iter(lambda: raw.read(1024), b"")  # type: ignore[attr-defined]
        return AWSResponse(request.url, status, {"Content-Type": "text/xml"}, raw)

    _listen(found).register_first(f"before-send.{operation}", give)


def _listen(found: Account) -> Any:
    """The session's events; clients that were made before would not hear of what is registered."""
    found._clients.clear()
    return found.session.events


def stubbed(service: str, region: str = REGION) -> tuple[Any, Any]:
    """A client and its `botocore.stub.Stubber`, for calls that moto does not know."""
    from botocore.stub import Stubber

    client = boto3.client(
        service, region_name=region, aws_access_key_id="a", aws_secret_access_key="b", aws_session_token="c"
    )
    return client, Stubber(client)
