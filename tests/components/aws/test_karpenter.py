from __future__ import annotations

import json

import pulumi
import pytest

from eks_samples import (
    ACCOUNT,
    KEY,
    POOL,
    TAGS,
    created,
    named,
    options,
    previewed,
    sample,
    sample_options,
    tags,
)
from mlops_stacks.recording import UNKNOWN
from pulumi_mlops.aws import eks_policies, karpenter_values
from pulumi_mlops.aws.eks_args import NodeKind
from pulumi_mlops.aws.eks_cluster import EksCluster
from pulumi_mlops.aws.eks_place import Place
from recording_engine import registered

PLACE = Place("risk", "eu-central-1", ACCOUNT)
TWO_POOLS = {
    "general": POOL,
    "gpus": {"kind": NodeKind.GPU, "cpu_limit": 96, "memory_limit": "384Gi", "gpu_limit": 4},
}


def test_karpenter_comes_from_a_pinned_chart_with_its_definitions_before_it() -> None:
    recording = sample()
    assert named(recording, "eks-karpenter-crd").inputs == {
        "compat": "true",
        "name": "karpenter-crd",
        "chart": "oci://public.ecr.aws/karpenter/karpenter-crd",
        "version": "1.14.1",
        "namespace": "kube-system",
    }
    assert named(recording, "eks-karpenter").inputs == {
        "compat": "true",
        "name": "karpenter",
        "chart": "oci://public.ecr.aws/karpenter/karpenter",
        "version": "1.14.1",
        "namespace": "kube-system",
        "skipCrds": True,
        "atomic": True,
        "timeout": 600,
        "values": UNKNOWN,
    }
    assert "eks-karpenter-crd" in named(recording, "eks-karpenter").dependencies


def test_charts_and_image_can_come_from_a_mirror() -> None:
    args = created(karpenter={"version": "1.15.0", "charts": "oci://registry.example/karpenter"})
    chart = named(previewed(args), "eks-karpenter").inputs
    assert (chart["chart"], chart["version"]) == ("oci://registry.example/karpenter/karpenter", "1.15.0")


def test_the_charts_values_say_where_it_runs_and_what_it_reaches() -> None:
    args = created(isolated=True, karpenter={"image_repository": "registry.example/karpenter"})
    chart = named(registered(lambda: EksCluster("eks", args)), "eks-karpenter").inputs["values"]
    # The recording engine's update tells no endpoint.
    settings = {**chart["settings"], "clusterEndpoint": "https://api.example"}
    assert {**chart, "settings": settings} == karpenter_values.values(
        "risk",
        "https://api.example",
        "risk-interruptions",
        "eu-central-1",
        isolated=True,
        image_repository="registry.example/karpenter",
    )


def test_deletions_that_wait_for_nodes_are_bounded() -> None:
    bounds: dict[str, str | None] = {}

    def note(given: pulumi.ResourceTransformationArgs) -> None:
        if given.opts.custom_timeouts is not None:
            bounds[given.name] = given.opts.custom_timeouts.delete

    def program() -> None:
        pulumi.runtime.register_stack_transformation(note)
        EksCluster("eks", created())

    registered(program)
    assert bounds == {"eks-system-nodes": "30m", "eks-general-class": "60m", "eks-general-pool": "60m"}


def test_karpenter_starts_when_it_can_work() -> None:
    found = named(sample(), "eks-karpenter-crd").dependencies
    assert found == (
        "eks-aws-ebs-csi-driver",
        "eks-coredns",
        "eks-interruptions-policy",
        "eks-karpenter-identity",
        "eks-karpenter-nodes",
        "eks-karpenter-volumes-key",
        "eks-karpenter-world",
        "eks-metrics-server",
        *(f"eks-on-{event}-target" for event in karpenter_values.EVENTS),
        "eks-pool-node-AmazonEC2ContainerRegistryPullOnly",
        "eks-pool-node-AmazonEKSWorkerNodePolicy",
        "eks-pool-node-AmazonSSMManagedInstanceCore",
        "eks-pool-node-entry",
        "eks-system-nodes",
    )


def test_its_role_is_for_its_pods_alone() -> None:
    recording = sample()
    role = named(recording, "eks-karpenter-role").inputs
    assert json.loads(role["assumeRolePolicy"])["Statement"] == [
        {
            "Sid": "PodIdentity",
            "Effect": "Allow",
            "Principal": {"Service": ["pods.eks.amazonaws.com"]},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
        }
    ]
    assert named(recording, "eks-karpenter-identity").inputs == {
        "clusterName": "risk",
        "namespace": "kube-system",
        "serviceAccount": "karpenter",
        "roleArn": UNKNOWN,
        "tags": tags("karpenter-identity"),
    }


def test_its_rights_are_known_in_the_first_preview() -> None:
    recording = sample()
    rights = {
        r.name: r.inputs["policy"]
        for r in recording.resources
        if r.inputs.get("role") == "risk-eu-central-1-karpenter"
    }
    assert rights == {
        "eks-karpenter-nodes": eks_policies.karpenter_nodes(PLACE),
        "eks-karpenter-world": eks_policies.karpenter_world(PLACE),
        "eks-karpenter-volumes-key": eks_policies.volumes_key(KEY, "eu-central-1"),
    }


