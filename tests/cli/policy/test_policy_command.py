"""`mlops policy` on files, and on a cluster that a transport stands for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx2
import lightkube
import pytest
from lightkube.config.kubeconfig import KubeConfig
from lightkube.config.models import Cluster, User
from typer.testing import CliRunner

from mlops_cli.errors import BadPolicyInput, ClusterUnreadable
from mlops_cli.main import app
from mlops_cli.policy import cluster
from mlops_policy.catalog import RULES
from mlops_policy.manifests import own

BAD = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec: {type: NodePort}\n"
ONE_OF = "give manifests, or a cluster by --cluster or --kubeconfig, and not both"
RUNNER = CliRunner()


@pytest.fixture
def manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Service that is published on every node, as web.yaml in the working folder."""
    monkeypatch.chdir(tmp_path)
    Path("web.yaml").write_text(BAD)
    return Path("web.yaml")


def _run(*arguments: str, text: str | None = None) -> Any:
    return RUNNER.invoke(app, ["policy", *arguments], input=text)


def test_what_breaks_a_policy_is_said_with_what_to_do(manifest: Path) -> None:
    done = _run("check", str(manifest))

    assert (done.exit_code, done.output) == (
        15,
        "high     mandatory network-service-type: web.yaml#Service/shop/web\n"
        "  spec.type is 'NodePort', which is not in ClusterIP, LoadBalancer\n"
        "  A Service is published in an allowed way. Make it a ClusterIP, or add its type to types where "
        "this environment publishes so.\n"
        "1 broken, 0 exempt\n",
    )


def test_a_configuration_allows_what_it_says(manifest: Path) -> None:
    Path("policy.yaml").write_text("network-service-type: {types: [NodePort]}\n")
    done = _run("check", str(manifest), "--config", "policy.yaml", "--json")

    assert (done.exit_code, json.loads(done.output)) == (
        0,
        {"version": 1, "holds": True, "findings": [], "expired": [], "notes": []},
    )


def test_standard_input_is_read() -> None:
    done = _run("check", "-", "--json", text=BAD)

    assert done.exit_code == 15
    assert [each["object"] for each in json.loads(done.output)["findings"]] == ["-#Service/shop/web"]


def test_every_policy_is_listed_with_what_it_says() -> None:
    listed = json.loads(_run("list", "--json").output)

    assert [each["name"] for each in listed] == [rule.name for rule in RULES]
    assert [each["says"] for each in listed] == [rule.says for rule in RULES]
    assert all(f"  {rule.name} " in _run("list").output for rule in RULES[:1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), ONE_OF),
        (
            ("web.yaml", "--cluster", "a"),
            ONE_OF,
        ),
        (("none.yaml",), "cannot read none.yaml: No such file or directory"),
        (
            ("web.yaml", "--config", "web.yaml"),
            "there is no policy apiVersion, kind, metadata, spec; ",
        ),
        (("--kubeconfig", "none"), "cannot use the kubeconfig: Configuration file none not found"),
    ],
)
def test_wrong_use_is_refused(manifest: Path, arguments: tuple[str, ...], message: str) -> None:
    done = _run("check", *arguments)

    assert isinstance(done.exception, BadPolicyInput)
    assert (done.exception.exit_code, str(done.exception).startswith(message)) == (2, True)


def _client(answer: Any) -> lightkube.Client:
    config = KubeConfig.from_one(cluster=Cluster(server="http://api.example"), user=User(token="t")).get()
    return lightkube.Client(config=config, trust_env=False, transport=httpx2.MockTransport(answer))


def _answer(request: httpx2.Request) -> httpx2.Response:
    plural = request.url.path.rpartition("/")[2]
    if plural == "scaledobjects":
        # As of any group that the API server does not serve.
        return httpx2.Response(404, text="404 page not found")
    controlled = {"apiVersion": "apps/v1", "kind": "D", "name": "d", "uid": "u", "controller": True}
    made = {"name": "web-1", "namespace": "shop", "ownerReferences": [controlled]}
    items = {
        "services": [
            {"metadata": {"name": "web", "namespace": "shop"}, "spec": {"type": "NodePort"}},
            {"metadata": {"name": "dns", "namespace": "kube-system"}},
        ],
        "replicasets": [{"metadata": made, "spec": {"selector": {}}}],
        "namespaces": [{"metadata": {"name": "kube-system"}}, {"metadata": {"name": "shop"}}],
    }
    return httpx2.Response(200, json={"metadata": {}, "items": items.get(plural, [])})


def test_a_cluster_is_its_objects_without_its_own_namespaces_and_what_controllers_make() -> None:
    found = [each for each in cluster.objects(_client(_answer)) if own(each)]

    assert [(each["apiVersion"], each["kind"], each["metadata"]["name"]) for each in found] == [
        ("v1", "Namespace", "shop"),
        ("v1", "Service", "web"),
    ]


def test_a_cluster_that_refuses_is_told() -> None:
    status = {"kind": "Status", "code": 403, "message": "namespaces is forbidden", "status": "Failure"}

    with pytest.raises(ClusterUnreadable, match="cannot list Namespace: namespaces is forbidden"):
        list(cluster.objects(_client(lambda request: httpx2.Response(403, json=status))))
