"""Environment variables, strictly."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlops_serving.errors import SettingsError
from mlops_serving.settings import ModelSettings, read_settings
from serving_process import models

NEEDED = {"MLOPS_MODELS": models("release"), "MLOPS_STORE_URL": "http://store:7070"}


def test_the_defaults_are_those_of_the_container_contract():
    settings = read_settings(NEEDED | {"PATH": "/bin"})
    assert settings.models == (ModelSettings(name="iris", endpoint="flowers", version="release"),)
    assert (settings.http_port, settings.workers, settings.poll_seconds) == (8080, 1, 5)
    assert (settings.drain_seconds, settings.cache_dir) == (10, Path("/var/cache/mlops"))


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        (
            "MLOPS_HTTP_PORTS",
            "1",
            "MLOPS_HTTP_PORTS is no setting of the model server; the settings are MLOPS_MODELS,",
        ),
        ("MLOPS_HTTP_PORT", "x", "MLOPS_HTTP_PORT is 'x': Input should be a valid integer"),
        ("MLOPS_HTTP_PORT", "0", "MLOPS_HTTP_PORT is '0': Input should be greater than or equal to 1"),
        (
            "MLOPS_GRPC_PORT",
            "8080",
            "MLOPS_GRPC_PORT is '8080': Value error, another port of this server has",
        ),
        ("MLOPS_ADMIN_PORT", "8080", "MLOPS_ADMIN_PORT is '8080': Value error, another port of this server"),
        ("MLOPS_WORKERS", "65", "MLOPS_WORKERS is '65': Input should be less than or equal to 64"),
        ("MLOPS_MODELS", models("latest"), "MLOPS_MODELS.0.version is 'latest': "),
        ("MLOPS_MODELS", models("1", "My Model"), "MLOPS_MODELS.0.name is 'My Model': "),
        ("MLOPS_MODELS", "[]", "MLOPS_MODELS is []: Tuple should have at least 1 item"),
        ("MLOPS_MODELS", "iris", "MLOPS_MODELS is 'iris': Invalid JSON"),
        ("MLOPS_LOG_LEVEL", "loud", "'debug', 'info', 'warning' or 'error'"),
        ("MLOPS_DRAIN_SECONDS", "-1", "MLOPS_DRAIN_SECONDS is '-1': "),
        ("MLOPS_DRAIN_SECONDS", "nan", "MLOPS_DRAIN_SECONDS is 'nan': "),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_allowed(name, value, text):
    with pytest.raises(SettingsError) as caught:
        read_settings(NEEDED | {name: value})
    assert text in str(caught.value)


def test_a_secret_is_never_repeated():
    with pytest.raises(SettingsError) as caught:
        read_settings(NEEDED | {"MLOPS_REQUEST_LOG_HASH_KEY": "too-short"})
    assert str(caught.value) == (
        "MLOPS_REQUEST_LOG_HASH_KEY is a secret that is not shown: Value should have at least 16 items after "
        "validation, not 9"
    )
    assert "sixteen-letters!" not in repr(
        read_settings(NEEDED | {"MLOPS_REQUEST_LOG_HASH_KEY": "sixteen-letters!"})
    )


def test_every_problem_is_told_at_once():
    with pytest.raises(SettingsError) as caught:
        read_settings({"MLOPS_X": "1"})
    assert str(caught.value).splitlines()[:2] == [
        "MLOPS_MODELS is not set; it is needed",
        "MLOPS_STORE_URL is not set; it is needed",
    ]


def test_a_store_is_not_needed_when_every_model_has_a_folder():
    own = {"name": "a", "endpoint": "a", "version": "1", "folder": "/models/a"}
    followed = {"name": "b", "endpoint": "b"}
    assert read_settings({"MLOPS_MODELS": json.dumps([own])}).store_url == ""
    with pytest.raises(SettingsError, match="MLOPS_STORE_URL is not set; it is needed"):
        read_settings({"MLOPS_MODELS": json.dumps([own, followed])})


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"MLOPS_ALLOW_CODE": '["typo"]'}, r"\['typo'\] are no models of this server, which has \['iris'\]"),
        ({"MLOPS_ALLOW_CODE": "iris"}, "Invalid JSON"),
        (
            {"MLOPS_MODELS": '[{"name": "a", "endpoint": "a", "folder": "/a"}]'},
            "model 'a' has a folder, so it needs the number of its version",
        ),
    ],
)
def test_permissions_and_folders_are_checked(changes, text):
    with pytest.raises(SettingsError, match=text):
        read_settings(NEEDED | changes)
    assert read_settings(NEEDED | {"MLOPS_ALLOW_CODE": '["iris"]'}).allow_code == ("iris",)
