"""What the real API server does about an object that breaks a rule: warn, refuse, or leave it be."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from admission_server import AdmissionServer, Object, as_object, named, warnings, with_pod_of
from mlops_policy.kubernetes.objects import WORKLOADS
from policy_samples import deployment

pytestmark = pytest.mark.cluster
WARNED, DENIED, FREE, RESTRICTED = "judged-warned", "judged-denied", "judged-free", "judged-restricted"
MESSAGE = (
    "pod-no-escalation: No process of a container gains more rights than its parent. "
    "Set securityContext.allowPrivilegeEscalation to false. Container: server"
)
OLDER = f"/apis/apps/v1/namespaces/{DENIED}/deployments/older"


def good(namespace: str) -> Object:
    return as_object(deployment(), namespace)


def escalating(namespace: str) -> Object:
    made = good(namespace)
    made["spec"]["template"]["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = True
    return made


def said(prefix: str) -> str:
    name = f"{prefix}-workloads"
    return f"ValidatingAdmissionPolicy '{name}' with binding '{name}'"


def test_warned_of_it_is_made_all_the_same(server: AdmissionServer) -> None:
    answer = server.offer(WARNED, escalating(WARNED))
    assert answer.status_code == 201
    assert warnings(answer) == [f"Validation failed for {said('warned')}: {MESSAGE}"]


def test_denied_it_is_refused_with_the_rule_and_its_remedy(server: AdmissionServer) -> None:
    answer = server.offer(DENIED, escalating(DENIED))
    assert answer.status_code == 403
    assert answer.json()["message"] == (
        f'deployments.apps "sample" is forbidden: {said("denied")} denied request: {MESSAGE}'
    )
    assert server.offer(DENIED, good(DENIED)).status_code == 201


def test_a_namespace_that_is_not_named_is_left_alone(server: AdmissionServer) -> None:
    answer = server.offer(FREE, escalating(FREE))
    assert (answer.status_code, warnings(answer)) == (201, [])


@pytest.mark.parametrize("kind", [each.rpartition(":")[2] for each in WORKLOADS])
def test_every_kind_with_a_pod_is_judged(server: AdmissionServer, kind: str) -> None:
    refused, taken = (
        body if kind == "Deployment" else with_pod_of(body, kind)
        for body in (escalating(DENIED), good(DENIED))
    )
    answer = server.offer(DENIED, refused)
    assert (answer.status_code, named(answer)) == (403, {"pod-no-escalation"})
    assert server.offer(DENIED, taken).status_code == 201


def test_what_is_older_than_the_policies_can_be_labelled_and_scaled_but_not_kept_as_it_is(
    server: AdmissionServer,
) -> None:
    pod = {"containers": [{"name": "server", "env": [{"name": "MODE", "value": "test"}]}]}
    assert server.change(OLDER, {"metadata": {"labels": {"team": "risk"}}}).status_code == 200
    assert server.change(OLDER, {"spec": {"replicas": 5}}).status_code == 200
    answer = server.change(OLDER, {"spec": {"template": {"spec": pod}}})
    assert (answer.status_code, named(answer)) == (403, {"pod-no-escalation"})


def test_a_container_that_debugs_a_pod_is_judged_too(server: AdmissionServer) -> None:
    pod = with_pod_of(good(DENIED), "Pod")
    server.make(pod)
    path = f"/api/v1/namespaces/{DENIED}/pods/sample/ephemeralcontainers"
    server_container = pod["spec"]["containers"][0]
    debugger: dict[str, Any] = {key: server_container[key] for key in ("image", "securityContext")}
    debugger |= {"name": "debugger"}
    assert server.change(path, {"spec": {"ephemeralContainers": [debugger]}}).status_code == 200
    bare = {"name": "debugger", "image": server_container["image"]}
    answer = server.change(path, {"spec": {"ephemeralContainers": [bare]}})
    assert answer.status_code == 403
    assert answer.json()["message"].endswith("Container: debugger")


def test_the_account_that_the_cluster_makes_in_every_namespace_is_not_judged(server: AdmissionServer) -> None:
    for name, status in (("default", 409), ("other", 403)):
        meta = {"name": name, "namespace": DENIED}
        server.until(
            lambda: server.http.get(f"/api/v1/namespaces/{DENIED}/serviceaccounts/default").is_success
        )
        answer = server.offer(DENIED, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta})
        assert answer.status_code == status, answer.text


def test_a_watched_namespace_keeps_its_pod_security_labels(server: AdmissionServer) -> None:
    answer = server.change(f"/api/v1/namespaces/{DENIED}", {"metadata": {"labels": {"a": "b"}}})
    assert (answer.status_code, named(answer)) == (403, {"namespace-enforce-restricted"})


def test_the_labels_of_a_guarded_namespace_refuse_a_privileged_pod(server: AdmissionServer) -> None:
    taken = with_pod_of(good(RESTRICTED), "Pod")
    assert server.offer(RESTRICTED, taken).status_code == 201
    privileged = copy.deepcopy(taken)
    privileged["spec"]["containers"][0]["securityContext"] = {"privileged": True}
    answer = server.offer(RESTRICTED, privileged)
    assert answer.status_code == 403
    assert answer.json()["message"].startswith(
        'pods "sample" is forbidden: violates PodSecurity "restricted:v1.34": privileged'
    )


@pytest.mark.parametrize(
    "name", ["pods", "workloads", "cron-jobs", "namespaces", "network-policies", "roles"]
)
def test_the_server_finds_no_wrong_type_in_an_expression(server: AdmissionServer, name: str) -> None:
    policy = f"denied-{name}"
    server.until(lambda: server.policy(policy).get("status", {}).get("observedGeneration") == 1)
    assert server.policy(policy)["status"]["typeChecking"] == {}
