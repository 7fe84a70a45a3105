"""Copies of public registries in ECR, so that nodes need no way to the internet for their images."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from pulumi_mlops import checks, inputs
from pulumi_mlops.aws import aws_checks, ecr_policies, ecr_rules, iam_policy
from pulumi_mlops.aws.ground import GroundArgs
from pulumi_mlops.errors import InvalidValue


def prefixes(prefix: str, registries: Iterable[str]) -> dict[str, str]:
    """The prefix of the repositories of each cached registry."""
    try:
        return {registry: ecr_rules.cache_prefix(prefix, registry) for registry in registries}
    except InvalidValue as error:
        raise pulumi.InputPropertyError("prefix", str(error)) from error


def register(
    name: str,
    prefixes: Mapping[str, str],
    args: Mapping[str, Any],
    policy: pulumi.Output[str],
    arns: pulumi.Output[list[str]],
    parent: pulumi.Resource,
) -> None:
    """The rules, and the templates by which ECR makes a cache's repositories as hardened as the others."""
    ground: GroundArgs = inputs.section(args, "ground")
    key_arn = inputs.text(args, "key_arn", aws_checks.arn)
    kept = pulumi.Output.from_input(inputs.whole(args, "cached_images", checks.positive, 100))
    role, rights = _role(name, ground, key_arn, arns, parent)
    for registry, prefix in prefixes.items():
        cache = f"{name}-{ecr_rules.CACHES[registry]}"
        template = aws.ecr.RepositoryCreationTemplate(
            f"{cache}-template",
            prefix=prefix,
            description=f"Copies of images of {registry}",
            applied_fors=["PULL_THROUGH_CACHE"],
            custom_role_arn=role.arn,
            image_tag_mutability="IMMUTABLE",
            encryption_configurations=[{"encryption_type": "KMS", "kms_key": key_arn}],
            lifecycle_policy=kept.apply(ecr_rules.cache_lifecycle),
            repository_policy=policy,
            resource_tags={**ground["tags"], "Name": prefix},
            opts=pulumi.ResourceOptions(parent=parent, depends_on=[rights]),
        )
        aws.ecr.PullThroughCacheRule(
            f"{cache}-cache",
            ecr_repository_prefix=prefix,
            upstream_registry_url=registry,
            opts=pulumi.ResourceOptions(parent=parent, depends_on=[template]),
        )


def _role(
    name: str,
    ground: GroundArgs,
    key_arn: pulumi.Input[str],
    arns: pulumi.Output[list[str]],
    parent: pulumi.Resource,
) -> tuple[aws.iam.Role, aws.iam.RolePolicy]:
    child = pulumi.ResourceOptions(parent=parent)
    role = aws.iam.Role(
        f"{name}-template-role",
        description="Lets ECR make the repositories of caches with a key and tags",
        assume_role_policy=iam_policy.trust_service("ecr.amazonaws.com"),
        permissions_boundary=ground.get("permissions_boundary_arn"),
        tags={**ground["tags"], "Name": f"{name}-template-role"},
        opts=child,
    )
    rights = aws.iam.RolePolicy(
        f"{name}-template-rights",
        role=role.id,
        policy=pulumi.Output.all(arns, key_arn).apply(
            lambda known: ecr_policies.template_policy(known[0], known[1])
        ),
        opts=child,
    )
    return role, rights
