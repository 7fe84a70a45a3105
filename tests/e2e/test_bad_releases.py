"""A release that cannot be served, from the model's bytes to the pod, while the version before it is."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from mlops_serving.artifact import MANIFEST, artifact_key, parse_manifest
from mlops_serving.store import Store
from platform_releases import open_store, release, served_version
from running_platform import Platform, eventually, mlops, pulumi

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(3600)]
ABSENT_DIGEST = f"sha256:{'0' * 64}"


@pytest.fixture
def store(platform: Platform) -> Store:
    """The bucket of models, as a pipeline sees it."""
    return open_store(platform)


@pytest.fixture
def mended(platform: Platform) -> Iterator[None]:
    """Whatever a test changed in the stack's configuration is undone by the next `mlops up`."""
    yield
    mlops("up", "e2e")
    assert served_version(platform) == "1"


def test_a_corrupted_artifact_is_refused_and_the_version_before_keeps_serving(
    platform: Platform, store: Store
) -> None:
    good, bad = artifact_key("mortgage", "1"), artifact_key("mortgage", "2")
    text = store.get(f"{good}/{MANIFEST}").data
    manifest = parse_manifest(text, good)
    for file in manifest.files:
        data = bytearray(store.get(f"{good}/{file.path}").data)
        data[len(data) // 2] ^= 1
        store.create(f"{bad}/{file.path}", bytes(data))
    store.create(f"{bad}/{MANIFEST}", json.dumps(json.loads(text) | {"version": "2"}).encode())

    release(store, "2", "a byte of it is wrong")
    eventually(
        lambda: (
            'mlops_release_errors_total{endpoint="mortgage",kind="DigestMismatch"} 1'
            in platform.server_metrics()
        ),
        60,
        "the server says that it refused the artifact",
    )
    assert served_version(platform) == "1"
    assert mlops("predict", "mortgage", "--env", "e2e").returncode == 0

    number = release(store, "1", "back to what works")
    eventually(
        lambda: f'mlops_release_number{{endpoint="mortgage"}} {number}' in platform.server_metrics(),
        60,
        "the server follows the log again",
    )


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        (
            "mlops:endpoints[0].version",
            "77",
            "model 'mortgage' has no version '77'; the versions there are: ",
        ),
        ("mlops:images.serving", f"127.0.0.1:30600/serving@{ABSENT_DIGEST}", ABSENT_DIGEST),
    ],
    ids=["a model version that does not exist", "an image that does not exist"],
)
def test_pods_that_cannot_start_fail_the_update_with_the_reason_while_the_old_ones_serve(
    platform: Platform, mended: None, key: str, value: str, reason: str
) -> None:
    pulumi("config", "set", "--path", key, value, "--type", "string", "--stack", "e2e")
    update = pulumi("up", "--yes", "--non-interactive", "--stack", "e2e", check=False)
    assert update.returncode != 0
    assert reason in update.stdout
    assert served_version(platform) == "1"
