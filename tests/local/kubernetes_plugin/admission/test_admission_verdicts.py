"""The real API server says of every sample what the rules say of it, both ways."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest

from admission_server import AdmissionServer, Object, as_object, as_resource, named, with_pod_of
from mlops_policy.admission.documents import why_not
from mlops_policy.catalog import RULES
from mlops_policy.judging import Judge, configured
from mlops_policy.resources import Resource
from mlops_policy.testing import changed
from mlops_policy.views import MISSING
from policy_kubernetes_samples import SAMPLES

pytestmark = pytest.mark.cluster
SAID = {rule.name: rule for rule in RULES if not why_not(rule)}
JUDGE = Judge(configured(SAID.values(), {}), datetime.date(2026, 1, 1))
GOOD, BAD, ABSENT = "good", "bad", "absent"
WARNED, NEW = "judged-warned", "judged-new"
QUANTITIES = ("container-cpu-request", "container-memory-request", "container-memory-limit")
PROBES = ("container-readiness-probe", "container-liveness-probe", "container-startup-probe")
REFUSED_ANYWAY = {
    *((name, BAD) for name in (*QUANTITIES, *PROBES, "pod-scratch-limit")),
    *((name, ABSENT) for name in ("image-digest", "pod-app-armor", "pod-seccomp", "pod-sysctls")),
    *((f"rbac-named-{what}", ABSENT) for what in ("verbs", "resources", "groups")),
    ("rbac-no-crowd", ABSENT),
    ("rbac-no-escalation", ABSENT),
}
"""What the API server takes from nobody: its own validation comes first."""
NEVER_MADE = {"rbac-named-urls"}
"""A Role has no URLs: that rule is about what a ClusterRole, of no namespace, says."""


@dataclass(frozen=True)
class Verdict:
    """What the server and the rules said of an object; both None where the server did not take it."""

    server: set[str] | None
    rules: set[str] | None


Verdicts = Mapping[tuple[str, str, str], Verdict]


@pytest.fixture(scope="module")
def verdicts(server: AdmissionServer) -> Verdicts:
    """By rule, case and kind ("" for the sample's own)."""
    return {key: verdict(server, body) for key, body in offered()}


def offered() -> Iterator[tuple[tuple[str, str, str], Object]]:
    for name in SAID:
        for case, resource in cases(name):
            namespace = NEW if resource.type.endswith(":Namespace") else WARNED
            body = as_object(resource, namespace)
            yield (name, case, ""), body
            if body["kind"] == "Deployment" and case != ABSENT:
                for kind in ("Pod", "CronJob"):
                    yield (name, case, kind), with_pod_of(body, kind)


def cases(name: str) -> Iterator[tuple[str, Resource]]:
    sample = SAMPLES[name]
    first = sample.resources[0]
    yield GOOD, first
    yield BAD, changed(first, sample.at, sample.bad)
    yield ABSENT, changed(first, sample.at, MISSING)


def verdict(server: AdmissionServer, body: Object) -> Verdict:
    """The rules judge what the server has made of the object: it fills in defaults before it asks."""
    answer = server.offer(WARNED, body)
    if not answer.is_success:
        assert answer.status_code in (400, 422), answer.text
        return Verdict(None, None)
    found = JUDGE.all([as_resource(answer.json())])
    return Verdict(named(answer), {each.rule.name for each in found})


def test_server_and_rules_agree_on_every_object(verdicts: Verdicts) -> None:
    assert {key: each for key, each in verdicts.items() if each.server != each.rules} == {}


def test_what_is_good_is_taken_without_a_word(verdicts: Verdicts) -> None:
    good = {key: each for key, each in verdicts.items() if key[1] == GOOD}
    assert {each.server == set() for each in good.values()} == {True}
    assert {key[2] for key in good} == {"", "Pod", "CronJob"}


def test_every_rule_is_named_of_what_breaks_it(verdicts: Verdicts) -> None:
    caught = {name for (name, _, _), each in verdicts.items() if each.server and name in each.server}
    assert set(SAID) - caught == NEVER_MADE


def test_an_absent_field_is_judged_as_the_rule_judges_it(verdicts: Verdicts) -> None:
    wrong = [
        name
        for (name, case, _), each in verdicts.items()
        if case == ABSENT
        and each.server is not None
        and (name in each.server) == SAMPLES[name].absent_is_good
    ]
    assert wrong == []


def test_these_alone_the_server_refuses_by_itself(verdicts: Verdicts) -> None:
    refused = {
        (name, case) for (name, case, kind), each in verdicts.items() if not kind and each.server is None
    }
    assert refused == REFUSED_ANYWAY
