"""The same behaviour on S3 and on a folder."""

from __future__ import annotations

import pytest

from mlops_serving.errors import (
    ObjectChanged,
    ObjectExists,
    ObjectMissing,
    SettingsError,
    StoreError,
    StoreUnavailable,
)
from mlops_serving.store import NotModified, Store, store_settings


@pytest.fixture(params=["s3", "folder"])
def any_store(request, tmp_path):
    if request.param == "folder":
        return Store(store_settings({"MLOPS_STORE_URL": f"file://{tmp_path}/objects"}))
    return request.getfixturevalue("store")


def test_an_object_is_created_once(any_store):
    any_store.create("a/b", b"1")
    with pytest.raises(ObjectExists, match=r"a/b in bucket models .* is never overwritten"):
        any_store.create("a/b", b"2")
    assert any_store.get("a/b").data == b"1"


def test_an_object_is_replaced_only_by_who_read_it_last(any_store):
    any_store.create("a", b"1")
    etag = any_store.get("a").etag
    any_store.replace("a", b"2", etag)
    with pytest.raises(ObjectChanged, match="read it again"):
        any_store.replace("a", b"3", etag)
    assert any_store.get("a").data == b"2"


def test_an_unchanged_object_is_not_sent_again(any_store):
    any_store.create("a", b"1")
    etag = any_store.get_if_changed("a", None).etag
    assert any_store.get_if_changed("a", etag) == NotModified(etag)
    any_store.replace("a", b"2", etag)
    assert any_store.get_if_changed("a", etag).data == b"2"


def test_a_missing_object_is_named(any_store, tmp_path):
    with pytest.raises(ObjectMissing, match="no x/y in bucket models"):
        any_store.get("x/y")
    with pytest.raises(ObjectMissing, match="no x/y in bucket models"):
        any_store.download("x/y", tmp_path / "y")


def test_listing_gives_the_names_one_level_down(any_store):
    for key in ("m/1/manifest.json", "m/2/a/b", "m/readme", "n/1"):
        any_store.create(key, b"")
    assert any_store.list("m") == ["1", "2", "readme"]
    assert any_store.list("nothing") == []


def test_a_download_is_the_whole_object(any_store, tmp_path):
    data = bytes(range(256)) * 20_000
    any_store.create("big", data)
    any_store.download("big", tmp_path / "new" / "big")
    assert (tmp_path / "new" / "big").read_bytes() == data


def test_a_store_that_is_down_is_told_apart_from_one_that_refuses(gateway, store):
    wrong = gateway.environ("models") | {"AWS_SECRET_ACCESS_KEY": "wrong"}
    with pytest.raises(StoreError, match="check AWS_ACCESS_KEY_ID") as caught:
        Store(store_settings(wrong)).get("a")
    assert not isinstance(caught.value, StoreUnavailable)
    gateway.stop()
    with pytest.raises(StoreUnavailable, match="a in bucket models at http://127"):
        store.get("a")


@pytest.mark.parametrize("url", ["", "store:7070", "s3://models", "ftp://x"])
def test_an_address_that_is_no_address_is_refused(url):
    with pytest.raises(SettingsError, match="give an S3 endpoint"):
        store_settings({"MLOPS_STORE_URL": url})


def test_the_secret_key_is_not_in_the_settings_text():
    settings = store_settings(
        {"MLOPS_STORE_URL": "http://x", "AWS_ACCESS_KEY_ID": "me", "AWS_SECRET_ACCESS_KEY": "hush"}
    )
    assert "hush" not in repr(settings)
