"""Nodes of node groups and of Karpenter: what they tell of themselves, disks, logins, rights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mlops_policy.aws.frameworks import hub
from mlops_policy.aws.kinds import ATTACHMENT, NODE_CLASS, NODE_GROUP, ROLE, ROLE_POLICY, TEMPLATE
from mlops_policy.building import field
from mlops_policy.resources import Stack
from mlops_policy.rules import Framework, Rule, Severity, Subject
from mlops_policy.views import UNKNOWN, UnknownRead, View
from mlops_policy.wanted import ABSENT, NO, TEXT, YES, Wanted, equal

NODE_POLICIES = frozenset(
    {
        "AmazonEC2ContainerRegistryPullOnly",
        "AmazonEC2ContainerRegistryReadOnly",
        "AmazonEKSWorkerNodeMinimalPolicy",
        "AmazonEKSWorkerNodePolicy",
        "AmazonSSMManagedInstanceCore",
    }
)
"""All that a node's role may have: none is an application's."""


def _of_template(
    name: str,
    says: str,
    path: str,
    wanted: Wanted,
    severity: Severity,
    frameworks: tuple[Framework, ...] = (),
    bad: Any = None,
) -> Rule:
    kinds, more = (TEMPLATE,), {} if bad is None else {"bad": bad}
    return field(name, says, kinds, path, wanted, severity=severity, frameworks=frameworks, **more)


def _of_pool(name: str, says: str, path: str, wanted: Wanted, severity: Severity) -> Rule:
    return field(name, says, (NODE_CLASS,), f"spec.{path}", wanted, severity=severity)


def _of_nodes(subject: Subject, stack: Stack) -> bool:
    """Whether it is a role that instances take, or one of its policies."""
    resource = subject.resource
    if resource.type.startswith(ROLE):
        return _is_taken_by_instances(resource.view)
    owners = stack.named(resource, "role", ROLE)
    if not owners and resource.view.at("role").raw is UNKNOWN:
        raise UnknownRead(f"role of {resource.urn}")
    return any(_is_taken_by_instances(role.view) for role in owners)


def _is_taken_by_instances(role: View) -> bool:
    return "ec2.amazonaws.com" in str(role.at("assumeRolePolicy").known)


def _rights(subject: Subject, stack: Stack, settings: Any) -> Iterator[str]:
    resource, view = subject.resource, subject.view
    if resource.type.startswith(ROLE_POLICY):
        yield "it is a policy of one's own of a role of nodes"
    elif resource.type.startswith(ATTACHMENT):
        arn = view.at("policyArn").text()
        if arn.rpartition("/")[2] not in NODE_POLICIES:
            yield f"policyArn is {arn or 'not set'} and must be one of {', '.join(sorted(NODE_POLICIES))}"
    else:
        if view.at("inlinePolicies").given:
            yield "inlinePolicies has policies of one's own"
        for arn in view.at("managedPolicyArns").texts():
            if arn.rpartition("/")[2] not in NODE_POLICIES:
                yield f"managedPolicyArns has {arn}, of which none is a node's"


RULES: tuple[Rule, ...] = (
    _of_template("nodes-imds", "A node tells about itself only to who has a token.",
                 "metadataOptions.httpTokens", equal("required"), Severity.HIGH, hub("EC2.170")),
    _of_template("nodes-hop", "A pod cannot ask a node for its credentials.",
                 "metadataOptions.httpPutResponseHopLimit", equal(1), Severity.HIGH),
    _of_template("nodes-encrypted", "The disks of nodes are encrypted.",
                 "blockDeviceMappings[].ebs.encrypted", YES, Severity.MEDIUM, hub("EC2.181")),
    _of_template("nodes-disk-key", "The disks of nodes are encrypted with a key of one's own.",
                 "blockDeviceMappings[].ebs.kmsKeyId", TEXT, Severity.MEDIUM),
    _of_template("nodes-disk-type", "The disks of nodes are of the type gp3.",
                 "blockDeviceMappings[].ebs.volumeType", equal("gp3"), Severity.LOW),
    _of_template("nodes-no-key-pair", "No key pair opens a node; Systems Manager does, and logs who.",
                 "keyName", ABSENT, Severity.MEDIUM, bad="office"),
    field("nodes-no-remote", "Node groups open no port for SSH.", (NODE_GROUP,), "remoteAccess", ABSENT,
          bad={"ec2SshKey": "office"}, severity=Severity.MEDIUM),
    field("nodes-template", "Node groups start their nodes as a launch template says.", (NODE_GROUP,),
          "launchTemplate.id", TEXT, severity=Severity.MEDIUM,
          remedy="Set launchTemplate to a LaunchTemplate with the settings that are asked of one."),
    _of_pool("pools-imds", "A node of Karpenter tells about itself only to who has a token.",
             "metadataOptions.httpTokens", equal("required"), Severity.HIGH),
    _of_pool("pools-hop", "A pod cannot ask a node of Karpenter for its credentials.",
             "metadataOptions.httpPutResponseHopLimit", equal(1), Severity.HIGH),
    _of_pool("pools-encrypted", "The disks of Karpenter's nodes are encrypted.",
             "blockDeviceMappings[].ebs.encrypted", YES, Severity.MEDIUM),
    _of_pool("pools-disk-key", "The disks of Karpenter's nodes are encrypted with a key of one's own.",
             "blockDeviceMappings[].ebs.kmsKeyID", TEXT, Severity.MEDIUM),
    _of_pool("pools-disk-type", "The disks of Karpenter's nodes are of the type gp3.",
             "blockDeviceMappings[].ebs.volumeType", equal("gp3"), Severity.LOW),
    _of_pool("pools-private", "Karpenter's nodes have no public address.", "associatePublicIPAddress", NO,
             Severity.HIGH),
    Rule(
        name="nodes-rights",
        says="A role of nodes has AWS's policies for nodes and no right of an application.",
        remedy="Give the application's pods a role of their own by Pod Identity.",
        severity=Severity.HIGH,
        kinds=(ROLE, ATTACHMENT, ROLE_POLICY),
        judge=_rights,
        where=_of_nodes,
        across=True,
        path="policyArn",
    ),
)  # fmt: skip
