from __future__ import annotations

import pytest

from pulumi_mlops import checks
from pulumi_mlops.errors import InvalidValue

DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (checks.image_by_digest, f"127.0.0.1:30500/mlops/serving@{DIGEST}"),
        (checks.image_by_digest, f"docker.io/library/postgres:15-bookworm@{DIGEST}"),
        (checks.object_name, "a"),
        (checks.object_name, "mortgage-2"),
        (checks.model_version, "release"),
        (checks.model_version, "12"),
        (checks.cpu_quantity, "100m"),
        (checks.cpu_quantity, "0.5"),
        (checks.bytes_quantity, "512Mi"),
        (checks.bytes_quantity, "1.5Gi"),
        (checks.duration, "90s"),
        (checks.label_name, "grafana_dashboard"),
        (checks.label_name, "example.org/team"),
        (checks.label_value, ""),
        (checks.label_value, "kube-prometheus-stack"),
        (checks.cron_schedule, "*/5 0-6 * * MON,FRI"),
        (checks.node_port, 30000),
        (checks.node_port, 32767),
        (checks.positive, 1),
        (checks.percent, 100),
        (checks.ratio, 0.0),
        (checks.ratio, 1.0),
        (checks.http_url, "https://collector.example.org/otlp"),
        (checks.http_url, "http://otel-collector.mlops-system.svc:4318"),
    ],
)
def test_an_allowed_value_comes_back_as_it_is(check, value) -> None:  # type: ignore[no-untyped-def]
    assert check(value) == value


@pytest.mark.parametrize(
    ("check", "value", "allowed"),
    [
        (checks.image_by_digest, "mlops/serving:latest", "registry/path@sha256:<64 hex digits>"),
        (checks.image_by_digest, f"serving@{DIGEST[:-1]}", "registry/path@sha256:<64 hex digits>"),
        (checks.image_by_digest, f"r/x@{DIGEST} --flag", "registry/path@sha256:<64 hex digits>"),
        (checks.object_name, "Mortgage", "lower-case letters"),
        (checks.object_name, "2nd", "a letter first"),
        (checks.object_name, "x-", "inner hyphens"),
        (checks.object_name, "x" * 41, "at most 40 characters"),
        (checks.label_name, "a b", "up to 63 letters"),
        (checks.label_name, "x" * 64, "up to 63 letters"),
        (checks.label_name, "", "such as release"),
        (checks.label_value, "-a", "a letter or digit first and last"),
        (checks.label_value, "x" * 64, "up to 63 letters"),
        (checks.model_version, "latest", "'release'"),
        (checks.model_version, "0", "version number"),
        (checks.cpu_quantity, "1Gi", "millicores"),
        (checks.cpu_quantity, "0", "millicores"),
        (checks.bytes_quantity, "100", "with a unit"),
        (checks.bytes_quantity, "100m", "with a unit"),
        (checks.bytes_quantity, "0Gi", "with a unit"),
        (checks.duration, "10", "s, m or h"),
        (checks.duration, "0s", "s, m or h"),
        (checks.cron_schedule, "daily", "five cron fields"),
        (checks.cron_schedule, "0 3 * *", "five cron fields"),
        (checks.node_port, 8080, "30000 to 32767"),
        (checks.positive, 0, "from 1"),
        (checks.percent, 101, "1 to 100"),
        (checks.ratio, 1.5, "0 to 1"),
        (checks.ratio, float("nan"), "0 to 1"),
        (checks.http_url, "collector:4317", "http:// or https://"),
        (checks.http_url, "http://", "a host"),
        (checks.http_url, "http://user:word@collector:4318", "a host"),
        (checks.http_url, "http://collector:4318?x=1", "a host"),
    ],
)
def test_a_refused_value_is_shown_with_what_is_allowed(check, value, allowed) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InvalidValue) as caught:
        check(value)
    assert str(value) in str(caught.value)
    assert allowed in str(caught.value)


@pytest.mark.parametrize(("value", "seconds"), [("10s", 10), ("30m", 1800), ("2h", 7200)])
def test_durations_are_counted_in_seconds(value: str, seconds: int) -> None:
    assert checks.seconds_of(value) == seconds


@pytest.mark.parametrize(
    ("value", "number"), [("512Mi", 536870912), ("1.5Gi", 1610612736), ("2G", 2_000_000_000)]
)
def test_bytes_are_counted(value: str, number: int) -> None:
    assert checks.bytes_of(value) == number