def test_its_queue_is_encrypted_and_takes_events_of_its_rules() -> None:
    recording = sample()
    assert named(recording, "eks-interruptions").inputs == {
        "name": "risk-interruptions",
        "messageRetentionSeconds": 300,
        "sqsManagedSseEnabled": True,
        "tags": tags("interruptions"),
    }
    assert named(recording, "eks-interruptions-policy").inputs == {
        "queueUrl": UNKNOWN,
        "policy": eks_policies.interruption_queue(PLACE, list(karpenter_values.EVENTS)),
    }


@pytest.mark.parametrize("event", karpenter_values.EVENTS)
def test_each_event_has_a_rule_that_sends_it_to_the_queue(event: str) -> None:
    recording = sample()
    assert named(recording, f"eks-on-{event}").inputs == {
        "name": f"risk-on-{event}",
        "eventPattern": karpenter_values.EVENTS[event],
        "description": f"{event} of instances, for Karpenter of risk",
        "tags": tags(f"on-{event}"),
    }
    assert named(recording, f"eks-on-{event}-target").inputs == {
        "rule": f"risk-on-{event}",
        "targetId": "karpenter",
        "arn": UNKNOWN,
    }


def test_the_nodes_it_makes_have_one_profile_and_may_join() -> None:
    recording = sample()
    assert named(recording, "eks-pool-node-profile").inputs == {
        "name": "risk-eu-central-1-pool-node",
        "role": "risk-eu-central-1-pool-node",
        "tags": tags("pool-node"),
    }
    assert named(recording, "eks-pool-node-entry").inputs == {
        "clusterName": "risk",
        "principalArn": UNKNOWN,
        "type": "EC2_LINUX",
        "tags": tags("pool-node-entry"),
    }


def test_a_class_stands_in_the_private_subnets_with_the_clusters_group_and_key() -> None:
    spec = named(sample(), "eks-general-class").inputs["spec"]
    assert spec["instanceProfile"] == "risk-eu-central-1-pool-node"
    assert spec["subnetSelectorTerms"] == [{"id": "subnet-a"}, {"id": "subnet-b"}]
    assert spec["securityGroupSelectorTerms"] == [{"id": UNKNOWN}]
    assert {disk["ebs"]["kmsKeyID"] for disk in spec["blockDeviceMappings"]} == {KEY}
    assert spec["amiSelectorTerms"] == [{"alias": "bottlerocket@v1.64.0"}]
    assert spec["tags"] == {**TAGS, "Name": "risk-pool-node", "mlops:node-pool": "general"}


def test_every_pool_has_a_class_of_its_own() -> None:
    recording = previewed(created(pools=TWO_POOLS, node_image="v1.65.0"))
    assert recording.names_of("NodePool") == ["eks-general-pool", "eks-gpus-pool"]
    assert recording.names_of("EC2NodeClass") == ["eks-general-class", "eks-gpus-class"]
    limits = named(recording, "eks-gpus-pool").inputs["spec"]["limits"]
    assert limits == {"cpu": "96", "memory": "384Gi", "nvidia.com/gpu": "4"}
    alias = named(recording, "eks-gpus-class").inputs["spec"]["amiSelectorTerms"]
    assert alias == [{"alias": "bottlerocket@v1.65.0"}]


def test_a_destroy_takes_pools_then_classes_then_karpenter_then_the_system_nodes() -> None:
    """What depends on another is deleted before it; what owns instances does not just go with the cluster."""
    recording = previewed(created(pools=TWO_POOLS))
    for pool in TWO_POOLS:
        assert named(recording, f"eks-{pool}-pool").dependencies == (f"eks-{pool}-class",)
        assert "eks-karpenter" in named(recording, f"eks-{pool}-class").dependencies
        metadata = named(recording, f"eks-{pool}-pool").inputs["metadata"]
        assert metadata["annotations"] == {"pulumi.com/deletionPropagationPolicy": "foreground"}
    assert "eks-karpenter-crd" in named(recording, "eks-karpenter").dependencies
    assert "eks-system-nodes" in named(recording, "eks-karpenter-crd").dependencies
    found = options(created(pools=TWO_POOLS))
    kept = ["general-pool", "general-class", "gpus-pool", "gpus-class", "karpenter", "karpenter-crd"]
    assert {found[f"eks-{name}"].deleted_with for name in [*kept, "system-nodes"]} == {""}


def test_what_stands_in_the_cluster_alone_goes_with_it() -> None:
    found = sample_options()
    with_cluster = sorted(
        name for name, resource in found.items() if resource.deleted_with == found["eks-cluster"].urn
    )
    assert with_cluster == [
        "eks-admin-deployer-access",
        "eks-admin-deployer-entry",
        "eks-aws-ebs-csi-driver",
        "eks-coredns",
        "eks-eks-pod-identity-agent",
        "eks-karpenter-identity",
        "eks-kube-proxy",
        "eks-metrics-server",
        "eks-pool-node-entry",
        "eks-storage-class",
        "eks-viewer-auditor-access",
        "eks-viewer-auditor-entry",
        "eks-vpc-cni",
    ]
