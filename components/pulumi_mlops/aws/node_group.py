"""The nodes that EKS keeps itself, and the two roles of nodes."""

import pulumi
import pulumi_aws as aws

from pulumi_mlops.aws import eks_site, iam_policy, system_nodes
from pulumi_mlops.aws.eks_site import MadeRole, Site
from pulumi_mlops.aws.pool_args import SystemNodes

NODE_POLICIES = (
    "AmazonEKSWorkerNodePolicy",
    "AmazonEC2ContainerRegistryPullOnly",
    "AmazonSSMManagedInstanceCore",
)
"""All that a node may do: join, pull images, be reached by Session Manager. The network plugin has a role of
its own, and so has every application."""


def node_role(site: Site, suffix: str) -> MadeRole:
    """Register a role of nodes, without any right of an application."""
    return eks_site.role(site, suffix, iam_policy.trust_service("ec2.amazonaws.com"), managed=NODE_POLICIES)


def system_node_group(
    site: Site,
    cluster: aws.eks.Cluster,
    wanted: SystemNodes,
    subnet_ids: pulumi.Input[list[pulumi.Input[str]]],
    before: list[pulumi.Resource],
) -> aws.eks.NodeGroup:
    """Register the nodes on which Karpenter and the add-ons run, after `before`: daemons that each needs.

    EKS makes the access entry of their role by itself.
    """
    made = node_role(site, "system-node")
    template = aws.ec2.LaunchTemplate(
        site.child("system-template"),
        opts=site.options(),
        **system_nodes.launch_template(site.key_arn, wanted.disk_gib, site.tags("system-node")),
    )
    return aws.eks.NodeGroup(
        site.child("system-nodes"),
        cluster_name=cluster.name,
        version=cluster.version,
        node_role_arn=made.role.arn,
        subnet_ids=subnet_ids,
        launch_template={"id": template.id, "version": template.latest_version.apply(str)},
        tags=site.tags("system-nodes"),
        opts=site.options(
            depends_on=[*before, *made.rights],
            custom_timeouts=pulumi.CustomTimeouts(create="30m", update="60m", delete="30m"),
        ),
        **system_nodes.node_group(wanted.instance_types, wanted.architecture, wanted.least, wanted.most),
    )
