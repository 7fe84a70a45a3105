from __future__ import annotations

from typing import Any

import pytest

from pulumi_mlops import inputs


def resources(**wanted: Any) -> dict[str, Any]:
    return inputs.resources({"resources": wanted}, cpu="100m", memory="256Mi", memory_limit="1Gi")


@pytest.mark.parametrize(
    ("wanted", "request_and_limit"),
    [
        ({}, ("256Mi", "1Gi")),
        ({"memory": "512Mi"}, ("512Mi", "1Gi")),
        ({"memory": "2Gi"}, ("2Gi", "2Gi")),
        ({"memory": "2Gi", "memory_limit": "3Gi"}, ("2Gi", "3Gi")),
    ],
)
def test_the_default_limit_is_never_less_than_the_request(
    wanted: dict[str, Any], request_and_limit: tuple[str, str]
) -> None:
    request, limit = request_and_limit
    assert resources(**wanted) == {
        "requests": {"cpu": "100m", "memory": request},
        "limits": {"memory": limit},
    }
