from __future__ import annotations

from typing import Any

import pytest

from mlops_local.node.spec import POD_BLOCK
from mlops_stacks.errors import SettingsError
from mlops_stacks.platform_args import platform_args
from mlops_stacks.settings import SECRET_NAMES, load
from pulumi_mlops import MonitoringSource
from stack_settings import CLUSTER, IMAGES, NEEDED

HOOK = {"name": "hook", "kind": "webhook", "url": "https://hook.example.org/secret-path"}
MAIL = {
    "name": "mail",
    "kind": "email",
    "to": "models@example.org",
    "from": "alerts@example.org",
    "smarthost": "smtp.example.org:587",
    "username": "alerts",
    "password": "secret-password",
}
CHAT = {"name": "chat", "kind": "slack", "url": "https://chat.example.org/secret", "channel": "#models"}
PAGER = {"name": "pager", "kind": "pagerduty", "routingKey": "secret-key"}
ENCRYPTED = {"secure": "v1:abc"}


def settings(monitoring: Any, **more: Any) -> dict[str, Any]:
    return {
        "cluster": CLUSTER,
        "monitoring": monitoring,
        "endpoints": [{"name": "mortgage", "model": "mortgage", "owner": "credit-risk"}],
        "images": IMAGES,
        "secrets": dict.fromkeys(SECRET_NAMES, "x"),
        **more,
    }


def run(**keys: Any) -> dict[str, Any]:
    return {"mode": "run", **keys}


