"""Runs checkov over a recorded program, offline, and holds what it finds against the suppressions.

checkov lives in an environment of its own, locked in `scanner/uv.lock` and made in the cache folder at the
first scan.  Its open version knows no severities, so that every check that fails is a finding.
"""

from __future__ import annotations

import datetime
import fnmatch
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

import terraform_plan
from mlops_stacks.recording import SECRET_MARK, UNKNOWN_MARK, Document
from running_platform import CACHE

SCANNER = Path(__file__).parent / "scanner"
SUPPRESSIONS = SCANNER / "suppressions.yaml"
_KEYS = {"check", "type", "why", "expires"}
_MORE_KEYS = {"resource"}


@dataclass(frozen=True, order=True)
class Finding:
    """One check that one resource fails; `resource` is its URN."""

    check: str
    type: str
    resource: str
    name: str

    def __str__(self) -> str:
        return f"{self.check} {self.type} {self.resource.split('::')[-1]}: {self.name}"


@dataclass(frozen=True)
class Suppression:
    """A check that the resources of a type, or those of some names, may fail until a day, and why."""

    check: str
    type: str
    why: str
    expires: datetime.date
    resource: str = "*"
    """Pattern of names in the program."""

    def covers(self, finding: Finding) -> bool:
        """Whether it is about this finding."""
        named = fnmatch.fnmatchcase(finding.resource.split("::")[-1], self.resource)
        return (self.check, self.type) == (finding.check, finding.type) and named

    def __str__(self) -> str:
        return f"{self.check} on {self.type}" + ("" if self.resource == "*" else f" {self.resource}")


def scan(document: Document, folder: Path, environment: Mapping[str, str] | None = None) -> list[Finding]:
    """The findings of `scan_all` for one document."""
    return scan_all({"it": document}, folder, environment)["it"]


def scan_all(
    documents: Mapping[str, Document], folder: Path, environment: Mapping[str, str] | None = None
) -> dict[str, list[Finding]]:
    """Every check of checkov that a resource of AWS or an object of Kubernetes fails, sorted.

    One run for all documents: to start checkov takes longer than to scan.

    Args:
        documents: by a name of each; of updates to which `aws_answers` answered.
        folder: where the plans and the manifests are put.
        environment: added to the scanner's own variables.

    Raises:
        RuntimeError: checkov did not run to its end.
    """
    urns: dict[Path, dict[str, str]] = {}
    owners: dict[Path, str] = {}
    for name, document in documents.items():
        for file, made in (("plan", _plan(document)), ("manifests", _manifests(document))):
            path = folder.resolve() / f"{name}-{file}.json"
            content, urns[path] = made
            owners[path] = name
            path.write_text(json.dumps(content, indent=1))
    found: dict[str, list[Finding]] = {name: [] for name in documents}
    for report in _run(folder, [path for path, named in urns.items() if named], environment):
        for failed in report["results"]["failed_checks"]:
            path, address = Path(failed["file_abs_path"]), failed["resource"]
            kind, urn = address.partition(".")[0], urns[path].get(address, address)
            found[owners[path]].append(Finding(failed["check_id"], kind, urn, failed["check_name"]))
    return {name: sorted(each) for name, each in found.items()}


def unresolved(
    findings: Iterable[Finding], suppressions: Iterable[Suppression], today: datetime.date
) -> list[str]:
    """One line for each finding that is not suppressed and each suppression that is past or unused."""
    findings, suppressions = list(findings), list(suppressions)
    holding = [each for each in suppressions if each.expires >= today]
    return [
        *(str(one) for one in findings if not any(each.covers(one) for each in holding)),
        *(
            f"suppression of {each} ended on {each.expires}: mend it or decide anew"
            for each in suppressions
            if each.expires < today
        ),
        *(
            f"suppression of {each} is of no use: take it away"
            for each in suppressions
            if not any(each.covers(one) for one in findings)
        ),
    ]


