"""The real API server takes everything that our own environments register, without a word."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import aws_environments
from admission_server import AdmissionServer, Object, named
from mlops_cli.render import placeholders
from mlops_policy.admission.kinds import FAMILIES
from mlops_policy.documents import resources
from mlops_policy.resources import Resource
from mlops_stacks import program
from mlops_stacks.recording import Document, document_of, record
from mlops_stacks.settings import NAMESPACE

pytestmark = pytest.mark.cluster
WARNED, NEW = "judged-warned", "judged-new"
JUDGED = {kind.token for family in FAMILIES for kind in family.kinds}


def as_registered(resource: Resource) -> Object:
    """The object of a resource, in the namespace that is judged here."""
    _, version, kind = resource.type.split(":")
    made: Object = {**resource.props, "apiVersion": version.removeprefix("core/"), "kind": kind}
    place = {"name": NEW} if kind == "Namespace" else {"namespace": WARNED}
    return {**made, "metadata": {**made["metadata"], **place}}


def recorded(name: str, folder: Path) -> Document:
    """What the program of an environment registers."""
    if name in aws_environments.ENVIRONMENTS:
        return aws_environments.document(name)
    values, file = aws_environments.config(name), folder / "kubeconfig"
    file.write_text(json.dumps(placeholders.kubeconfig("admin")))
    config = placeholders.as_engine_config(placeholders.completed(values, {}, str(file)))
    made = record(program.main, project=NAMESPACE, stack=name, config=config, preview=False)
    return document_of(name, made, ())


@pytest.mark.parametrize("name", ["e2e", "scaling", "prod"])
def test_what_an_environment_makes_breaks_no_rule(server: AdmissionServer, tmp_path: Path, name: str) -> None:
    document = recorded(name, tmp_path)
    judged = [each for each in resources(document.model_dump(by_alias=True)) if each.type in JUDGED]
    answers = {each.urn: server.offer(WARNED, as_registered(each)) for each in judged}
    assert {urn: named(answer) for urn, answer in answers.items() if named(answer)} == {}
    assert {urn: each.text for urn, each in answers.items() if each.status_code != 201} == {}
