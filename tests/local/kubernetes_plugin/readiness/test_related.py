from __future__ import annotations

from typing import Any

import pytest

from mlops_local.kubernetes_plugin.errors import ApiError
from mlops_local.kubernetes_plugin.readiness import related
from mlops_local.kubernetes_plugin.readiness.fields import name_of, selector_text
from scripted_cluster import Object, ScriptedClient, made, pod, warning

PODS = "/api/v1/namespaces/ns/pods"
EVENTS = "/api/v1/namespaces/ns/events"
SETS = "/apis/apps/v1/namespaces/ns/replicasets"
SPEC = {"selector": {"matchLabels": {"app": "web"}}}


def names(objects: Any) -> list[str]:
    return [name_of(each) for each in objects]


def replica_set(name: str, revision: str, owner: str = "web") -> Object:
    metadata = {
        "annotations": {"deployment.kubernetes.io/revision": revision},
        "ownerReferences": [{"uid": f"uid-{owner}"}],
    }
    return made("apps/v1", "ReplicaSet", name, metadata=metadata)


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        (None, ""),
        ({"matchLabels": {"a": "1", "b": "2"}}, "a=1,b=2"),
        ({"matchExpressions": [{"key": "a", "operator": "In", "values": ["1", "2"]}]}, "a in (1,2)"),
        ({"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["1"]}]}, "a notin (1)"),
        (
            {
                "matchLabels": {"c": "3"},
                "matchExpressions": [
                    {"key": "a", "operator": "Exists"},
                    {"key": "b", "operator": "DoesNotExist"},
                ],
            },
            "c=3,a,!b",
        ),
    ],
)
def test_selector_becomes_a_list_parameter(selector: dict[str, Any] | None, expected: str) -> None:
    assert selector_text(selector) == expected


def test_deployment_looks_at_the_living_pods_of_its_newest_replica_set() -> None:
    leaving = {"deletionTimestamp": "2026-01-01T00:00:00Z"}
    client = ScriptedClient(
        collections={
            SETS: [replica_set("a", "9"), replica_set("b", "10"), replica_set("c", "11", owner="other")],
            PODS: [pod("b-2", "b"), pod("b-1", "b"), pod("a-1", "a"), pod("b-0", "b", metadata=leaving)],
        }
    )
    found = related.of_deployment(client, made("apps/v1", "Deployment", spec=SPEC))
    assert (names(found.makers), names(found.pods)) == (["b"], ["b-1", "b-2"])
    assert client.asked == [(SETS, {"labelSelector": "app=web"}), (PODS, {"labelSelector": "app=web"})]


def test_owner_without_pods_is_asked_for_its_warnings() -> None:
    obj, other = made("batch/v1", "Job", spec=SPEC), made("batch/v1", "Job", "other")
    mine = [warning(obj, "FailedCreate", "second", last="2"), warning(obj, "FailedCreate", "first", last="1")]
    client = ScriptedClient(collections={EVENTS: [*mine, warning(other, "FailedCreate", "not mine")]})
    assert [event["message"] for event in related.of_owner(client, obj).events] == ["first", "second"]
    assert client.asked[-1] == (EVENTS, {"fieldSelector": "involvedObject.uid=uid-web,type=Warning"})
    with_pod = ScriptedClient(collections={PODS: [pod("web-0", "web")], EVENTS: mine})
    found = related.of_owner(with_pod, obj)
    assert (names(found.pods), found.events) == (["web-0"], ())


def test_daemon_set_looks_at_pods_of_its_newest_template() -> None:
    metadata = {"annotations": {"deprecated.daemonset.template.generation": "2"}}
    pods = [pod(f"web-{n}", "web", labels={"pod-template-generation": str(n)}) for n in (1, 2)]
    obj = made("apps/v1", "DaemonSet", metadata=metadata, spec=SPEC)
    assert names(related.of_daemon_set(ScriptedClient(collections={PODS: pods}), obj).pods) == ["web-2"]


def test_service_looks_at_the_pods_it_selects_and_its_endpoint_slices() -> None:
    slices = "/apis/discovery.k8s.io/v1/namespaces/ns/endpointslices"
    client = ScriptedClient(collections={PODS: [pod()], slices: [{"endpoints": []}]})
    found = related.of_service(client, made("v1", "Service", spec={"selector": {"app": "web"}}))
    assert (names(found.pods), found.endpoint_slices) == (["web-1"], [{"endpoints": []}])
    assert dict(client.asked) == {
        slices: {"labelSelector": "kubernetes.io/service-name=web"},
        PODS: {"labelSelector": "app=web"},
    }


def test_service_without_a_selector_asks_for_nothing() -> None:
    client = ScriptedClient()
    assert related.of_service(client, made("v1", "Service", spec={})) == related.NOTHING
    assert client.asked == []


def test_claim_looks_at_its_storage_class() -> None:
    storage_class = made("storage.k8s.io/v1", "StorageClass", "fast")
    client = ScriptedClient(documents={"/apis/storage.k8s.io/v1/storageclasses/fast": storage_class})
    obj = made("v1", "PersistentVolumeClaim", spec={"storageClassName": "fast"})
    assert related.of_claim(client, obj).storage_class == storage_class
    assert related.of_claim(client, made("v1", "PersistentVolumeClaim", spec={})) == related.NOTHING


@pytest.mark.parametrize("code", [403, 404])
def test_what_the_user_may_not_read_counts_as_empty(code: int) -> None:
    client = ScriptedClient(collections={SETS: ApiError(code, "Forbidden", "no", {})})
    assert related.of_deployment(client, made("apps/v1", "Deployment", spec=SPEC)) == related.NOTHING


def test_other_errors_of_the_api_server_are_not_hidden() -> None:
    client = ScriptedClient(collections={SETS: ApiError(500, "InternalError", "broken", {})})
    with pytest.raises(ApiError, match="broken"):
        related.of_deployment(client, made("apps/v1", "Deployment", spec=SPEC))
