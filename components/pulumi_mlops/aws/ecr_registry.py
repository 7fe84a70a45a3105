"""The image registry on ECR: one repository an image under a prefix, or a registry that exists.

It keeps the contract of `ImageRegistry`: an address that nodes pull from. Scanning by Inspector and
replication are settings of the account's whole registry in a region: one environment of an account sets them.
"""

from enum import Enum
from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from pulumi_mlops import checks, inputs
from pulumi_mlops.aws import aws_checks, ecr_caches, ecr_policies, ecr_rules, endpoints
from pulumi_mlops.aws.ground import GroundArgs


class EcrSource(Enum):
    """Where the registry comes from."""

    ADOPT = "adopt"
    """It exists; nothing is registered, and its settings are their owner's."""
    CREATE = "create"
    """Its repositories are made, hardened."""


class ReplicaArgs(TypedDict):
    """A registry that images are copied to."""

    region: str
    """Its region."""
    account_id: pulumi.Input[str]
    """Its account, which must allow it in its registry's policy if it is another."""


class EcrRegistryArgs(TypedDict):
    """Arguments of EcrRegistry."""

    ground: GroundArgs
    """Region, account and tags."""
    source: EcrSource
    """Whether to make repositories or to adopt a registry."""
    address: NotRequired[str]
    """To adopt: `<account>.dkr.ecr.<region>.amazonaws.com/<prefix>`."""
    prefix: NotRequired[str]
    """To create: first part of all repositories' names, such as `mlops-prod`."""
    images: NotRequired[list[str]]
    """To create: names of the images; each gets a repository `<prefix>/<name>`."""
    key_arn: NotRequired[pulumi.Input[str]]
    """To create: KMS key of the images, usable through `ecr`. ECR takes it for new repositories alone."""
    untagged_days: NotRequired[pulumi.Input[int]]
    """To create: days after which an image without a tag ends; 14 by default."""
    keep_tagged: NotRequired[pulumi.Input[int]]
    """To create: how many images with a tag stay in a repository; all without it."""
    kept_tags: NotRequired[list[str]]
    """To create: patterns of tags whose images stay whatever their number; `deployed-*` by default."""
    pull_principals: NotRequired[list[pulumi.Input[str]]]
    """To create: ARNs of roles or accounts that may pull beyond what their own policies say."""
    organization_id: NotRequired[pulumi.Input[str]]
    """To create: organization outside of which everybody is refused; the account without it."""
    enhanced_scanning: NotRequired[bool]
    """To create: have Inspector scan all the time, for the account's whole registry; False by default."""
    caches: NotRequired[list[str]]
    """To create: registries to keep copies of, of `public.ecr.aws`, `quay.io`, `registry.k8s.io`."""
    cached_images: NotRequired[pulumi.Input[int]]
    """To create: how many images stay in a repository of a cache; 100 by default."""
    replicas: NotRequired[list[ReplicaArgs]]
    """To create: registries to copy images to, for the account's whole registry."""
    force_delete: NotRequired[bool]
    """To create: delete images with their repository; not in production, and False by default."""


_CREATE = tuple(key for key in EcrRegistryArgs.__annotations__ if key not in ("ground", "source", "address"))


