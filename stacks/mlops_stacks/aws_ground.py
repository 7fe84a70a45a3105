"""What all AWS resources of an environment stand on: provider, account, tags, boundary and keys."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from mlops_stacks.aws_settings import AwsSettings
from mlops_stacks.settings import NAMESPACE
from pulumi_mlops.aws import aws_tags, endpoints
from pulumi_mlops.aws.ground import GroundArgs
from pulumi_mlops.aws.keys import EncryptionKey, KeySource
from pulumi_mlops.aws.permissions_boundary import PermissionsBoundary

CLUSTER_SERVICES = ["autoscaling", "ec2", "eks", "spot", "sqs"]
DATA_SERVICES = ["ecr", "rds", "s3", "secretsmanager"]
LOG_SERVICES = ["cloudwatch", "events", "logs", "sns"]


@dataclass(frozen=True)
class Ground:
    """The ground of every component, the options with its provider, and the keys by what they seal."""

    args: GroundArgs
    provider: aws.Provider
    options: pulumi.ResourceOptions
    cluster_key: pulumi.Output[str]
    data_key: pulumi.Output[str]
    log_key: pulumi.Output[str]

    @property
    def options_of_resource(self) -> pulumi.ResourceOptions:
        """The same for a resource that stands in no component."""
        return pulumi.ResourceOptions(provider=self.provider)


def lay(settings: AwsSettings, environment: str, cluster_name: str) -> Ground:
    """Register the provider, the group of the environment's resources, the boundary and the keys."""
    tags = aws_tags.required(
        environment,
        settings.owner,
        settings.cost_center,
        settings.expires,
        production=settings.production,
    )
    provider = aws.Provider(
        f"{NAMESPACE}-aws",
        region=settings.region,
        allowed_account_ids=[settings.account_id] if settings.account_id else None,
        assume_roles=[{"role_arn": settings.deploy_role_arn}] if settings.deploy_role_arn else None,
        default_tags={"tags": tags},
    )
    options = pulumi.ResourceOptions(providers={"aws": provider})
    args: GroundArgs = {
        "region": settings.region,
        "account_id": _account_id(settings, environment, tags, provider),
        "tags": tags,
        "production": settings.production,
    }
    args["permissions_boundary_arn"] = settings.permissions_boundary_arn or _boundary(
        args, cluster_name, options
    )
    cluster, data, logs = (
        _key(purpose, services, settings, args, options)
        for purpose, services in (
            ("cluster", CLUSTER_SERVICES),
            ("data", DATA_SERVICES),
            ("logs", LOG_SERVICES),
        )
    )
    return Ground(args, provider, options, cluster, data, logs)


def _account_id(
    settings: AwsSettings, environment: str, tags: dict[str, str], provider: aws.Provider
) -> pulumi.Input[str]:
    """The account that was given, else that of the group, which costs nothing: a preview may ask no one."""
    query = {
        "ResourceTypeFilters": ["AWS::AllSupported"],
        "TagFilters": [{"Key": aws_tags.REQUIRED[0], "Values": [environment]}],
    }
    group = aws.resourcegroups.Group(
        f"{NAMESPACE}-resources",
        description=f"All that environment {environment} has",
        resource_query={"query": pulumi.Output.json_dumps(query), "type": "TAG_FILTERS_1_0"},
        tags={**tags, "Name": f"{NAMESPACE}-{environment}"},
        opts=pulumi.ResourceOptions(provider=provider),
    )
    return settings.account_id or group.arn.apply(lambda arn: str(arn).split(":")[4])


def _boundary(args: GroundArgs, cluster_name: str, options: pulumi.ResourceOptions) -> pulumi.Output[str]:
    nodes = pulumi.Output.from_input(args["account_id"]).apply(
        lambda account: endpoints.arn(
            args["region"], "iam", f"role/{cluster_name}-*", account_id=account, regional=False
        )
    )
    boundary = PermissionsBoundary(
        f"{NAMESPACE}-boundary", {"ground": args, "node_role_arns": [nodes]}, options
    )
    return boundary.arn


def _key(
    purpose: str,
    services: list[str],
    settings: AwsSettings,
    args: GroundArgs,
    options: pulumi.ResourceOptions,
) -> pulumi.Output[str]:
    """A key for one purpose, or the one key that the settings name for all."""
    name = f"{NAMESPACE}-{purpose}-key"
    if settings.key_arn is not None:
        key = EncryptionKey(
            name, {"ground": args, "source": KeySource.ADOPT, "arn": settings.key_arn}, options
        )
    else:
        object_name = f"{NAMESPACE}-{args['tags'][aws_tags.REQUIRED[0]]}"
        key = EncryptionKey(
            name,
            {
                "ground": args,
                "source": KeySource.CREATE,
                "purpose": purpose,
                "services": services,
                "object_name": object_name,
            },
            options,
        )
    return key.arn
