"""What the API server itself refuses, whoever asks it: rules of the policy pack, in the cluster."""

from enum import Enum
from typing import NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.admissionregistration.v1 import (
    ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding,
)

from pulumi_mlops import admission_objects, checks, inputs
from pulumi_mlops.labels import labels


class AdmissionMode(Enum):
    """What is done about an object that breaks a rule."""

    WARN = "warn"
    """It is made, whoever made it is warned, and the audit log has it."""
    DENY = "deny"
    """It is refused."""


class AdmissionPoliciesArgs(TypedDict):
    """Arguments of AdmissionPolicies."""

    mode: AdmissionMode
    """What is done about an object that breaks a rule."""
    namespaces: list[pulumi.Input[str]]
    """The namespaces in which objects are judged; none of the cluster's own, `kube-…`."""
    leave_out: NotRequired[list[str]]
    """Names of rules that are not asked for; all are without it."""
    object_name: NotRequired[str]
    """Prefix of its objects, which are the cluster's; the component's name by default."""


class AdmissionPolicies(pulumi.ComponentResource):
    """ValidatingAdmissionPolicy objects, one for each kind, and what binds them to namespaces.

    It needs Kubernetes 1.30 or later, and the right to make objects of the cluster.
    """

    rules: pulumi.Output[list[str]]
    """Names of the rules that are asked for."""

    def __init__(
        self, name: str, args: AdmissionPoliciesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:index:AdmissionPolicies", name, {}, opts)
        mode = AdmissionMode(inputs.section(args, "mode")).value
        prefix = inputs.plain(args, "object_name", checks.object_name, name)
        namespaces = inputs.texts(args, "namespaces", admission_objects.watched_namespace)
        if not namespaces:
            raise pulumi.InputPropertyError("namespaces", "required, at least one: nothing is judged without")
        leave_out = inputs.texts(args, "leave_out", admission_objects.rule_name)
        child = pulumi.ResourceOptions(parent=self)
        for policy in admission_objects.policies(leave_out):
            object_name = f"{prefix}-{policy['name']}"
            meta = {"name": object_name, "labels": labels("admission", prefix)}
            made = ValidatingAdmissionPolicy(
                f"{name}-{policy['name']}", metadata=meta, spec=policy["spec"], opts=child
            )
            ValidatingAdmissionPolicyBinding(
                f"{name}-{policy['name']}-binding",
                metadata=meta,
                spec=admission_objects.binding(object_name, mode, namespaces),
                opts=pulumi.ResourceOptions(parent=self, depends_on=[made]),
            )
        asked = [rule for rule in admission_objects.rule_names() if rule not in leave_out]
        self.rules = pulumi.Output.from_input(asked)
        self.register_outputs({"rules": self.rules})
