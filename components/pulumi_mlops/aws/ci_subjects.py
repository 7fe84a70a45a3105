"""Who of a CI system may have a role: exact issuers, audiences and subjects of its tokens. Pure."""

import re

from pulumi_mlops.aws import aws_checks
from pulumi_mlops.errors import InvalidValue

GITHUB = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"

_ISSUER = re.compile(r"[a-z0-9][a-z0-9.\-]*\.[a-z]{2,}(:[0-9]+)?(/[A-Za-z0-9._\-/]+)?")
# With the numbers of owner and repository, which GitHub appends where subjects are immutable.
_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9\-]*(@[0-9]+)?/[A-Za-z0-9._\-]+(@[0-9]+)?")
_WILDCARDS = re.compile(r"[*?\s]")


def issuer(value: str) -> str:
    """The host, and the path if there is one, of an OIDC issuer: no scheme, no slash at the end."""
    if not _ISSUER.fullmatch(value):
        raise InvalidValue(
            f"{value!r} is no issuer; give its host and path without https://, such as {GITHUB}"
        )
    return value.rstrip("/")


def repository(value: str) -> str:
    """`owner/name`, or `owner@1/name@2` with the numbers of immutable subjects."""
    if not _REPOSITORY.fullmatch(value):
        raise InvalidValue(
            f"{value!r} is not one repository; give owner/name, or owner@1234/name@5678 where GitHub's "
            "subjects are immutable. Wildcards are refused: they let every repository of the owner deploy"
        )
    return value


def environment(value: str) -> str:
    """The name of a deployment environment, whose rules say who may run with the role."""
    return _exact(value, "environment")


def subject(value: str) -> str:
    """The whole `sub` of a token, for issuers other than GitHub."""
    return _exact(value, "subject")


def of_environment(repository_name: str, environment_name: str) -> str:
    """GitHub's `sub` of a job in an environment.

    Source: GitHub Docs, "OpenID Connect reference", subject claims; a colon in a name is sent as `%3A`.
    """
    return f"repo:{repository_name}:environment:{environment_name.replace(':', '%3A')}"


def provider_of(value: str) -> str:
    """The ARN of an OIDC provider of IAM, from which the names of its conditions come."""
    if ":oidc-provider/" not in aws_checks.arn(value):
        raise InvalidValue(
            f"{value!r} is no OIDC provider; its ARN looks like arn:aws:iam::1…:oidc-provider/{GITHUB}"
        )
    return value


def _exact(value: str, kind: str) -> str:
    if not value or _WILDCARDS.search(value):
        raise InvalidValue(
            f"{value!r} is not one {kind}; wildcards and white space are refused, since the role would be "
            "given to whoever can name something like it"
        )
    return value
