from __future__ import annotations

from typing import Any

import pulumi
import pytest

import pulumi_mlops as mlops
from component_samples import make, sample
from pulumi_mlops import admission_objects
from recording_engine import Recording, registered

KINDS = [
    "accounts",
    "cron-jobs",
    "namespaces",
    "network-policies",
    "pods",
    "role-bindings",
    "roles",
    "services",
    "workloads",
]


@pytest.fixture(scope="module")
def admission() -> Recording:
    return registered(lambda: make(mlops.AdmissionPolicies, "rules"))


def rules_of(recording: Recording) -> set[str]:
    return {
        each["message"].split(":")[0]
        for resource in recording.resources
        if resource.type.endswith(":ValidatingAdmissionPolicy")
        for each in resource.inputs["spec"]["validations"]
    }


def test_every_policy_is_bound_to_the_namespaces_by_their_names(admission: Recording) -> None:
    policies = admission.names_of("ValidatingAdmissionPolicy")
    assert policies == [f"rules-{kind}" for kind in KINDS]
    assert admission.names_of("ValidatingAdmissionPolicyBinding") == [f"{name}-binding" for name in policies]
    binding = admission.of("ValidatingAdmissionPolicyBinding", "rules-pods-binding")
    assert binding.inputs["metadata"]["name"] == "rules-pods"
    assert binding.inputs["spec"] == {
        "policyName": "rules-pods",
        "validationActions": ["Deny"],
        "matchResources": {
            "namespaceSelector": {
                "matchExpressions": [
                    {
                        "key": "kubernetes.io/metadata.name",
                        "operator": "In",
                        "values": ["system", "models"],
                    }
                ]
            }
        },
    }
    assert binding.dependencies == ("rules-pods",)


def test_a_policy_that_cannot_be_asked_refuses(admission: Recording) -> None:
    for kind in KINDS:
        spec = admission.of("ValidatingAdmissionPolicy", f"rules-{kind}").inputs["spec"]
        assert spec["failurePolicy"] == "Fail"


def test_the_mode_warn_warns_and_writes_to_the_audit_log() -> None:
    recording = registered(lambda: make(mlops.AdmissionPolicies, "rules", mode=mlops.AdmissionMode.WARN))
    spec = recording.of("ValidatingAdmissionPolicyBinding", "rules-pods-binding").inputs["spec"]
    assert spec["validationActions"] == ["Warn", "Audit"]


def test_all_rules_but_those_left_out_are_asked_for(admission: Recording) -> None:
    everything = set(admission_objects.rule_names())
    assert rules_of(admission) == everything - {"pod-group"}
    assert admission.outputs["rules"]["rules"] == sorted(everything - {"pod-group"})


def test_a_policy_of_which_all_rules_are_left_out_is_not_made() -> None:
    recording = registered(
        lambda: make(mlops.AdmissionPolicies, "rules", leave_out=["account-no-token", "rbac-no-crowd"])
    )
    made = [f"rules-{kind}" for kind in KINDS if kind not in ("accounts", "role-bindings")]
    assert recording.names_of("ValidatingAdmissionPolicy") == made


@pytest.mark.parametrize(
    ("changes", "key", "reason"),
    [
        ({"namespaces": []}, "namespaces", "required, at least one: nothing is judged without"),
        (
            {"namespaces": ["models", "kube-system"]},
            "namespaces[1]",
            "'kube-system' is no namespace to watch: a refused pod of the cluster itself would stop it; name "
            "namespaces of your own",
        ),
        (
            {"leave_out": ["pod-gruop"]},
            "leave_out[0]",
            "'pod-gruop' is no rule of the API server; allowed are "
            + ", ".join(admission_objects.rule_names()),
        ),
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, Any], key: str, reason: str) -> None:
    with pytest.raises(pulumi.InputPropertyError) as caught:
        registered(lambda: make(mlops.AdmissionPolicies, "rules", **changes))
    assert (caught.value.property_path, caught.value.reason) == (key, reason)


def test_a_platform_has_its_own_namespaces_judged_if_that_is_wanted() -> None:
    def program() -> None:
        mlops.Platform("mlops", {**sample(mlops.Platform), "admission": {"mode": mlops.AdmissionMode.WARN}})

    spec = (
        registered(program)
        .of("ValidatingAdmissionPolicyBinding", "mlops-admission-pods-binding")
        .inputs["spec"]
    )
    (where,) = spec["matchResources"]["namespaceSelector"]["matchExpressions"]
    assert where["values"] == ["mlops-system", "mlops-models"]
    assert spec["validationActions"] == ["Warn", "Audit"]
    assert registered(lambda: make(mlops.Platform, "mlops")).names_of("ValidatingAdmissionPolicy") == []
