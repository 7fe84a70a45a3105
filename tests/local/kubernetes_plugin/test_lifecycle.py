"""Create, update, delete and diff without an engine, against a real API server."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pulumi.provider.experimental.provider import PropertyDiffKind

from mlops_local.kubernetes_plugin import compare, kubeconfig, lifecycle
from mlops_local.kubernetes_plugin.check import check
from mlops_local.kubernetes_plugin.client import ApiClient
from mlops_local.kubernetes_plugin.errors import (
    AlreadyExistsError,
    ApiError,
    ClusterUnreachableError,
    NotGoneError,
    PartialStateError,
    UnsupportedTypeError,
)
from mlops_local.kubernetes_plugin.names import Proposal
from mlops_local.kubernetes_plugin.progress import Progress
from mlops_local.kubernetes_plugin.session import Session
from mlops_local.kubernetes_plugin.settings import Settings
from mlops_local.kubernetes_plugin.values import UNKNOWN, Properties, Tree, plain_map, property_map
from plugin_kinds import LABELS, POD, SERVER_POD

pytestmark = pytest.mark.cluster
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"


def checked(session: Session, token: str, tree: Tree, seed: bytes = b"seed") -> Properties:
    """The inputs that Check makes of `tree`."""
    return check(session, token, "thing", {}, property_map(tree), seed, None)


def config_map(session: Session, namespace: str, seed: bytes = b"seed", **data: str) -> Properties:
    """Checked inputs of a ConfigMap named `note`."""
    tree = {"metadata": {"name": "note", "namespace": namespace}, "data": data}
    return checked(session, CONFIG_MAP, tree, seed)


def create(session: Session, inputs: Properties) -> tuple[str, Properties]:
    """Create without an engine."""
    return lifecycle.create(session, lifecycle.resource("urn", inputs, None, 0))


def test_check_completes_kind_namespace_and_manager(session: Session) -> None:
    found = plain_map(checked(session, CONFIG_MAP, {"metadata": {"name": "note"}, "status": {}}))
    assert found.pop("__fieldManager").startswith("pulumi-kubernetes-")
    assert found == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "note", "namespace": "default"},
    }
    assert plain_map(checked(session, CONFIG_MAP, {}))["metadata"]["name"].startswith("thing-")
    proposed = check(session, CONFIG_MAP, "thing", {}, {}, b"seed", Proposal("chosen"))
    assert plain_map(proposed)["metadata"]["name"] == "chosen"
    role = checked(
        session, "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole", {"metadata": {"name": "a"}}
    )
    assert plain_map(role)["metadata"] == {"name": "a"}


def test_the_provider_chooses_the_namespace(session: Session) -> None:
    elsewhere = replace(session, settings=Settings(namespace="elsewhere"))
    found = plain_map(checked(elsewhere, CONFIG_MAP, {"metadata": {"name": "note"}}))
    assert found["metadata"]["namespace"] == "elsewhere"


@pytest.mark.parametrize(
    ("token", "tree", "words"),
    [
        ("kubernetes:core/v1:PodList", {}, "declare each object"),
        ("kubernetes:core/v1:ServicePatch", {"apiVersion": "v1", "kind": "Service"}, "patches an object"),
        ("kubernetes:helm.sh/v3:Release", {}, "render the chart"),
    ],
)
def test_what_is_no_object_is_refused(session: Session, token: str, tree: Tree, words: str) -> None:
    with pytest.raises(UnsupportedTypeError, match=words):
        checked(session, token, tree)


def test_an_interrupted_creation_is_taken_up_again(session: Session, namespace: str) -> None:
    identity, first = create(session, config_map(session, namespace, b"one", colour="red"))
    again, second = create(session, config_map(session, namespace, b"two", colour="blue"))
    assert identity == again == f"{namespace}/note"
    then, now = plain_map(first), plain_map(second)
    assert then["metadata"]["uid"] == now["metadata"]["uid"]
    assert then["__fieldManager"] == now["__fieldManager"]
    assert now["data"] == {"colour": "blue"}
    managers = {entry["manager"] for entry in now["metadata"]["managedFields"]}
    assert managers == {then["__fieldManager"]}


def test_an_object_of_somebody_else_is_not_taken_over(session: Session, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps/note"
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "note"}, "data": {"a": "b"}}
    session.client.apply(path, body, "kubectl")
    inputs = config_map(session, namespace, colour="red")
    with pytest.raises(AlreadyExistsError, match=f"import_='{namespace}/note'"):
        create(session, inputs)
    with pytest.raises(AlreadyExistsError):
        lifecycle.preview_create(session, lifecycle.resource("urn", inputs, None, 0))
    adopting = replace(session, settings=Settings(upsert=True))
    assert plain_map(create(adopting, inputs)[1])["data"] == {"a": "b", "colour": "red"}


def test_a_key_that_the_program_drops_goes(session: Session, namespace: str) -> None:
    tree = {"metadata": {"name": "key", "namespace": namespace}, "stringData": {"a": "1", "b": "2"}}
    _, olds = create(session, checked(session, "kubernetes:core/v1:Secret", tree))
    news = checked(session, "kubernetes:core/v1:Secret", {**tree, "stringData": {"a": "1"}})
    outputs = lifecycle.update(session, lifecycle.resource("urn", news, olds, 0), [])
    assert plain_map(outputs)["data"] == {"a": "MQ=="}
    assert outputs["data"].is_secret


def job(namespace: str, **spec: Any) -> Tree:
    """A Job that is not waited for."""
    annotations = {"pulumi.com/skipAwait": "true"}
    metadata = {"name": "work", "namespace": namespace, "annotations": annotations}
    return {"metadata": metadata, "spec": {"template": POD, **spec}}


def test_an_interrupted_creation_that_cannot_change_is_made_anew(session: Session, namespace: str) -> None:
    def made(seconds: int) -> Tree:
        template = {**POD, "spec": {**POD["spec"], "activeDeadlineSeconds": seconds}}
        tree = {**job(namespace), "spec": {"template": template}}
        return plain_map(create(session, checked(session, "kubernetes:batch/v1:Job", tree))[1])

    first, second = made(60), made(90)
    assert first["metadata"]["uid"] != second["metadata"]["uid"]
    assert second["spec"]["template"]["spec"]["activeDeadlineSeconds"] == 90


def test_values_that_read_differently_are_no_change(session: Session, namespace: str) -> None:
    token = "kubernetes:batch/v1:Job"
    identity, olds = create(session, checked(session, token, job(namespace)))
    container = POD["spec"]["containers"][0]
    spelt = {
        **container,
        "resources": {"requests": {"cpu": "1", "memory": "512Mi"}},
        "imagePullPolicy": "IfNotPresent",
    }
    same = {**POD, "spec": {**POD["spec"], "containers": [spelt]}}
    answer = compare.compare(session, identity, olds, checked(session, token, job(namespace, template=same)))
    assert answer.changes is False
    other = {**POD, "spec": {**POD["spec"], "containers": [{**container, "image": "other"}]}}
    answer = compare.compare(session, identity, olds, checked(session, token, job(namespace, template=other)))
    path = "spec.template.spec.containers[0].image"
    assert {key: diff.kind for key, diff in answer.detailed_diff.items()} == {
        path: PropertyDiffKind.UPDATE_REPLACE
    }
    assert answer.delete_before_replace is True


def test_a_field_that_only_the_server_knows_to_be_immutable_replaces(
    session: Session, namespace: str
) -> None:
    token = "kubernetes:core/v1:Secret"
    tree = {"metadata": {"name": "key", "namespace": namespace}, "immutable": True, "data": {"a": "MQ=="}}
    identity, olds = create(session, checked(session, token, tree))
    mutable = replace(session, settings=Settings())
    news = checked(session, token, {**tree, "immutable": False})
    answer = compare.compare(mutable, identity, olds, news)
    assert answer.replaces == ["immutable"]


def test_an_unknown_value_is_a_change_that_a_preview_survives(session: Session, namespace: str) -> None:
    identity, olds = create(session, config_map(session, namespace, colour="red"))
    news = checked(
        session,
        CONFIG_MAP,
        {"metadata": {"name": "note", "namespace": namespace}, "data": {"colour": UNKNOWN}},
    )
    assert compare.compare(session, identity, olds, news).replaces == ["data.colour"]
    previewed = lifecycle.preview_create(session, lifecycle.resource("urn", news, None, 0))
    assert plain_map(previewed)["data"] == {"colour": UNKNOWN}


def test_a_preview_in_a_namespace_that_is_not_there_yet_shows_the_inputs(session: Session) -> None:
    inputs = config_map(session, "not-there-yet", colour="red")
    previewed = plain_map(lifecycle.preview_create(session, lifecycle.resource("urn", inputs, None, 0)))
    assert previewed["data"] == {"colour": "red"}
    assert previewed["metadata"]["uid"] is UNKNOWN


def test_a_preview_tells_what_the_server_would_refuse(session: Session, namespace: str) -> None:
    tree = {"metadata": {"name": "Not A Name", "namespace": namespace}}
    inputs = checked(session, CONFIG_MAP, tree)
    with pytest.raises(ApiError, match="RFC 1123"):
        lifecycle.preview_create(session, lifecycle.resource("urn", inputs, None, 0))


def waiting_deployment(session: Session, namespace: str) -> lifecycle.Resource:
    """A Deployment that no node will run."""
    tree = {
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {"selector": {"matchLabels": LABELS}, "template": SERVER_POD},
    }
    inputs = checked(session, "kubernetes:apps/v1:Deployment", tree)
    return lifecycle.resource("urn", inputs, None, 60)


def test_a_cancelled_wait_ends_at_once_and_keeps_the_object(session: Session, namespace: str) -> None:
    mine = replace(session, cancel=threading.Event())
    threading.Timer(1.0, mine.cancel.set).start()
    began = time.monotonic()
    with pytest.raises(PartialStateError) as caught:
        lifecycle.create(mine, waiting_deployment(mine, namespace))
    assert time.monotonic() - began < 10
    assert caught.value.resource_id == f"{namespace}/web"
    assert caught.value.reasons[0] == "cancelled while waiting"
    assert plain_map(caught.value.state)["kind"] == "Deployment"


def test_requests_run_beside_each_other(session: Session, namespace: str) -> None:
    mine = replace(session, cancel=threading.Event())
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(lifecycle.create, mine, waiting_deployment(mine, namespace))
        identity, outputs = create(mine, config_map(mine, namespace, colour="red"))
        lifecycle.remove(mine, "urn", identity, outputs, 0)
        assert not waiting.done()
        mine.cancel.set()
        with pytest.raises(PartialStateError):
            waiting.result(10)


def test_a_deletion_that_a_finalizer_holds_says_so(session: Session, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps/note"
    tree = {"metadata": {"name": "note", "namespace": namespace, "finalizers": ["example.com/hold"]}}
    identity, outputs = create(session, checked(session, CONFIG_MAP, tree))
    with pytest.raises(
        NotGoneError, match=r"still there after 1 s: waiting for finalizers example\.com/hold"
    ):
        lifecycle.remove(session, "urn", identity, outputs, 1)
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "note"}}
    session.client.apply(path, body, plain_map(outputs)["__fieldManager"])
    lifecycle.remove(session, "urn", identity, outputs, 0)
    lifecycle.remove(session, "urn", identity, outputs, 0)
    assert session.client.get(path) is None


def test_a_cluster_that_does_not_answer_is_named(tmp_path: Path) -> None:
    text = """{"current-context": "c", "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:9"}}],
    "contexts": [{"name": "c", "context": {"cluster": "c"}}]}"""
    client = ApiClient(kubeconfig.load(text))
    away = Session(client, Settings(), Progress(None))
    with pytest.raises(
        ClusterUnreachableError, match=r"http://127\.0\.0\.1:9 \(context 'c'\) is unreachable"
    ):
        checked(away, CONFIG_MAP, {})
    client.close()


def test_the_plugin_loads_nothing_that_would_make_it_start_slowly() -> None:
    program = "import sys, mlops_local.kubernetes_plugin.server; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert (
        loaded & {"jinja2", "kubernetes", "mlops_cli", "pulumi_kubernetes", "pulumi_mlops", "pydantic"}
        == set()
    )
