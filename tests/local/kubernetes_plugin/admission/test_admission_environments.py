"""The real API server takes everything that our own environments register, without a word."""

from __future__ import annotations

import pytest

import aws_environments
from admission_server import AdmissionServer, Object, named
from mlops_policy.admission.kinds import FAMILIES
from mlops_policy.documents import resources
from mlops_policy.resources import Resource

pytestmark = pytest.mark.cluster
WARNED, NEW = "judged-warned", "judged-new"
JUDGED = {kind.token for family in FAMILIES for kind in family.kinds}


def as_registered(resource: Resource) -> Object:
    """The object of a resource, in the namespace that is judged here."""
    _, version, kind = resource.type.split(":")
    made: Object = {**resource.props, "apiVersion": version.removeprefix("core/"), "kind": kind}
    place = {"name": NEW} if kind == "Namespace" else {"namespace": WARNED}
    return {**made, "metadata": {**made["metadata"], **place}}


@pytest.mark.parametrize("name", ["dev", "e2e", "local", "prod", "scaling", "staging"])
def test_what_an_environment_makes_breaks_no_rule(server: AdmissionServer, name: str) -> None:
    document = aws_environments.recorded(name, {}, preview=False)
    judged = [each for each in resources(document.model_dump(by_alias=True)) if each.type in JUDGED]
    answers = {each.urn: server.offer(WARNED, as_registered(each)) for each in judged}
    assert {urn: named(answer) for urn, answer in answers.items() if named(answer)} == {}
    assert {answer.status_code for answer in answers.values()} == {201}
