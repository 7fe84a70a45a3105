"""What a team's own namespace has beyond the walls that every guarded one has."""

from __future__ import annotations

import pulumi
import pytest

import pulumi_mlops as mlops
from pulumi_mlops import checks, team_rules
from pulumi_mlops.errors import InvalidValue
from recording_engine import Recording, registered

RED = {
    "deployer": "deployer",
    "members": ["red-engineers"],
    "max_pods": 4.0,
    "max_cpu": "2",
    "max_memory": "4Gi",
    "image_prefixes": ["registry.example.org/red/"],
}


def made(**args: object) -> Recording:
    return registered(lambda: mlops.GuardedNamespace("red", args))  # type: ignore[arg-type]


def test_the_quota_bounds_what_pods_request_together() -> None:
    assert made(**RED).of("ResourceQuota").inputs["spec"] == {
        "hard": {"pods": "4", "services.loadbalancers": "0", "requests.cpu": "2", "requests.memory": "4Gi"}
    }


def test_without_members_and_deployer_nobody_is_given_rights() -> None:
    names = [resource.name for resource in made(max_cpu="2").resources]
    assert sorted(names) == ["red", "red-defaults", "red-deny-all", "red-namespace", "red-quota"]


def test_members_and_the_deployer_are_bound_to_one_role_of_the_namespace() -> None:
    recording = made(**RED)
    assert recording.of("RoleBinding").inputs["roleRef"] == {
        "apiGroup": "rbac.authorization.k8s.io",
        "kind": "Role",
        "name": "deploy",
    }
    assert recording.of("RoleBinding").inputs["subjects"] == [
        {"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "red-engineers"},
        {"kind": "ServiceAccount", "name": "deployer", "namespace": "red"},
    ]
    assert recording.of("Role").inputs["metadata"]["namespace"] == "red"
    assert recording.of("ServiceAccount").inputs["automountServiceAccountToken"] is False


def test_no_right_lists_secrets_or_changes_the_walls() -> None:
    granted = {
        (kind, verb)
        for rule in team_rules.deploying()
        for kind in rule["resources"]
        for verb in rule["verbs"]
    }
    assert {verb for kind, verb in granted if kind == "secrets"} == {
        "create",
        "delete",
        "get",
        "patch",
        "update",
    }
    walls = {"resourcequotas", "limitranges", "roles", "rolebindings", "namespaces"}
    assert {verb for kind, verb in granted if kind in walls} == {"get", "list", "watch"}
    assert "*" not in {part for pair in granted for part in pair}


def test_images_from_elsewhere_are_refused_in_this_namespace_only() -> None:
    recording = made(**RED)
    policy = recording.of("ValidatingAdmissionPolicy")
    assert policy.inputs["metadata"]["name"] == "red-images"
    ours = "['registry.example.org/red/'].exists(prefix, container.image.startsWith(prefix))"
    kinds = [
        f"(!has(object.spec.{kind}) || object.spec.{kind}.all(container, {ours}))"
        for kind in ("containers", "initContainers", "ephemeralContainers")
    ]
    assert policy.inputs["spec"]["validations"] == [
        {
            "expression": " && ".join(kinds),
            "message": "images of this namespace must be below one of: registry.example.org/red/",
        }
    ]
    assert policy.inputs["spec"]["failurePolicy"] == "Fail"
    assert recording.of("ValidatingAdmissionPolicyBinding").inputs["spec"] == {
        "policyName": "red-images",
        "validationActions": ["Deny"],
        "matchResources": {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "red"}}},
    }


def test_two_prefixes_are_both_allowed() -> None:
    spec = team_rules.only_images_below(["one.example/a/", "two.example/"])
    assert "['one.example/a/', 'two.example/'].exists(" in spec["validations"][0]["expression"]


@pytest.mark.parametrize("prefix", ["registry.example.org/red", "https://registry/red/", "", "a/'b'/"])
def test_a_prefix_without_its_last_slash_or_with_a_quote_is_refused(prefix: str) -> None:
    with pytest.raises(InvalidValue, match="with a slash at its end"):
        checks.image_prefix(prefix)


def test_a_refused_prefix_is_named_by_its_path() -> None:
    with pytest.raises(pulumi.InputPropertyError) as caught:
        made(image_prefixes=["one.example/a/", "b"])
    assert caught.value.property_path == "image_prefixes[1]"