def suppressions(text: str) -> list[Suppression]:
    """The suppressions in a file's text.

    Raises:
        ValueError: an entry has other keys, no day, a reason of none or many lines, or stands there twice.
    """
    made: list[Suppression] = []
    for number, entry in enumerate(yaml.safe_load(text) or [], 1):
        if not isinstance(entry, dict) or set(entry) - _MORE_KEYS != _KEYS:
            raise ValueError(f"suppression {number}: its keys are to be {', '.join(sorted(_KEYS))}")
        if not isinstance(entry["expires"], datetime.date):
            raise ValueError(f"suppression {number}: expires is to be a day, such as 2027-06-30")
        why = str(entry["why"]).strip()
        if not why or "\n" in why:
            raise ValueError(f"suppression {number}: why is to be one line")
        made.append(Suppression(**{**entry, "why": why}))
    names = [str(each) for each in made]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"suppressed twice: {twice}")
    return made


def installed() -> Path:
    """The scanner's environment, made of its lock if it is not there; only this needs the network."""
    lock = hashlib.sha256((SCANNER / "uv.lock").read_bytes()).hexdigest()[:12]
    folder = CACHE / "scanner" / lock
    command = [str(Path(sys.executable).parent / "uv"), "sync", "--quiet", "--frozen", "--no-dev"]
    command += ["--python", sys.executable, "--project", str(SCANNER)]
    variables = {**os.environ, "UV_PROJECT_ENVIRONMENT": str(folder), "UV_PYTHON_DOWNLOADS": "never"}
    # What the test's own environment is called would be taken for the scanner's.
    variables.pop("VIRTUAL_ENV", None)
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"the scanner cannot be installed: {done.stderr[-2000:]}")
    return folder


def _run(folder: Path, files: list[Path], environment: Mapping[str, str] | None) -> list[dict[str, Any]]:
    if not files:
        return []
    command = [str(installed() / "bin" / "checkov")]
    command += [part for file in files for part in ("--file", str(file))]
    command += ["--framework", "terraform_plan", "kubernetes", "--output", "json"]
    # Without a download of guidelines, and with nothing else to ask for, it opens no connection.
    command += ["--compact", "--quiet", "--soft-fail", "--skip-download"]
    # What only AWS knows counts as given, and not as left out.
    variables = {**os.environ, "EVAL_TF_PLAN_AFTER_UNKNOWN": "1", **(environment or {})}
    done = subprocess.run(
        command, cwd=folder, env=variables, capture_output=True, text=True, timeout=600, check=False
    )
    try:
        report = json.loads(done.stdout)
    except json.JSONDecodeError:
        report = None
    if done.returncode != 0 or report is None:
        raise RuntimeError(
            f"checkov ended with {done.returncode}: {done.stderr[-2000:]}{done.stdout[-2000:]}"
        )
    reports = report if isinstance(report, list) else [report]
    # A scan of nothing is one line of zeros, without results.
    reports = [each for each in reports if "results" in each]
    if any(each["summary"]["parsing_errors"] for each in reports):
        raise RuntimeError(f"checkov cannot read all of {[file.name for file in files]}")
    return reports


def _plan(document: Document) -> tuple[dict[str, Any], dict[str, str]]:
    """The plan, and the resources' URNs by what checkov calls them."""
    places = terraform_plan.addresses(document)
    return terraform_plan.plan_json(document), {str(place): urn for urn, place in places.items()}


def _manifests(document: Document) -> tuple[dict[str, Any], dict[str, str]]:
    """Every object of Kubernetes, and their URNs by what checkov calls them."""
    items, urns = [], {}
    for resource in document.resources:
        # A Helm release is no object: what is in it only Helm can tell.
        if not resource.custom or not {"apiVersion", "kind"} <= resource.inputs.keys():
            continue
        manifest = _settled(resource.inputs)
        metadata = manifest.setdefault("metadata", {})
        metadata.setdefault("name", resource.name)
        metadata.setdefault("namespace", "default")
        items.append(manifest)
        urns[f"{manifest['kind']}.{metadata['namespace']}.{metadata['name']}"] = resource.urn
    return {"apiVersion": "v1", "kind": "List", "items": items}, urns


def _settled(value: Any) -> Any:
    """A value with the text `known later` where it is unknown or secret."""
    if value in (UNKNOWN_MARK, SECRET_MARK):
        return "known later"
    if isinstance(value, Mapping):
        return {key: _settled(item) for key, item in value.items()}
    return [_settled(item) for item in value] if isinstance(value, list) else value
