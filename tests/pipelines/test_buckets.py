from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from minio import Minio
from minio.error import S3Error
from pydantic import SecretStr

from mlops_pipelines import buckets
from mlops_pipelines.errors import PipelineError
from mlops_pipelines.settings import BucketSettings
from mlops_serving.errors import ObjectExists, StoreError
from mlops_serving.store import Store, StoreSettings
from serving_process import free_port, wait_until

ROOT_SECRET = "root-secret"
USERS = {
    "accessAccounts": {
        name: {
            "access": name,
            "secret": f"{name}-secret",
            "role": "user",
            "userID": 0,
            "groupID": 0,
            "projectID": 0,
        }
        for name in ("reader", "writer")
    }
}


@pytest.fixture
def url(binaries: Callable[[str], Path], tmp_path: Path) -> Iterator[str]:
    """A gateway with two users, as the ObjectStore component runs it: the users' file is read only."""
    (tmp_path / "iam").mkdir()
    (tmp_path / "iam" / "users.json").write_text(json.dumps(USERS))
    (tmp_path / "objects").mkdir()
    port = free_port()
    environ = {
        "PATH": os.environ["PATH"],
        "ROOT_ACCESS_KEY_ID": "root",
        "ROOT_SECRET_ACCESS_KEY": ROOT_SECRET,
    }
    command = [
        binaries("versitygw") / "versitygw",
        f"--port=127.0.0.1:{port}",
        f"--iam-dir={tmp_path / 'iam'}",
    ]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--quiet", "posix", str(tmp_path / "objects")], env=environ, stdout=log, stderr=log
        )

    def accepts() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    wait_until(accepts)
    yield f"http://127.0.0.1:{port}"
    process.kill()
    process.wait()


def place(url: str, user: str, secret: str, bucket: str = "models") -> StoreSettings:
    return StoreSettings(url=url, bucket=bucket, access_key_id=user, secret_access_key=SecretStr(secret))


def set_up(url: str, secret: str = ROOT_SECRET) -> list[str]:
    lines: list[str] = []
    root = place(url, "root", secret)
    buckets.set_up(
        BucketSettings(store=root, read_only_user="reader", read_write_user="writer"), lines.append
    )
    return lines


def test_buckets_are_made_once_and_policies_set_every_time(url: str) -> None:
    assert len(set_up(url)) == 6
    assert set_up(url) == [f"set the policy of bucket {bucket}" for bucket in buckets.BUCKETS]


def test_the_reader_reads_models_and_writes_none(url: str) -> None:
    set_up(url)
    Store(place(url, "writer", "writer-secret")).create("models/a/1/file", b"1")
    reader = Store(place(url, "reader", "reader-secret"))
    assert reader.get("models/a/1/file").data == b"1"
    with pytest.raises(StoreError, match="was refused"):
        reader.create("models/a/1/other", b"2")
    with pytest.raises(StoreError, match="was refused"):
        Store(place(url, "reader", "reader-secret", "data")).get("anything")


def test_the_reader_adds_to_the_request_log_but_neither_reads_nor_lists_it(url: str) -> None:
    set_up(url)
    requests = Store(place(url, "reader", "reader-secret", "requests"))
    key = "endpoint=e/version=1/hour=2026-11-24T18/pod-0-1-0.parquet"
    requests.create(key, b"1")
    assert Store(place(url, "writer", "writer-secret", "requests")).get(key).data == b"1"
    with pytest.raises(StoreError, match="was refused"):
        requests.get(key)
    with pytest.raises(StoreError, match="403 Forbidden"):
        requests.list("endpoint=e")
    with pytest.raises(ObjectExists):
        requests.create(key, b"2")


def test_the_writer_writes_everywhere_and_deletes_nowhere(url: str) -> None:
    set_up(url)
    client = Minio(urlsplit(url).netloc, "writer", "writer-secret", secure=False, region="us-east-1")
    for bucket in buckets.BUCKETS:
        Store(place(url, "writer", "writer-secret", bucket)).create("a/file", b"1")
        with pytest.raises(S3Error, match="AccessDenied"):
            client.remove_object(bucket, "a/file")


def test_a_user_that_the_store_does_not_know_is_reported(url: str) -> None:
    root = place(url, "root", ROOT_SECRET)
    settings = BucketSettings(store=root, read_only_user="nobody", read_write_user="writer")
    with pytest.raises(PipelineError, match="the object store refused: MalformedPolicy"):
        buckets.set_up(settings, lambda _: None)


def test_a_wrong_root_key_is_named(url: str) -> None:
    with pytest.raises(PipelineError, match="check the root key"):
        set_up(url, "wrong")
