from __future__ import annotations

from typing import Any

import pulumi
import pytest

import pulumi_mlops as mlops
from component_samples import make
from recording_engine import registered


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        ({"receivers": [{"name": "x", "kind": "pigeon"}]}, "receivers[0].kind", "webhook, email, slack"),
        ({"receivers": [{"name": "x", "kind": "webhook"}]}, "receivers[0].url", "required"),
        (
            {"receivers": [{"name": "x", "kind": "webhook", "url": "not an address"}]},
            "receivers[0].url",
            "this is no address",
        ),
        (
            {"receivers": [{"name": "x", "kind": "slack", "url": "https://a", "channel": "c", "to": "y"}]},
            "receivers[0]",
            "a receiver of kind slack has no to; allowed are channel, url",
        ),
        (
            {"receivers": [{"name": "x", "kind": "pagerduty", "routing_key": "k"}] * 2, "routes": None},
            "receivers",
            "the receiver 'x' is there twice",
        ),
        ({"routes": [{"receiver": "nobody-there"}]}, "routes[0].receiver", "hook, mail, chat, pager"),
        ({"routes": [{"receiver": "hook", "severity": "p1"}]}, "routes[0].severity", "page and ticket"),
        ({"prometheus": {"retention": "a month"}}, "prometheus.retention", "5m or 30d"),
        ({"pace": {"group_wait": "soon"}}, "pace.group_wait", "30s"),
        ({"rules": {"platform.yml": "x"}}, "rules", ".yaml at the end"),
        ({"images": {"prometheus": "prometheus:3"}}, "images.kube_state_metrics", "required"),
        (
            {"api_server_cidrs": ["10.0.0.0/8", "10.0.0.1"]},
            "api_server_cidrs[1]",
            "'10.0.0.1' is no block of addresses; allowed is one such as 10.0.0.0/28, or 10.0.0.1/32",
        ),
        ({"otlp_endpoint": "traces:4317"}, "otlp_endpoint", "http:// or https://"),
        (
            {"otlp_endpoint": "https://traces.example.org/v1/traces"},
            "otlp_endpoint",
            "'https://traces.example.org/v1/traces' has a path, which OTLP over gRPC has none of; leave it",
        ),
    ],
)
def test_a_wrong_argument_is_named_with_what_is_allowed(
    changes: dict[str, Any], path: str, words: str
) -> None:
    with pytest.raises(pulumi.InputPropertyError) as caught:
        registered(lambda: make(mlops.Monitoring, "mon", **changes))
    assert caught.value.property_path == path
    assert words in caught.value.reason
