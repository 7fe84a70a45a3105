"""One secret of AWS Secrets Manager, read with the key that EKS Pod Identity gives a pod.

The pipelines' image has no AWS SDK (33 MB); the one request that is needed is signed here.  Sources: AWS,
"Create a signed AWS API request" (Signature Version 4); AWS, "EKS Pod Identity" (the variables); AWS, Secrets
Manager API, "Common Errors".
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from mlops_pipelines.errors import PipelineError, SettingsError, Unreachable

TIMEOUT_SECONDS = 10.0
_SERVICE = "secretsmanager"
_TEMPORARY = frozenset({"ThrottlingException", "ExpiredTokenException", "RequestTimeoutException"})
"""Errors that are no refusal, though their status is 400."""


class SecretRefused(PipelineError):
    """The pod may not read the secret, or it is not what RDS writes; waiting does not help."""


@dataclass(frozen=True)
class SecretPlace:
    """Which secret, and `endpoint`, the address of Secrets Manager in its region."""

    arn: str
    region: str
    endpoint: str


@dataclass(frozen=True)
class Credentials:
    """A key that signs requests, with the token of a session if it is one."""

    key_id: str
    secret_key: str
    token: str = ""


def endpoint_of(region: str) -> str:
    """The public address of Secrets Manager in a region; in a VPC with its endpoint it leads there."""
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"https://{_SERVICE}.{region}.{domain}"


def username_and_password(place: SecretPlace, environ: Mapping[str, str]) -> tuple[str, str]:
    """(username, password) that the secret holds now.

    `environ` has AWS_CONTAINER_CREDENTIALS_FULL_URI with its token's file, or AWS_ACCESS_KEY_ID with its
    secret.

    Raises:
        SecretRefused: this pod may not read it, or it is no JSON object with both.
        SettingsError: neither kind of credentials is in `environ`.
        Unreachable: no answer, or one that another attempt may change.
    """
    body = json.dumps({"SecretId": place.arn}).encode()
    headers = signed_headers(place, _credentials(environ), body, datetime.now(UTC))
    try:
        answer = httpx.post(place.endpoint, content=body, headers=headers, timeout=TIMEOUT_SECONDS)
    except httpx.HTTPError as error:
        raise Unreachable(
            f"Secrets Manager at {place.endpoint} did not answer: {error}; check that the pod's network lets "
            "it through, by an interface endpoint or a NAT gateway"
        ) from error
    if answer.status_code != httpx.codes.OK:
        raise _failure(place, answer)
    try:
        known = json.loads(answer.json()["SecretString"])
        return str(known["username"]), str(known["password"])
    except (ValueError, KeyError, TypeError) as error:
        raise SecretRefused(
            f"{place.arn} is no JSON object with username and password; name the secret that RDS keeps"
        ) from error


def signed_headers(
    place: SecretPlace, credentials: Credentials, body: bytes, now: datetime
) -> dict[str, str]:
    """Headers of a POST of `body` to GetSecretValue, in Signature Version 4."""
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    headers = {
        "content-type": "application/x-amz-json-1.1",
        "host": urlsplit(place.endpoint).netloc,
        "x-amz-date": stamp,
        **({"x-amz-security-token": credentials.token} if credentials.token else {}),
        "x-amz-target": "secretsmanager.GetSecretValue",
    }
    names = ";".join(headers)
    canonical = "".join(f"{name}:{value}\n" for name, value in headers.items())
    request = "\n".join(["POST", "/", "", canonical, names, hashlib.sha256(body).hexdigest()])
    scope = f"{stamp[:8]}/{place.region}/{_SERVICE}/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(request.encode()).hexdigest()])
    key = f"AWS4{credentials.secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    claim = f"Credential={credentials.key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {**headers, "authorization": f"AWS4-HMAC-SHA256 {claim}"}


def _failure(place: SecretPlace, answer: httpx.Response) -> PipelineError:
    said = _object(answer)
    kind = str(said.get("__type", "")).rsplit("#", maxsplit=1)[-1]
    text = said.get("message") or said.get("Message") or ""
    what = f"Secrets Manager answered {answer.status_code} {kind} {text}".rstrip()
    if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR or kind in _TEMPORARY:
        return Unreachable(what)
    return SecretRefused(
        f"{what}; let the role of this pod's service account do secretsmanager:GetSecretValue on {place.arn} "
        "and kms:Decrypt with its key"
    )


def _credentials(environ: Mapping[str, str]) -> Credentials:
    if url := environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI"):
        return _pod_identity(url, environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", ""))
    if environ.get("AWS_ACCESS_KEY_ID") and environ.get("AWS_SECRET_ACCESS_KEY"):
        token = environ.get("AWS_SESSION_TOKEN", "")
        return Credentials(environ["AWS_ACCESS_KEY_ID"], environ["AWS_SECRET_ACCESS_KEY"], token)
    # The node's role is not asked for: it holds no application's rights.
    raise SettingsError(
        "AWS_CONTAINER_CREDENTIALS_FULL_URI is not set; associate the pod's service account with a role by "
        "EKS Pod Identity and start the pod anew, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    )


def _pod_identity(url: str, token_file: str) -> Credentials:
    try:
        token = Path(token_file).read_text()
    except OSError as error:
        raise SettingsError(
            f"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names {token_file!r}, which cannot be read: "
            f"{error.strerror}; EKS Pod Identity sets it with AWS_CONTAINER_CREDENTIALS_FULL_URI"
        ) from error
    try:
        answer = httpx.get(url, headers={"authorization": token}, timeout=TIMEOUT_SECONDS)
    except httpx.HTTPError as error:
        raise Unreachable(f"EKS Pod Identity's agent at {url} did not answer: {error}") from error
    if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise Unreachable(f"EKS Pod Identity's agent at {url} answered {answer.status_code}")
    known = _object(answer)
    try:
        return Credentials(known["AccessKeyId"], known["SecretAccessKey"], known["Token"])
    except KeyError as error:
        raise SecretRefused(
            f"EKS Pod Identity's agent answered {answer.status_code} and no credentials; check that the "
            "pod's service account is associated with a role that trusts pods.eks.amazonaws.com"
        ) from error


def _object(answer: httpx.Response) -> dict[str, Any]:
    try:
        known = answer.json()
    except ValueError:
        return {}
    return known if isinstance(known, dict) else {}
