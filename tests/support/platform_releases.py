"""The running platform's release log, as a pipeline or a person appends to it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import httpx
from pydantic import SecretStr

from mlops_serving.artifact import MANIFEST, artifact_key, parse_manifest
from mlops_serving.release import Release, append, current
from mlops_serving.store import Store, StoreSettings
from running_platform import Platform


def open_store(platform: Platform) -> Store:
    """The bucket of models, with the key that may write."""
    return Store(
        StoreSettings(
            url=platform.status["objectStoreUrl"],
            access_key_id=platform.secret("objectStoreReadWriteKeyId"),
            secret_access_key=SecretStr(platform.secret("objectStoreReadWriteSecretKey")),
        )
    )


def release(store: Store, version: str, why: str, **candidate: Any) -> int:
    """Append a release of that version to the endpoint's log; returns its number."""
    newest = current(store, "mortgage")
    assert isinstance(newest[0], Release)
    before = newest[0].number
    record = Release(
        number=before + 1,
        endpoint="mortgage",
        model="mortgage",
        stable_version=version,
        who="tests/e2e",
        when=datetime.now(UTC),
        why=why,
        gates={},
        previous=before,
        **candidate,
    )
    append(store, record)
    return record.number


def served_version(platform: Platform) -> str:
    """What the endpoint says that it serves; the test fails if it does not answer at once."""
    answer = httpx.get(f"{platform.endpoint['url']}/v2/models/mortgage", timeout=5)
    return str(answer.raise_for_status().json()["versions"][0])


def copy_version(store: Store, old: str, new: str) -> None:
    """The same model as another version."""
    here, there = artifact_key("mortgage", old), artifact_key("mortgage", new)
    text = store.get(f"{here}/{MANIFEST}").data
    for file in parse_manifest(text, here).files:
        store.create(f"{there}/{file.path}", store.get(f"{here}/{file.path}").data)
    store.create(f"{there}/{MANIFEST}", json.dumps(json.loads(text) | {"version": new}).encode())
