"""Checks of the machine's programs."""

from __future__ import annotations

import json
import sys

from mlops_cli.aws.checks_machine import run, tools
from mlops_cli.aws.findings import Level

AWS = "aws --version"
PULUMI = "pulumi version"
PLUGINS = "pulumi plugin ls --json"
V2 = "aws-cli/2.31.1 Python/3.13.7 Linux/6.1"


def told(answers: dict[str, str]) -> list[tuple[Level, str, str]]:
    found = tools(lambda command: answers.get(" ".join(command)))
    return [(each.level, each.check, each.text) for each in found]


def test_without_the_aws_program_the_kubeconfig_is_of_no_use() -> None:
    assert told({}) == [
        (Level.FAIL, "aws", "does not run, and every use of the kubeconfig calls `aws eks get-token`"),
        (Level.OK, "pulumi", "not on PATH; `mlops` brings its own"),
    ]


def test_the_first_version_of_the_aws_program_is_warned_of() -> None:
    assert told({AWS: "aws-cli/1.42.0 Python/3.11"})[0] == (
        Level.WARN,
        "aws",
        "aws-cli/1.42.0 is version 1, without `aws sso login` by PKCE",
    )


def test_pulumi_and_its_plugins_are_shown_and_a_missing_one_is_warned_of() -> None:
    plugins = json.dumps([{"name": "aws", "kind": "resource", "version": "7.51.0"}])
    assert told({AWS: V2, PULUMI: "v3.259.0", PLUGINS: plugins}) == [
        (Level.OK, "aws", "aws-cli/2.31.1"),
        (Level.OK, "pulumi", "v3.259.0"),
        (Level.OK, "pulumi plugin aws", "7.51.0"),
        (Level.WARN, "pulumi plugin kubernetes", "not installed; the first preview downloads it"),
    ]


def test_a_pulumi_without_plugins_is_warned_of_each() -> None:
    for listed in ("null", "[]"):
        levels = [level for level, _, _ in told({AWS: V2, PULUMI: "v3", PLUGINS: listed})]
        assert levels == [Level.OK, Level.OK, Level.WARN, Level.WARN]


def test_a_program_that_is_absent_or_fails_prints_nothing() -> None:
    assert run([sys.executable, "-c", "print('x')"]) == "x"
    assert run([sys.executable, "-c", "raise SystemExit(1)"]) is None
    assert run(["/nonexistent/program"]) is None
