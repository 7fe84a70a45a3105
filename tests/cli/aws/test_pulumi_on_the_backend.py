"""The real Pulumi CLI on a bootstrapped backend, with the printed lines and an operator's rights only.

AWS is moto behind a server that checks the policies of users (without conditions, of which it knows few).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from moto.core.authorization import enable_iam_authentication
from moto.server import ThreadedMotoServer

from aws_account import ACCOUNT, CREDENTIALS, REGION, conditions_left_out
from mlops_cli.aws.access import sign_in
from mlops_cli.aws.bootstrap import bootstrap
from mlops_cli.aws.state_backend import StateBackend, operator_policy, reader_policy
from mlops_cli.aws.violations import classify_all

BACKEND = StateBackend("mlops", ACCOUNT, REGION)


@dataclass(frozen=True)
class World:
    """A bootstrapped account behind a server, and users of it."""

    pulumi: Path
    folder: Path
    address: str
    users: dict[str, dict[str, str]]

    def run(self, user: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The Pulumi CLI as a user, with the user's rights checked by the server."""
        home = self.folder / user
        home.mkdir(exist_ok=True)
        (home / "Pulumi.yaml").write_text("name: mlops\nruntime: yaml\n")
        variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "PULUMI_HOME": str(home / ".pulumi-home"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "AWS_ENDPOINT_URL": self.address,
            "AWS_REGION": REGION,
            **self.users[user],
        }
        return subprocess.run(
            [self.pulumi, *arguments],
            cwd=home,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def client(self, user: str, service: str) -> Any:
        """A boto3 client with the user's rights."""
        keys = {name.lower(): value for name, value in self.users[user].items()}
        return boto3.client(service, region_name=REGION, endpoint_url=self.address, **keys)

    def login(self, user: str) -> None:
        """`pulumi login` with the printed address; the server of this test wants buckets in paths."""
        address = f"{BACKEND.login_url}&endpoint={self.address}&s3ForcePathStyle=true"
        done = self.run(user, "login", address)
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def world(binaries: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    with pytest.MonkeyPatch.context() as patch, conditions_left_out():
        for name, value in {**CREDENTIALS, "AWS_ENDPOINT_URL": address}.items():
            patch.setenv(name, value)
        httpx.post(f"{address}/moto-api/reset")
        admin = sign_in(REGION)
        keys, _ = bootstrap(admin, BACKEND, lambda step: None, check=False)
        users = {}
        for name, policy in {
            "dev": operator_policy(BACKEND, "dev", state_key=keys.state, secrets_key=keys.secrets),
            "reader": reader_policy(BACKEND, "dev", state_key=keys.state),
        }.items():
            iam = admin.client("iam")
            iam.create_user(UserName=name)
            iam.put_user_policy(UserName=name, PolicyName="state", PolicyDocument=policy)
            made = iam.create_access_key(UserName=name)["AccessKey"]
            users[name] = {
                "AWS_ACCESS_KEY_ID": made["AccessKeyId"],
                "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"],
            }
        folder = tmp_path_factory.mktemp("pulumi")
        with enable_iam_authentication():
            yield World(binaries("pulumi") / "pulumi", folder, address, users)
    server.stop()


def init(world: World, user: str, stack: str) -> subprocess.CompletedProcess[str]:
    return world.run(user, "stack", "init", stack, "--secrets-provider", BACKEND.secrets_provider(stack))


def test_an_operator_works_with_a_stack_of_its_own_and_no_other(world: World) -> None:
    world.login("dev")
    made = init(world, "dev", "dev")
    assert made.returncode == 0, made.stderr
    assert world.run("dev", "config", "set", "--secret", "key", "hush").returncode == 0
    assert world.run("dev", "config", "get", "key").stdout.strip() == "hush"
    assert '"type": "cloud"' in world.run("dev", "stack", "export").stdout
    destroyed = world.run("dev", "destroy", "--yes", "--skip-preview")
    assert destroyed.returncode == 0, destroyed.stderr
    listed = world.run("dev", "stack", "history")
    assert "destroy" in listed.stdout, listed.stderr
    other = init(world, "dev", "prod")
    assert other.returncode != 0
    assert "AccessDenied" in other.stderr
    removed = world.run("dev", "stack", "rm", "dev", "--yes")
    assert removed.returncode == 0, removed.stderr


def test_a_reader_reads_a_state_and_writes_none(world: World) -> None:
    world.login("dev")
    assert init(world, "dev", "dev").returncode == 0
    world.login("reader")
    read = world.run("reader", "stack", "export", "--stack", "dev")
    assert read.returncode == 0, read.stderr
    assert '"deployment"' in read.stdout
    written = world.run("reader", "stack", "tag", "set", "a", "b", "--stack", "dev")
    assert written.returncode != 0
    assert "AccessDenied" in written.stderr
    assert world.run("dev", "stack", "rm", "dev", "--yes").returncode == 0


def test_a_stack_that_is_locked_is_named_as_such_to_a_destroy(world: World) -> None:
    world.login("dev")
    assert init(world, "dev", "dev").returncode == 0
    key = ".pulumi/locks/organization/mlops/dev/other.json"
    lock = b'{"pid": 1, "username": "u", "hostname": "h", "timestamp": "2026-01-01T00:00:00Z"}'
    world.client("dev", "s3").put_object(Bucket=BACKEND.bucket, Key=key, Body=lock)
    locked = world.run("dev", "destroy", "--yes", "--skip-preview")
    (violation,) = classify_all([locked.stderr])
    assert (violation.kind, violation.waits) == ("stack-locked", False)
    cancelled = world.run("dev", "cancel", "--yes", "dev")
    assert cancelled.returncode == 0, cancelled.stderr
    assert world.run("dev", "stack", "rm", "dev", "--yes").returncode == 0