@pytest.fixture
def arguments(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The platform's arguments for settings, without a kubeconfig to read."""
    monkeypatch.setattr("mlops_stacks.platform_args.kubeconfig.read", lambda *_: "kubeconfig")
    return lambda values: platform_args(load(values))


def test_all_settings_become_the_components_arguments(arguments: Any) -> None:
    monitoring = run(
        size="20Gi",
        retention="30d",
        retentionSize="16Gi",
        scrapeInterval="10s",
        verifyKubelets=False,
        cpu="200m",
        memory="512Mi",
        memoryLimit="2Gi",
        receivers=[{**HOOK, "bearerToken": "secret-token"}, MAIL, CHAT, PAGER],
        routes=[{"receiver": "pager", "severity": "page"}, {"receiver": "mail", "owner": "credit-risk"}],
        groupWait="10s",
        groupInterval="1m",
        repeatInterval="12h",
        otlpEndpoint="https://traces.example.org:4317",
        tracing={"sampleRatio": 0.5},
        apiServerCidrs=["10.0.0.0/28"],
    )
    assert arguments(settings(monitoring))["monitoring"] == {
        "source": MonitoringSource.RUN,
        "prometheus": {
            "size": "20Gi",
            "retention": "30d",
            "retention_size": "16Gi",
            "scrape_seconds": 10,
            "verify_kubelets": False,
            "resources": {"cpu": "200m", "memory": "512Mi", "memory_limit": "2Gi"},
        },
        "receivers": [
            {**HOOK, "bearer_token": "secret-token"},
            {**{k: v for k, v in MAIL.items() if k != "from"}, "from_address": "alerts@example.org"},
            CHAT,
            {"name": "pager", "kind": "pagerduty", "routing_key": "secret-key"},
        ],
        "routes": [
            {"receiver": "pager", "severity": "page"},
            {"receiver": "mail", "owner": "credit-risk"},
        ],
        "pace": {"group_wait": "10s", "group_interval": "1m", "repeat_interval": "12h"},
        "otlp_endpoint": "https://traces.example.org:4317",
        "tracing": {"sample_ratio": 0.5},
        "api_server_cidrs": ["10.0.0.0/28"],
    }


def test_without_settings_there_is_no_monitoring(arguments: Any) -> None:
    values = settings({}, images=NEEDED)
    assert "monitoring" not in arguments(values)
    del values["monitoring"]
    assert "monitoring" not in arguments(values)


def test_the_mode_alone_is_enough(arguments: Any) -> None:
    assert arguments(settings(run()))["monitoring"] == {"source": MonitoringSource.RUN}


def test_the_local_nodes_api_server_comes_from_its_own_address_and_that_of_its_pods_bridge(
    arguments: Any,
) -> None:
    cluster = {"maker": "local-node", "addressBlock": "10.199.0.4/30"}
    local = {"cluster": cluster, "kubeconfig": "unread"}
    assert arguments(settings(run(), **local))["monitoring"]["api_server_cidrs"] == [
        "10.199.0.4/30",
        f"{POD_BLOCK[1]}/32",
    ]
    given = arguments(settings(run(apiServerCidrs=["10.0.0.0/28"]), **local))
    assert given["monitoring"]["api_server_cidrs"] == ["10.0.0.0/28"]
    none = arguments(settings(run(apiServerCidrs=[])))
    assert none["monitoring"]["api_server_cidrs"] == []


def test_running_it_without_its_images_is_refused_with_what_to_give(arguments: Any) -> None:
    images = {**NEEDED, "prometheus": IMAGES["prometheus"]}
    words = "mlops:monitoring.mode run: alertmanager, kube-state-metrics, node-exporter, otel-collector; "
    with pytest.raises(SettingsError, match=words):
        arguments(settings(run(), images=images))


@pytest.mark.parametrize(
    ("monitoring", "words"),
    [
        (
            {"mode": "adopt"},
            "mlops:monitoring.prometheusUrl: needed to adopt a Prometheus; give its address",
        ),
        ({"mode": "runs"}, "mlops:monitoring.mode: 'runs' was given"),
        (
            {"retention": "30d"},
            "mlops:monitoring.retention: nothing would use it; set mlops:monitoring.mode to run, or leave it "
            "out",
        ),
        (
            run(retenton="30d"),
            "mlops:monitoring.retenton: unknown key (did you mean retention?); allowed are",
        ),
        (run(retention="a month"), "mlops:monitoring.retention: 'a month' is not a window"),
        (
            run(size="5Gi", retentionSize="6Gi"),
            "mlops:monitoring.retentionSize: 6Gi do not fit on the volume of 5Gi; give less, or leave it out "
            "for 80 % of the volume",
        ),
        (
            run(retentionSize="6Gi"),
            "mlops:monitoring.retentionSize: 6Gi do not fit on the volume of 5Gi, the default of size; give "
            "less, or leave it out for 80 % of the volume",
        ),
        (
            run(size="1Gi", retentionSize="2Gi"),
            "mlops:monitoring.retentionSize: 2Gi do not fit on the volume of 1Gi; give less, or leave it out",
        ),
        (
            run(scrapeInterval="2m"),
            "mlops:monitoring.scrapeInterval: 2m is too long, since rules look at 5m; allowed is up to 75s",
        ),
        (
            run(receivers=[{**HOOK, "kind": "webhok"}]),
            "mlops:monitoring.receivers[0].kind: 'webhok' was given; allowed are 'webhook', 'email', "
            "'slack', 'pagerduty'",
        ),
        (
            run(receivers=[{"name": "hook"}]),
            "mlops:monitoring.receivers[0].kind: nothing was given; allowed are 'webhook'",
        ),
        (
            run(receivers=[{**HOOK, "urll": "x"}]),
            "mlops:monitoring.receivers[0].urll: unknown key (did you mean url?); allowed are name, kind, "
            "url, bearerToken",
        ),
        (
            run(receivers=[{"name": "hook", "kind": "webhook"}]),
            "mlops:monitoring.receivers[0].url: this key is required and was not given",
        ),
        (
            run(receivers=[{**HOOK, "url": "secret.example.org"}]),
            "mlops:monitoring.receivers[0].url: this is no address; allowed is http:// or https://",
        ),
        (
            run(receivers=[{**PAGER, "routingKey": 7}]),
            "mlops:monitoring.receivers[0].routingKey: a value that is not shown was given; allowed is text",
        ),
        (
            run(receivers={"hook": "secret.example.org"}),
            "mlops:monitoring.receivers: a value that is not shown was given; allowed is a list",
        ),
        (
            run(receivers=[{k: v for k, v in MAIL.items() if k != "username"}]),
            "mlops:monitoring.receivers[0]: a password needs a username; give both, or neither",
        ),
        (
            run(receivers=[{**MAIL, "smarthost": "smtp.example.org"}]),
            "mlops:monitoring.receivers[0].smarthost: 'smtp.example.org' is no mail server",
        ),
        (
            run(receivers=[HOOK, {**CHAT, "name": "hook"}]),
            "mlops:monitoring.receivers: the receiver 'hook' is there twice; names must differ",
        ),
        (
            run(receivers=[HOOK], routes=[{"receiver": "hok"}]),
            "mlops:monitoring.routes[0].receiver: 'hok' is no receiver; there are hook: add it to receivers, "
            "or mend the name",
        ),
        (
            run(receivers=[HOOK], routes=[{"receiver": "hook", "severity": "critical"}]),
            "mlops:monitoring.routes[0].severity: 'critical' was given; allowed are 'page' or 'ticket'",
        ),
        (
            run(receivers=[HOOK], routes=[{"receiver": "hook"}, {"receiver": "hook", "owner": "risk"}]),
            "mlops:monitoring.routes[1].owner: no alert has the owner 'risk'; there are credit-risk, "
            "platform",
        ),
        (
            run(otlpEndpoint="traces.example.org:4317"),
            "mlops:monitoring.otlpEndpoint: 'traces.example.org:4317' is no address",
        ),
        (
            run(otlpEndpoint="https://traces.example.org/v1/traces"),
            "mlops:monitoring.otlpEndpoint: 'https://traces.example.org/v1/traces' has a path, which OTLP "
            "over gRPC has none of; leave it out",
        ),
        (
            run(apiServerCidrs=["10.0.0.1/8"]),
            "mlops:monitoring.apiServerCidrs[0]: '10.0.0.1/8' is no block of addresses; allowed is one such",
        ),
        (
            {"mode": "none", "apiServerCidrs": ["10.0.0.0/28"]},
            "mlops:monitoring.apiServerCidrs: nothing would use it; set mlops:monitoring.mode to run",
        ),
        (run(tracing={"sampleRatio": 2.0}), "mlops:monitoring.tracing.sampleRatio: 2.0 is no part"),
        (
            run(memory="2Gi", memoryLimit="1Gi"),
            "mlops:monitoring: memory, 2Gi, is more than memoryLimit, 1Gi",
        ),
    ],
)
def test_settings_that_cannot_work_are_refused_by_path_and_show_no_secret(
    monitoring: dict[str, Any], words: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load(settings(monitoring))
    _, line = str(caught.value).splitlines()
    assert line.strip().startswith(words)
    assert "secret" not in line.replace("secret.example.org", "") or "not shown" in line


def test_scaling_on_concurrency_needs_three_scrapes_in_its_window() -> None:
    endpoint = {
        "name": "mortgage",
        "model": "mortgage",
        "scaling": {"by": "concurrency", "targetInFlight": 4},
    }
    more = {"endpoints": [endpoint], "keda": {"mode": "run"}}
    load(settings(run(scrapeInterval="5s"), **more))
    with pytest.raises(SettingsError) as caught:
        load(settings(run(scrapeInterval="6s"), **more))
    assert (
        "mlops:monitoring.scrapeInterval: 6s is too long, since scaling on concurrency looks at 15s; allowed "
        "is up to 5s"
    ) in str(caught.value)


def test_encrypted_secrets_of_receivers_are_left_to_the_engine_and_all_else_is_read() -> None:
    receivers = [
        {**HOOK, "url": ENCRYPTED, "bearerToken": ENCRYPTED},
        {**MAIL, "password": ENCRYPTED},
        {**CHAT, "url": ENCRYPTED},
        {**PAGER, "routingKey": ENCRYPTED},
    ]
    found = load(settings(run(receivers=receivers))).monitoring
    assert found.mode == "run"
    assert [receiver.name for receiver in found.receivers] == ["hook", "mail", "chat", "pager"]


def test_a_section_that_is_encrypted_as_a_whole_is_refused_with_what_to_do() -> None:
    with pytest.raises(SettingsError, match="mlops:monitoring: the whole section is encrypted; encrypt its"):
        load(settings(ENCRYPTED))


def test_secrets_of_receivers_are_hidden_when_printed() -> None:
    shown = repr(load(settings(run(receivers=[HOOK, MAIL, CHAT, PAGER]))).monitoring)
    assert "secret" not in shown.replace("SecretStr", "")
