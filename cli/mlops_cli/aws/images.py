"""`mlops images ENV`: the images of an environment on AWS, by digest, and on their way to its ECR."""

from __future__ import annotations

import base64
import json
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mlops_cli.aws.access import Account, refusals
from mlops_cli.aws.errors import AwsRefused
from mlops_local.images import push
from mlops_local.images.layouts import manifest_digest
from mlops_stacks.settings import NAMESPACE
from pulumi_mlops.aws import endpoints

Line = Callable[[str], None]


@dataclass(frozen=True)
class Patience:
    """How long repositories are waited for, in seconds."""

    longest: float = 1800
    between: float = 10


def snippet(layouts: Mapping[str, Path]) -> str:
    """The lines of the settings that name the images by their digests."""
    digests = {name: manifest_digest(layouts[name]) for name in sorted(layouts)}
    return yaml.safe_dump({f"{NAMESPACE}:images": digests}, sort_keys=True)


def address(account: Account, environment: str, adopted: str | None) -> str:
    """The registry that the environment's nodes pull from: host and prefix."""
    if adopted is not None:
        return adopted
    return f"{endpoints.ecr_host(account.account_id, account.region)}/{NAMESPACE}-{environment}"


def push_all(
    account: Account,
    registry: str,
    layouts: Mapping[str, Path],
    line: Line,
    *,
    patience: Patience = Patience(),
    pause: Callable[[float], None] = time.sleep,
) -> dict[str, str]:
    """Push every image once its repository is there; returns the references by image.

    The stack makes the repositories within its first minute, long before the cluster that pulls from them.

    Raises:
        AwsRefused: the repositories did not come, or may not be looked at.
        ImageError: the registry refused an image.
    """
    prefix = registry.partition("/")[2]
    _wait(account, [f"{prefix}/{name}" for name in layouts], line, patience, pause)
    with tempfile.TemporaryDirectory(prefix="mlops-ecr-") as folder:
        file = Path(folder, "auth.json")
        file.touch(mode=0o600)
        file.write_text(json.dumps(_auth(account, registry.partition("/")[0])))
        return push(layouts, registry, line, folder="", auth_file=file)


def _auth(account: Account, host: str) -> dict[str, Any]:
    """skopeo's file of credentials; those of ECR end after twelve hours."""
    with refusals("asking ECR for credentials"):
        token = account.client("ecr").get_authorization_token()["authorizationData"][0]
    user, _, password = base64.b64decode(token["authorizationToken"]).decode().partition(":")
    credentials = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"auths": {host: {"auth": credentials}}}


def _wait(
    account: Account, names: Iterable[str], line: Line, patience: Patience, pause: Callable[[float], None]
) -> None:
    wanted, waited = set(names), 0.0
    while missing := sorted(wanted - _repositories(account)):
        if waited >= patience.longest:
            raise AwsRefused(
                f"ECR has no repository {missing[0]} after {waited:.0f} s; the stack makes it: run `pulumi "
                "up` or `mlops up` at the same time, or make it by hand where the registry is adopted"
            )
        if waited == 0:
            line(f"waiting for {len(missing)} repositories, such as {missing[0]}")
        pause(patience.between)
        waited += patience.between


def _repositories(account: Account) -> set[str]:
    with refusals("listing the repositories of ECR"):
        pages = account.client("ecr").get_paginator("describe_repositories").paginate()
        return {each["repositoryName"] for page in pages for each in page["repositories"]}
