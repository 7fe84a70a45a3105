"""A candidate on the running platform: canary, promotion and rollback through the release log alone."""

from __future__ import annotations

import json
from collections import Counter

import httpx
import pytest

from mlops_serving.artifact import MANIFEST, artifact_key
from platform_releases import copy_version, open_store, release, served_version
from running_platform import Platform, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]
SECONDS = 60


def followed(platform: Platform, number: int) -> None:
    line = f'mlops_release_number{{endpoint="mortgage"}} {number}'
    eventually(lambda: line in platform.server_metrics(), SECONDS, f"release {number} is served")


def answers(platform: Platform, body: dict[str, object], count: int) -> Counter[str]:
    """Versions that answered `count` clients."""
    with httpx.Client(base_url=platform.endpoint["url"], timeout=5) as client:
        return Counter(
            client.post("/v2/models/mortgage/infer", json=body | {"id": f"client-{number}"})
            .raise_for_status()
            .json()["model_version"]
            for number in range(count)
        )


def test_a_canary_gets_its_share_is_promoted_and_rolled_back(platform: Platform) -> None:
    store = open_store(platform)
    copy_version(store, "1", "7")
    golden = json.loads(store.get(f"{artifact_key('mortgage', '1')}/{MANIFEST}").data)["golden"]
    body: dict[str, object] = {"inputs": golden["inputs"]}

    followed(platform, release(store, "1", "try it", candidate_version="7", mode="canary", weight=20))
    assert served_version(platform) == "1"
    share = answers(platform, body, 200)
    assert set(share) == {"1", "7"}
    assert 20 <= share["7"] <= 60

    followed(platform, release(store, "7", "it did well"))
    assert answers(platform, body, 20) == {"7": 20}
    followed(platform, release(store, "1", "back to the reference"))
    assert answers(platform, body, 20) == {"1": 20}
