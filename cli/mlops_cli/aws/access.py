"""Who the command is in AWS: credentials, account and region, and what to do when one of them is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from mlops_cli.aws.errors import AwsRefused
from pulumi_mlops.aws import aws_checks
from pulumi_mlops.errors import InvalidValue

EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
UNKNOWN_KEY = {"InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure", "InvalidAccessKeyId"}
BAD_SIGNATURE = {"SignatureDoesNotMatch", "InvalidSignatureException", "RequestTimeTooSkewed"}
DENIED = {
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "Forbidden",
    "UnauthorizedOperation",
    "403",
}
NOT_SUBSCRIBED = {"OptInRequired", "SubscriptionRequiredException"}


@dataclass(frozen=True)
class Account:
    """One account and region as one identity sees it."""

    session: Any
    """A `boto3.Session`."""
    account_id: str
    identity_arn: str
    region: str
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def partition(self) -> str:
        """`aws`, `aws-cn` or `aws-us-gov`."""
        return aws_checks.partition(self.region)

    def client(self, service: str, region: str | None = None) -> Any:
        """A boto3 client that gives up after five tries and does not hang on a dead address."""
        from botocore.config import Config

        key = (service, region or self.region)
        if key not in self._clients:
            config = Config(
                retries={"mode": "standard", "max_attempts": 5},
                connect_timeout=10,
                user_agent_appid="pulumi-mlops",
            )
            self._clients[key] = self.session.client(service, region_name=key[1], config=config)
        return self._clients[key]


def sign_in(region: str, *, profile: str | None = None, account_id: str | None = None) -> Account:
    """Ask AWS who the credentials belong to.

    Args:
        region: region of every client, such as `eu-central-1`.
        profile: profile of the AWS configuration files; the default chain of credentials without it.
        account_id: the account that it must be; any without it.

    Raises:
        AwsRefused: a value is malformed, there are no valid credentials, or they are another account's.
    """
    try:
        aws_checks.region(region)
        if account_id is not None:
            aws_checks.account_id(account_id)
    except InvalidValue as error:
        raise AwsRefused(str(error)) from error
    import boto3

    with refusals("asking STS who these credentials belong to"):
        session = boto3.Session(profile_name=profile, region_name=region)
        found = Account(session, "", "", region)
        identity = found.client("sts").get_caller_identity()
    if account_id is not None and identity["Account"] != account_id:
        raise AwsRefused(
            f"these credentials ({identity['Arn']}) belong to account {identity['Account']}, and"
            f" {account_id} was asked for.\nSet AWS_PROFILE, or give --profile, to a profile of {account_id};"
            f" `aws configure list-profiles` names those there are."
        )
    return Account(session, identity["Account"], identity["Arn"], region)


@contextmanager
def refusals(doing: str) -> Iterator[None]:
    """Turn an error of boto3 into a sentence with what to do.

    Raises:
        AwsRefused: boto3 raised inside; `doing` begins the message.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise AwsRefused(f"{doing}: {explain(error)}") from error


def code_of(error: Exception) -> str:
    """The error code that AWS answered with; the class of an error that never reached AWS."""
    response = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Code") or type(error).__name__)


def explain(error: Exception) -> str:
    """What AWS or boto3 refused, and what to do about it."""
    code, text = code_of(error), str(error).rstrip(".")
    for codes, remedy in _REMEDIES:
        if code in codes:
            return f"{text}.\n{remedy}"
    return f"{text}."


_REMEDIES: tuple[tuple[frozenset[str], str], ...] = (
    (
        frozenset({"NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError"}),
        "Sign in: `aws sso login --profile P` and AWS_PROFILE=P, or set AWS_ACCESS_KEY_ID and"
        " AWS_SECRET_ACCESS_KEY; in CI assume the deploy role by OIDC first.",
    ),
    (
        frozenset({"ProfileNotFound"}),
        "`aws configure list-profiles` names the profiles there are; `aws configure sso` makes one.",
    ),
    (
        frozenset({"UnauthorizedSSOTokenError", "SSOTokenLoadError", "TokenRetrievalError"}),
        "The single sign-on session has ended: run `aws sso login` again (with --profile P for profile P).",
    ),
    (
        frozenset(EXPIRED),
        "The session token has ended: run `aws sso login` again, or assume the role again, then repeat the"
        " command; it goes on from where it was.",
    ),
    (
        frozenset(UNKNOWN_KEY),
        "AWS does not know this access key: it was deleted, disabled, or belongs to another partition"
        " (`aws configure list` shows where it comes from); or the account has not switched the region on.",
    ),
    (
        frozenset(BAD_SIGNATURE),
        "The secret key does not fit the access key, or this machine's clock is off by more than five"
        " minutes: compare `date -u` with the time, and `aws configure list` with the key.",
    ),
    (
        frozenset(DENIED),
        "Ask the account's administrator for the action named above, or use another role;"
        " `aws sts get-caller-identity` shows the present one.",
    ),
    (
        frozenset(NOT_SUBSCRIBED),
        "The account has not switched this region or service on: Account > AWS Regions in the console.",
    ),
    (
        frozenset({"EndpointConnectionError", "ConnectTimeoutError", "ProxyConnectionError", "SSLError"}),
        "This machine does not reach AWS: check the network, HTTPS_PROXY and AWS_CA_BUNDLE; and that the"
        " service exists in the region.",
    ),
)
