"""One secret of AWS Secrets Manager, read with the key that EKS Pod Identity gives a pod.

Sources: AWS, "EKS Pod Identity" (the variables); AWS, Secrets Manager API, "Common Errors".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.config import Config
from botocore.credentials import ContainerProvider, CredentialResolver, EnvProvider
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
)
from botocore.session import Session

from mlops_pipelines.errors import PipelineError, SettingsError, Unreachable

TIMEOUT_SECONDS = 10
_TEMPORARY = frozenset({"ThrottlingException", "ExpiredTokenException", "RequestTimeoutException"})
"""Errors that are no refusal, though their status is 400."""

Read = Callable[[], tuple[str, str]]
"""Gives (username, password) that the secret holds now."""


class SecretRefused(PipelineError):
    """The pod may not read the secret, or it is not what RDS writes; waiting does not help."""


@dataclass(frozen=True)
class SecretPlace:
    """Which secret; `endpoint` stands in place of the address of Secrets Manager in the region.

    The fields are those of the JSON object in it.
    """

    arn: str
    region: str
    endpoint: str | None = None
    user_field: str = "username"
    password_field: str = "password"  # noqa: S105 - the name of a field


def reader(place: SecretPlace, environ: Mapping[str, str]) -> Read:
    """What reads the secret, with a key that is renewed as it ends.

    `environ` has AWS_CONTAINER_CREDENTIALS_FULL_URI with its token's file, or AWS_ACCESS_KEY_ID with its
    secret.  The node's role is not asked for: it holds no application's rights.

    What it returns raises:
        SecretRefused: this pod may not read it, or it is no JSON object with both.
        SettingsError: neither kind of credentials is in `environ`.
        Unreachable: no answer, or one that another attempt may change.
    """
    session = Session()
    providers = [ContainerProvider(dict(environ)), EnvProvider(dict(environ))]
    session.register_component("credential_provider", CredentialResolver(providers))
    client: Any = None

    def read() -> tuple[str, str]:
        nonlocal client
        try:
            client = client or session.create_client(
                "secretsmanager",
                region_name=place.region,
                endpoint_url=place.endpoint,
                config=Config(connect_timeout=TIMEOUT_SECONDS, read_timeout=TIMEOUT_SECONDS),
            )
            return _parsed(place, client.get_secret_value(SecretId=place.arn))
        except ClientError as error:
            raise _failure(place, error.response) from error
        except (NoCredentialsError, PartialCredentialsError) as error:
            raise SettingsError(
                "AWS_CONTAINER_CREDENTIALS_FULL_URI is not set; associate the pod's service account with a "
                "role by EKS Pod Identity and start the pod anew, or set AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY"
            ) from error
        except CredentialRetrievalError as error:
            raise Unreachable(
                f"EKS Pod Identity's agent gave no credentials: {error}; check that the pod's service "
                "account is associated with a role that trusts pods.eks.amazonaws.com"
            ) from error
        except BotoCoreError as error:
            raise Unreachable(
                f"Secrets Manager did not answer: {error}; check that the pod's network lets it through, by "
                "an interface endpoint or a NAT gateway"
            ) from error

    return read


def _parsed(place: SecretPlace, answer: Mapping[str, Any]) -> tuple[str, str]:
    try:
        known = json.loads(answer["SecretString"])
        return str(known[place.user_field]), str(known[place.password_field])
    except (ValueError, KeyError, TypeError) as error:
        raise SecretRefused(
            f"{place.arn} is no JSON object with {place.user_field} and {place.password_field}; name the "
            "secret that RDS keeps, or the fields of yours"
        ) from error


def _failure(place: SecretPlace, answer: Mapping[str, Any]) -> PipelineError:
    status, said = answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]
    kind = str(said.get("Code", ""))
    what = f"Secrets Manager answered {status} {kind} {said.get('Message', '')}".rstrip()
    if status >= 500 or kind in _TEMPORARY:
        return Unreachable(what)
    return SecretRefused(
        f"{what}; let the role of this pod's service account do secretsmanager:GetSecretValue on {place.arn} "
        "and kms:Decrypt with its key"
    )
