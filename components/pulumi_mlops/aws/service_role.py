"""One IAM role for one Kubernetes service account, by EKS Pod Identity."""

from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from pulumi_mlops import inputs
from pulumi_mlops.aws import aws_checks, iam_policy
from pulumi_mlops.aws.ground import GroundArgs

_NAME_PREFIX = 37
"""Characters of the component's name in the role's: AWS allows a prefix of 38, with the dash."""


class ServiceRoleArgs(TypedDict):
    """Arguments of ServiceRole."""

    ground: GroundArgs
    """Region, account, tags and the boundary of the role."""
    cluster_name: pulumi.Input[str]
    """Name of the EKS cluster, which runs the Pod Identity agent."""
    namespace: pulumi.Input[str]
    """Namespace of the service account."""
    service_account: pulumi.Input[str]
    """Name of the service account; it need not exist yet."""
    policy: NotRequired[pulumi.Input[str]]
    """What its pods may do in AWS: a policy document, as JSON. Without it the role may do nothing."""


class ServiceRole(pulumi.ComponentResource):
    """A role that the pods of one service account on one cluster have, and nobody else."""

    role_arn: pulumi.Output[str]
    """ARN of the role."""
    role_name: pulumi.Output[str]
    """Name of the role."""

    def __init__(self, name: str, args: ServiceRoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:index:ServiceRole", name, {}, opts)
        ground = args["ground"]
        cluster, namespace, account = (
            inputs.text(args, "cluster_name", inputs.any_text),
            inputs.text(args, "namespace", inputs.any_text),
            inputs.text(args, "service_account", inputs.any_text),
        )
        child = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(
            f"{name}-role",
            name_prefix=f"{name[:_NAME_PREFIX]}-",
            description=pulumi.Output.concat("Pods of ", namespace, "/", account, " on cluster ", cluster),
            assume_role_policy=self._trust(ground, cluster, namespace, account),
            permissions_boundary=ground.get("permissions_boundary_arn"),
            max_session_duration=3600,
            force_detach_policies=True,
            tags={**ground["tags"], "Name": name},
            opts=child,
        )
        rights = []
        if inputs.given(args, "policy"):
            rights.append(
                aws.iam.RolePolicy(
                    f"{name}-policy", name="rights", role=role.id, policy=args["policy"], opts=child
                )
            )
        aws.eks.PodIdentityAssociation(
            f"{name}-association",
            cluster_name=cluster,
            namespace=namespace,
            service_account=account,
            role_arn=role.arn,
            # The role trusts by these tags; without them no pod would get it.
            disable_session_tags=False,
            tags={**ground["tags"], "Name": name},
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=rights)),
        )
        self.role_arn = role.arn
        self.role_name = role.name
        self.register_outputs({"role_arn": self.role_arn, "role_name": self.role_name})

    def _trust(self, ground: GroundArgs, cluster: Any, namespace: Any, account: Any) -> pulumi.Output[str]:
        region = aws_checks.region(ground["region"])
        prefix = f"arn:{aws_checks.partition(region)}:eks:{region}"
        return pulumi.Output.all(ground["account_id"], cluster, namespace, account).apply(
            lambda known: iam_policy.trust_pod_identity(
                cluster_arn=f"{prefix}:{known[0]}:cluster/{known[1]}",
                namespace=known[2],
                service_account=known[3],
            )
        )
