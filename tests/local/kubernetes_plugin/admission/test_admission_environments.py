"""The real API server takes everything that our own environments register, without a word."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import aws_environments
from admission_server import AdmissionServer, Object, named
from mlops_policy.admission.kinds import FAMILIES
from mlops_policy.documents import resources
from mlops_policy.resources import Resource

pytestmark = pytest.mark.cluster
WARNED, NEW = "judged-warned", "judged-new"
JUDGED = {kind.token for family in FAMILIES for kind in family.kinds}
KUBECONFIG = {
    "current-context": "admin",
    "contexts": [{"name": "admin", "context": {"cluster": "node", "user": "admin"}}],
    "clusters": [{"name": "node", "cluster": {"server": "https://127.0.0.1:6443"}}],
    "users": [{"name": "admin", "user": {}}],
}


def as_registered(resource: Resource) -> Object:
    """The object of a resource, in the namespace that is judged here."""
    _, version, kind = resource.type.split(":")
    made: Object = {**resource.props, "apiVersion": version.removeprefix("core/"), "kind": kind}
    place = {"name": NEW} if kind == "Namespace" else {"namespace": WARNED}
    return {**made, "metadata": {**made["metadata"], **place}}


@pytest.mark.parametrize("name", ["e2e", "scaling", "prod"])
def test_what_an_environment_makes_breaks_no_rule(server: AdmissionServer, tmp_path: Path, name: str) -> None:
    (tmp_path / "kubeconfig").write_text(json.dumps(KUBECONFIG))
    document = (
        aws_environments.document(name)
        if name in aws_environments.ENVIRONMENTS
        else aws_environments.recorded(
            name, {"mlops:kubeconfig": str(tmp_path / "kubeconfig")}, preview=False
        )
    )
    judged = [each for each in resources(document.model_dump(by_alias=True)) if each.type in JUDGED]
    answers = {each.urn: server.offer(WARNED, as_registered(each)) for each in judged}
    assert {urn: named(answer) for urn, answer in answers.items() if named(answer)} == {}
    assert {urn: each.text for urn, each in answers.items() if each.status_code != 201} == {}
