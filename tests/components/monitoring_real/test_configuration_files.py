"""What the programs of Monitoring, in the platform's versions, say of the files that it gives them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import endpoint_stories
import platform_stories
import pulumi_mlops as mlops
from component_samples import make
from pulumi_mlops.alerts import render, render_platform
from pulumi_mlops.monitoring_config import RULES
from recording_engine import Recording, registered

TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount"
RULE_FILES = {
    "endpoint-mortgage.yaml": render(endpoint_stories.ALERTS),
    "platform.yaml": render_platform(platform_stories.ALERTS),
}
NUMBER_OF_RULES = sum(len(re.findall(r"^ *- (?:alert|record): ", text, re.M)) for text in RULE_FILES.values())


def monitoring(**changes: Any) -> Recording:
    return registered(lambda: make(mlops.Monitoring, "mon", rules=RULE_FILES, **changes))


def said(program: Path, *arguments: str | Path) -> tuple[int, str]:
    """Exit code and output."""
    done = subprocess.run(
        [program, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        stdin=subprocess.DEVNULL,
    )
    return done.returncode, done.stdout + done.stderr


def prometheus_files(recording: Recording, folder: Path) -> Path:
    """All that Prometheus mounts, below `folder`; returns its configuration."""
    for path in (RULES, TOKEN):
        (folder / path[1:]).mkdir(parents=True)
    for file in ("token", "ca.crt"):
        (folder / TOKEN[1:] / file).write_text("")
    for resource in recording.resources:
        if "prometheus-rules-" in resource.name:
            for name, text in resource.inputs["data"].items():
                (folder / RULES[1:] / name).write_text(text)
    text = recording.of("ConfigMap", "mon-prometheus-config").inputs["data"]["prometheus.yml"]
    config = folder / "prometheus.yml"
    config.write_text(text.replace(RULES, f"{folder}{RULES}").replace(TOKEN, f"{folder}{TOKEN}"))
    return config


@pytest.mark.parametrize(
    "changes",
    [{}, {"keda_namespace": None, "prometheus": {"verify_kubelets": False, "scrape_seconds": 1}}],
    ids=["with all", "with little"],
)
def test_prometheus_takes_its_configuration_with_every_rule(
    changes: dict[str, Any], promtool: Path, tmp_path: Path
) -> None:
    config = prometheus_files(monitoring(**changes), tmp_path)
    code, printed = said(promtool, "check", "config", "--lint=all", "--lint-fatal", config)
    assert code == 0, printed
    assert f"{config} is valid prometheus config file syntax" in printed
    assert sum(map(int, re.findall(r"SUCCESS: (\d+) rules found", printed))) == NUMBER_OF_RULES


def test_prometheus_finds_a_misspelt_key_of_its_discovery(promtool: Path, tmp_path: Path) -> None:
    config = prometheus_files(monitoring(), tmp_path)
    config.write_text(config.read_text().replace("selectors:", "selector:"))
    code, printed = said(promtool, "check", "config", config)
    assert (code, "field selector not found" in printed) == (1, True)


def test_every_rule_file_is_valid_by_itself(promtool: Path, tmp_path: Path) -> None:
    for name, text in RULE_FILES.items():
        (tmp_path / name).write_text(text)
    code, printed = said(
        promtool, "check", "rules", "--lint=all", "--lint-fatal", *(tmp_path / name for name in RULE_FILES)
    )
    assert code == 0, printed
    assert sum(map(int, re.findall(r"SUCCESS: (\d+) rules found", printed))) == NUMBER_OF_RULES


@pytest.mark.parametrize("to", [None, "http://traces.example.org:4317", "https://traces.example.org:4317"])
def test_the_collector_takes_its_configuration(
    to: str | None, binaries: Callable[[str], Path], tmp_path: Path
) -> None:
    text = (
        monitoring(otlp_endpoint=to)
        .of("ConfigMap", "mon-otel-collector-config")
        .inputs["data"]["config.yaml"]
    )
    file = tmp_path / "config.yaml"
    file.write_text(text)
    program = binaries("otel-collector") / "otel-collector"
    assert said(program, "validate", f"--config={file}") == (0, "")
    file.write_text(text.replace("send_batch_size", "send_batch_sise"))
    code, printed = said(program, "validate", f"--config={file}")
    assert (code, "send_batch_sise" in printed) == (1, True)
