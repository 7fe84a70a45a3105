"""Checking files or a cluster by the policies about Kubernetes, and what is shown of it."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlops_cli.errors import BadPolicyInput, CommandError
from mlops_policy import checking, manifests, yaml_text
from mlops_policy.catalog import FAMILIES
from mlops_policy.checking import Report
from mlops_policy.errors import BadConfig, BadManifest, RuleFault
from mlops_policy.judging import Outcome
from mlops_policy.resources import Resource
from mlops_policy.rules import schema_of

_INPUT = "-"


def check(files: Sequence[Path], config: Path | None, context: str | None, kubeconfig: Path | None) -> Report:
    """The report on files, or on a cluster.

    Raises:
        BadPolicyInput: something cannot be read, or both or neither of files and a cluster are given.
        ClusterUnreadable: the API server did not give its objects.
        CommandError: a policy itself failed.
    """
    live = context is not None or kubeconfig is not None
    if bool(files) == live:
        raise BadPolicyInput("give manifests, or a cluster by --cluster or --kubeconfig, and not both")
    try:
        given = _config(config)
        found = _live(kubeconfig, context) if live else _read(files)
        return checking.check(found, given, datetime.datetime.now(datetime.UTC).date(), _notes(live))
    except (BadConfig, BadManifest) as error:
        raise BadPolicyInput(str(error)) from error
    except RuleFault as error:
        raise CommandError(str(error)) from error


def text(report: Report) -> str:
    """The report for people: what is broken, worst first, with what to do."""
    lines: list[str] = []
    for finding in report.findings:
        level = report.levels[finding.rule.name]
        exempt = finding.outcome is Outcome.EXEMPT
        mark = "exempt" if exempt else level.value
        lines.append(f"{finding.rule.severity.value:8} {mark:9} {finding.rule.name}: {finding.urn}")
        lines.append(f"  {finding.message}")
        if not exempt:
            lines.append(f"  {finding.rule.says} {finding.rule.remedy}")
    lines += [f"expired: {line}" for line in report.expired]
    lines += [f"note: {line}" for line in report.notes]
    broken = sum(each.outcome is not Outcome.EXEMPT for each in report.findings)
    return "\n".join([*lines, f"{broken} broken, {len(report.findings) - broken} exempt"])


def rules() -> list[dict[str, Any]]:
    """Every policy, for scripts."""
    return [
        {
            "name": rule.name,
            "severity": rule.severity.value,
            "level": rule.level.value,
            "family": family,
            "says": rule.says,
            "remedy": rule.remedy,
            "frameworks": [f"{each.name} {each.control}" for each in rule.frameworks],
            "config": schema_of(rule),
        }
        for family, of_family in FAMILIES.items()
        for rule in of_family
    ]


def rules_table() -> str:
    """The same for people."""
    found = rules()
    wide = max(len(each["name"]) for each in found)
    lines = []
    for family, of_family in FAMILIES.items():
        lines.append(f"{family}:")
        lines += [
            f"  {rule.name:{wide}}  {rule.severity.value:8}  {rule.level.value:9}  {rule.says}"
            for rule in of_family
        ]
    return "\n".join(lines)


def _read(files: Sequence[Path]) -> list[Resource]:
    return [each for file in files for each in manifests.read(_bytes(file), str(file))]


def _bytes(file: Path) -> bytes:
    if str(file) == _INPUT:
        return sys.stdin.buffer.read(manifests.MOST_BYTES + 1)
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadPolicyInput(f"cannot read {file}: {error.strerror}") from error


def _live(kubeconfig: Path | None, context: str | None) -> list[Resource]:
    from mlops_cli.policy import cluster

    client = cluster.client_of(kubeconfig, context)
    name = context or "cluster"
    return [manifests.resource_of(each, name) for each in cluster.objects(client) if manifests.own(each)]


def _notes(live: bool) -> list[str]:
    return ["kube-system, kube-public and kube-node-lease are not checked"] if live else []


def _config(file: Path | None) -> Mapping[str, Any]:
    """A configuration as `mlops:policy` or a pack has it, from a file of its own."""
    if file is None:
        return {}
    try:
        content = _bytes(file).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadPolicyInput(f"{file}: not text in UTF-8, at byte {error.start}") from error
    found = [each.value for each in yaml_text.documents(content, str(file))]
    if len(found) > 1 or not all(isinstance(each, Mapping) for each in found):
        raise BadPolicyInput(f"{file}: one document is expected, with a section for each policy")
    return found[0] if found else {}