class EcrRegistry(pulumi.ComponentResource):
    """Repositories that are scanned, encrypted and closed to others, and whose tags never move."""

    address: pulumi.Output[str]
    """Where images are pushed and pulled: host and prefix."""
    repository_arns: pulumi.Output[list[str]]
    """ARNs of the repositories; one pattern for all under the prefix of an adopted registry."""
    cache_addresses: pulumi.Output[dict[str, str]]
    """Where the copies of a cached registry are, by its name: what images' hosts are rewritten to."""
    cache_arns: pulumi.Output[list[str]]
    """Patterns of the caches' repositories, for the nodes' policy."""

    def __init__(self, name: str, args: EcrRegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:index:EcrRegistry", name, {}, opts)
        source = EcrSource(inputs.section(args, "source"))
        adopts = source is EcrSource.ADOPT
        inputs.refuse_given(args, _CREATE if adopts else ("address",), f"source {source.value}")
        if adopts:
            self._adopt(args)
        else:
            self._create(name, args)
        self.register_outputs(
            {
                "address": self.address,
                "repository_arns": self.repository_arns,
                "cache_addresses": self.cache_addresses,
                "cache_arns": self.cache_arns,
            }
        )

    def _adopt(self, args: EcrRegistryArgs) -> None:
        address = inputs.plain(args, "address", ecr_rules.address)
        parts = ecr_rules.address_parts(address)
        pattern = f"{parts.prefix}/*" if parts.prefix else "*"
        self.address = pulumi.Output.from_input(address)
        self.repository_arns = pulumi.Output.from_input(
            [ecr_rules.repository_arn(parts.account_id, parts.region, pattern)]
        )
        self.cache_addresses = pulumi.Output.from_input({})
        self.cache_arns = pulumi.Output.from_input([])

    def _create(self, name: str, args: EcrRegistryArgs) -> None:
        ground: GroundArgs = inputs.section(args, "ground")
        region = inputs.plain(ground, "region", aws_checks.region, within="ground")
        account_id = pulumi.Output.from_input(
            inputs.text(ground, "account_id", aws_checks.account_id, within="ground")
        )
        prefix = inputs.plain(args, "prefix", ecr_rules.repository_name)
        images = inputs.texts(args, "images", lambda image: ecr_rules.repository_of(prefix, image))
        plan = _plan(args, ground, account_id)
        caches = inputs.texts(args, "caches", ecr_rules.cached_registry)
        prefixes = ecr_caches.prefixes(prefix, caches)
        self._account_settings(name, args, prefix)
        made = [self._repository(name, f"{prefix}/{image}", image, plan) for image in images]
        self.address = account_id.apply(lambda known: f"{endpoints.ecr_host(known, region)}/{prefix}")
        self.repository_arns = pulumi.Output.all(account_id, *made).apply(
            lambda known: [ecr_rules.repository_arn(known[0], region, each) for each in known[1:]]
        )
        self.cache_addresses = account_id.apply(
            lambda known: {
                cached: f"{endpoints.ecr_host(known, region)}/{each}" for cached, each in prefixes.items()
            }
        )
        self.cache_arns = account_id.apply(
            lambda known: [ecr_rules.repository_arn(known, region, f"{each}/*") for each in prefixes.values()]
        )
        if prefixes:
            ecr_caches.register(name, prefixes, args, plan["policy"], self.cache_arns, self)

    def _repository(self, name: str, repository: str, image: str, plan: dict[str, Any]) -> pulumi.Output[str]:
        suffix = image.replace("/", "-")
        made = aws.ecr.Repository(
            f"{name}-{suffix}",
            name=repository,
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration={"scan_on_push": True},
            encryption_configurations=[{"encryption_type": "KMS", "kms_key": plan["key_arn"]}],
            force_delete=plan["force_delete"],
            tags={**plan["tags"], "Name": repository},
            opts=pulumi.ResourceOptions(parent=self, protect=plan["production"]),
        )
        child = pulumi.ResourceOptions(parent=self, deleted_with=made)
        aws.ecr.LifecyclePolicy(
            f"{name}-{suffix}-lifecycle", repository=made.name, policy=plan["lifecycle"], opts=child
        )
        aws.ecr.RepositoryPolicy(
            f"{name}-{suffix}-policy", repository=made.name, policy=plan["policy"], opts=child
        )
        name_made: pulumi.Output[str] = made.name
        return name_made

    def _account_settings(self, name: str, args: EcrRegistryArgs, prefix: str) -> None:
        child = pulumi.ResourceOptions(parent=self)
        if args.get("enhanced_scanning"):
            filters = [{"filter": f"{prefix}/*", "filter_type": "WILDCARD"}]
            aws.ecr.RegistryScanningConfiguration(
                f"{name}-scanning",
                scan_type="ENHANCED",
                rules=[{"scan_frequency": "CONTINUOUS_SCAN", "repository_filters": filters}],
                opts=child,
            )
        if inputs.given(args, "replicas"):
            rule = {
                "destinations": [
                    {
                        "region": inputs.plain(
                            each, "region", aws_checks.region, within=f"replicas[{number}]"
                        ),
                        "registry_id": inputs.text(
                            each, "account_id", aws_checks.account_id, within=f"replicas[{number}]"
                        ),
                    }
                    for number, each in enumerate(args["replicas"])
                ],
                "repository_filters": [{"filter": f"{prefix}/", "filter_type": "PREFIX_MATCH"}],
            }
            aws.ecr.ReplicationConfiguration(
                f"{name}-replication", replication_configuration={"rules": [rule]}, opts=child
            )


def _plan(args: EcrRegistryArgs, ground: GroundArgs, account_id: pulumi.Output[str]) -> dict[str, Any]:
    """What all repositories have in common."""
    production = bool(ground.get("production"))
    if production and args.get("force_delete"):
        raise pulumi.InputPropertyError(
            "force_delete",
            "a destroy never deletes the images of production; leave force_delete out, and delete them by "
            "hand if they shall go",
        )
    kept = inputs.texts(args, "kept_tags", ecr_rules.tag_pattern) or list(ecr_rules.KEPT_TAGS)
    ages = [inputs.whole(args, "untagged_days", checks.positive, 14)]
    if inputs.given(args, "keep_tagged"):
        ages.append(inputs.whole(args, "keep_tagged", checks.positive))
    pullers = inputs.texts(args, "pull_principals", aws_checks.arn)
    organization = args.get("organization_id")
    return {
        "production": production,
        "force_delete": bool(args.get("force_delete")),
        "tags": ground["tags"],
        "key_arn": inputs.text(args, "key_arn", aws_checks.arn),
        "lifecycle": pulumi.Output.all(*ages).apply(
            lambda known: ecr_rules.lifecycle(known[0], known[1] if len(known) > 1 else None, kept)
        ),
        "policy": pulumi.Output.all(account_id, organization, *pullers).apply(
            lambda known: ecr_policies.repository_policy(known[0], known[2:], known[1])
        ),
    }
