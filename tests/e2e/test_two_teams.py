"""Two teams on one platform: what the real API server lets one do to the other.

The local node's network plugin does not enforce NetworkPolicies, so those are asserted as they stand.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from example_stacks import access, folder_of, gone, initialized
from mlops_local import toolchain
from running_platform import CACHE, Platform

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]

RED, BLUE = "team-red", "team-blue"
AS_RED = f"--as=system:serviceaccount:{RED}:deployer"


@pytest.fixture(scope="module")
def teams(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """Both teams' endpoints, up; what the program was configured with."""
    values = access(platform)
    with initialized(folder_of("two_teams"), "teams", tmp_path_factory.mktemp("teams"), values) as example:
        example.pulumi("up", "--yes", "--non-interactive")
        example.pulumi("preview", "--expect-no-changes", "--non-interactive")
        yield values
    gone(platform, RED, BLUE)


def refused(platform: Platform, *arguments: str, manifest: Mapping[str, Any] | None = None) -> str:
    """Standard error of a kubectl call that must fail."""
    program = toolchain.group_folder("kubernetes", CACHE) / "kubectl"
    result = subprocess.run(
        [str(program), "--kubeconfig", str(platform.kubeconfig), *arguments],
        input=json.dumps(manifest) if manifest else None,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert result.returncode != 0, result.stdout
    return result.stderr


def pod(image: str, *, host_network: bool = False, cpu: str = "10m") -> dict[str, Any]:
    """A pod of red that meets Pod Security restricted unless it is in the node's network."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "tried", "namespace": RED},
        "spec": {
            "hostNetwork": host_network,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 65532,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [
                {
                    "name": "tried",
                    "image": image,
                    "securityContext": {
                        "allowPrivilegeEscalation": False,
                        "capabilities": {"drop": ["ALL"]},
                    },
                    "resources": {"requests": {"cpu": cpu}},
                }
            ],
        },
    }


def creating(platform: Platform, manifest: Mapping[str, Any]) -> str:
    return refused(platform, "create", "--dry-run=server", "-f", "-", AS_RED, manifest=manifest)


@pytest.mark.parametrize("kind", ["secrets", "pods", "pods/log", "configmaps", "deployments.apps"])
@pytest.mark.parametrize("verb", ["get", "list", "create", "delete"])
def test_a_team_may_do_nothing_in_the_others_namespace(
    platform: Platform, teams: Mapping[str, str], verb: str, kind: str
) -> None:
    answer = platform.kubectl("auth", "can-i", verb, kind, "-n", BLUE, AS_RED, check=False)
    assert answer.strip() == "no"


def test_a_team_reads_its_own_pods_and_not_the_others(platform: Platform, teams: Mapping[str, str]) -> None:
    own = json.loads(platform.kubectl("get", "pods", "-n", RED, AS_RED, "-o", "json"))["items"]
    assert len(own) == 1
    assert refused(platform, "get", "pods", "-n", BLUE, AS_RED) == (
        'Error from server (Forbidden): pods is forbidden: User "system:serviceaccount:team-red:deployer" '
        'cannot list resource "pods" in API group "" in the namespace "team-blue"\n'
    )


def test_a_team_reads_no_secret_of_the_other_and_lists_not_even_its_own(
    platform: Platform, teams: Mapping[str, str]
) -> None:
    assert 'cannot get resource "secrets"' in refused(
        platform, "get", "secret", "mortgage", "-n", BLUE, AS_RED
    )
    assert 'cannot list resource "secrets"' in refused(platform, "get", "secrets", "-n", RED, AS_RED)
    assert (
        platform.kubectl("get", "secret", "mortgage", "-n", RED, AS_RED, "-o", "name") == "secret/mortgage\n"
    )


def test_a_team_cannot_move_its_own_walls(platform: Platform, teams: Mapping[str, str]) -> None:
    for kind in ("resourcequotas", "limitranges", "roles.rbac.authorization.k8s.io", "namespaces"):
        allowed = platform.kubectl("auth", "can-i", "update", kind, "-n", RED, AS_RED, check=False)
        assert allowed.strip() == "no", kind


def test_the_quota_refuses_what_a_team_requests_beyond_it(
    platform: Platform, teams: Mapping[str, str]
) -> None:
    error = creating(platform, pod(teams["image"], cpu="2"))
    assert "exceeded quota: quota, requested: requests.cpu=2, used: requests.cpu=" in error
    assert error.endswith(", limited: requests.cpu=1\n")


def test_pod_security_refuses_a_pod_in_the_nodes_network(
    platform: Platform, teams: Mapping[str, str]
) -> None:
    error = creating(platform, pod(teams["image"], host_network=True))
    assert 'violates PodSecurity "restricted:v1.34": host namespaces (hostNetwork=true)' in error


def test_an_image_of_the_other_team_is_refused_and_one_of_the_platform_admitted(
    platform: Platform, teams: Mapping[str, str]
) -> None:
    registry = teams["image"].split("/")[0]
    error = creating(platform, pod(f"{registry}/blue/serving@sha256:{'a' * 64}"))
    assert error.endswith(
        f"denied request: images of this namespace must be below one of: {registry}/mlops/, {registry}/red/\n"
    )


def test_a_pod_within_all_bounds_is_admitted(platform: Platform, teams: Mapping[str, str]) -> None:
    program = toolchain.group_folder("kubernetes", CACHE) / "kubectl"
    command = [str(program), "--kubeconfig", str(platform.kubeconfig), "create", "--dry-run=server"]
    made = subprocess.run(
        [*command, "-f", "-", AS_RED, "-o", "name"],
        input=json.dumps(pod(teams["image"])),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert made.stdout == "pod/tried\n", made.stderr


def test_no_network_policy_of_a_team_names_the_other(platform: Platform, teams: Mapping[str, str]) -> None:
    for own, other in ((RED, BLUE), (BLUE, RED)):
        items = {
            item["metadata"]["name"]: item["spec"]
            for item in platform.get("networkpolicy", "-n", own)["items"]
        }
        assert items["deny-all"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
        assert set(items) == {"deny-all", "mortgage"}
        assert items["mortgage"]["ingress"] == [
            {"from": [{"podSelector": {}}], "ports": [{"port": 8080, "protocol": "TCP"}]}
        ]
        assert other not in json.dumps(items)
