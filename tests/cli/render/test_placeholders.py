from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlops_cli.render import placeholders
from mlops_stacks import kubeconfig
from mlops_stacks.monitoring_settings import ENCRYPTED
from mlops_stacks.settings import SECRET_NAMES, load

LOCAL = {"mlops:cluster": {"maker": "local-node"}}
EXISTING = {
    "maker": "kubeconfig",
    "kubeconfig": "~/.kube/config",
    "context": "risk",
    "imageRegistry": "registry.example.org",
    "ingressAddress": "10.0.0.7",
}
SECRETS = {name: f"placeholder-{name}" for name in SECRET_NAMES}
IMAGES = {name: f"placeholder/{name}@sha256:{'0' * 64}" for name in placeholders.IMAGE_NAMES}


def completed(config: dict[str, Any], images: dict[str, str] | None = None) -> dict[str, Any]:
    return placeholders.completed(config, images or {}, "/here/kubeconfig")


def test_what_up_makes_is_filled_in_and_passes_the_settings_checks() -> None:
    values = completed(LOCAL)
    assert values == {
        **LOCAL,
        "mlops:images": IMAGES,
        "mlops:secrets": SECRETS,
        "mlops:kubeconfig": "/here/kubeconfig",
    }
    assert load(values).images is not None


def test_known_images_are_taken_by_name_and_those_of_the_file_as_they_are() -> None:
    assert completed(LOCAL, {"serving": "known", "gone": "x"})["mlops:images"] == IMAGES | {
        "serving": "known"
    }
    assert completed({**LOCAL, "mlops:images": {"serving": "own"}}, {"serving": "known"})["mlops:images"] == {
        "serving": "own"
    }


def test_the_files_own_secrets_and_kubeconfigs_never_reach_the_program() -> None:
    values = completed(
        {
            "cluster": EXISTING,
            "mlops:secrets": {"databasePassword": "hunter2"},
            "mlops:kubeconfig": "/real/kubeconfig",
            "aws:token": {"secure": "v1:cipher"},
            "shop:keys": [{"name": "a", "value": {"secure": "v1:cipher"}}],
        }
    )
    assert values == {
        "mlops:cluster": {**EXISTING, "kubeconfig": "/here/kubeconfig"},
        "mlops:images": IMAGES,
        "mlops:secrets": SECRETS,
        "mlops:kubeconfig": "/here/kubeconfig",
        "aws:token": ENCRYPTED,
        "shop:keys": [{"name": "a", "value": ENCRYPTED}],
    }


@pytest.mark.parametrize(
    ("cluster", "context"), [({"maker": "local-node"}, "placeholder"), (EXISTING, "risk")]
)
def test_the_kubeconfig_has_the_context_that_is_asked_for_and_leads_nowhere(
    cluster: dict[str, str], context: str
) -> None:
    made = placeholders.kubeconfig(placeholders.context_of({"cluster": cluster}))
    assert made["clusters"] == [{"name": "placeholder", "cluster": {"server": "https://placeholder.invalid"}}]
    assert kubeconfig.only_context(made, context, Path("/")) == made


def test_the_program_gets_text_as_it_is_and_all_else_as_json() -> None:
    assert placeholders.as_engine_config({"a": "5Gi", "b": 1, "c": True, "d": {"e": [1]}}) == {
        "a": "5Gi",
        "b": "1",
        "c": "true",
        "d": '{"e": [1]}',
    }


def test_only_images_that_show_are_told_as_placeholders() -> None:
    document = f'{{"image": "{IMAGES["serving"]}"}}'
    assert placeholders.used(document, {"mlops:cluster": EXISTING}) == (
        "mlops:images.serving",
        "mlops:kubeconfig",
        "mlops:secrets",
    )
    assert placeholders.used(document, {"cluster": {"maker": "eks"}}) == (
        "mlops:images.serving",
        "mlops:secrets",
    )
