from __future__ import annotations

import pulumi_mlops as mlops
from recording_engine import registered


def test_a_namespace_admits_restricted_pods_only_denies_traffic_and_has_bounds() -> None:
    recording = registered(lambda: mlops.GuardedNamespace("team", {"max_pods": 50}))
    assert sorted(resource.name for resource in recording.resources) == [
        "team",
        "team-defaults",
        "team-deny-all",
        "team-namespace",
        "team-quota",
    ]
    labels = recording.of("Namespace").inputs["metadata"]["labels"]
    assert {key: value for key, value in labels.items() if key.startswith("pod-security")} == {
        "pod-security.kubernetes.io/enforce": "restricted",
        "pod-security.kubernetes.io/enforce-version": "v1.34",
        "pod-security.kubernetes.io/audit": "restricted",
        "pod-security.kubernetes.io/audit-version": "v1.34",
        "pod-security.kubernetes.io/warn": "restricted",
        "pod-security.kubernetes.io/warn-version": "v1.34",
    }
    assert recording.of("NetworkPolicy").inputs["spec"] == {
        "podSelector": {},
        "policyTypes": ["Ingress", "Egress"],
    }
    assert recording.of("ResourceQuota").inputs["spec"] == {
        "hard": {"pods": "50", "services.loadbalancers": "0"}
    }
    assert recording.outputs["team"] == {"namespace": "team"}


def test_labels_of_others_are_added_and_replace_none_of_its_own() -> None:
    mine = {"elbv2.k8s.aws/pod-readiness-gate-inject": "enabled"}
    taken = {"pod-security.kubernetes.io/enforce": "privileged"}
    plain = registered(lambda: mlops.GuardedNamespace("team", {}))
    marked = registered(lambda: mlops.GuardedNamespace("team", {"labels": {**mine, **taken}}))
    before, after = (each.of("Namespace").inputs["metadata"]["labels"] for each in (plain, marked))
    assert after == {**before, **mine}


def test_everything_in_it_comes_after_the_namespace() -> None:
    recording = registered(lambda: mlops.GuardedNamespace("team", {"max_pods": 50}))
    for kind in ("NetworkPolicy", "ResourceQuota", "LimitRange"):
        assert recording.of(kind).dependencies == ("team-namespace",)
