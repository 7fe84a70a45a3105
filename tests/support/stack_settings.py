"""Settings of a stack on somebody's cluster, and what is said of wrong ones."""

from __future__ import annotations

from typing import Any

import pytest

from component_samples import image
from mlops_stacks.errors import SettingsError
from mlops_stacks.settings import Images, load

CLUSTER = {
    "maker": "kubeconfig",
    "kubeconfig": "unread",
    "context": "admin",
    "imageRegistry": "registry.example.com",
    "ingressAddress": "10.0.0.9",
}
IMAGES = {str(field.alias): image(str(field.alias)) for field in Images.model_fields.values()}
"""Every image that an environment may need."""
NEEDED = {name: IMAGES[name] for name in ("object-store", "postgres", "mlflow", "pipeline", "serving")}
"""The images that every environment needs."""


def problem(values: dict[str, Any]) -> str:
    """The one line under the heading."""
    with pytest.raises(SettingsError) as caught:
        load(values)
    heading, line = str(caught.value).splitlines()
    assert heading == "the settings cannot be used:"
    return line.strip()
