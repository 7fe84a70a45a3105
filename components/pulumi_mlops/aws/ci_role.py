"""The two roles of CI, had by short-lived OIDC tokens: one looks, one deploys. No key is stored anywhere."""

from enum import Enum
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from pulumi_mlops import inputs
from pulumi_mlops.aws import aws_checks, ci_policies, ci_subjects, iam_policy
from pulumi_mlops.aws.ground import GroundArgs
from pulumi_mlops.errors import InvalidValue


class OidcProviderSource(Enum):
    """Where the account's trust in the tokens of CI comes from; an account has one provider per issuer."""

    CREATE = "create"
    """It is made here."""
    ADOPT = "adopt"
    """It exists; nothing is registered for it."""


class CiRoleArgs(TypedDict):
    """Arguments of CiRole."""

    ground: GroundArgs
    """Region, account, tags; `permissions_boundary_arn` is required: it bounds what the deploy role makes."""
    provider: OidcProviderSource
    """Whether to make the OIDC provider of the account or to adopt it."""
    provider_arn: NotRequired[str]
    """To adopt: ARN of the provider."""
    issuer: NotRequired[str]
    """To create: issuer of the tokens, without scheme; GitHub Actions by default."""
    audience: NotRequired[str]
    """The `aud` of the tokens, exactly; `sts.amazonaws.com` by default."""
    repository: NotRequired[str]
    """GitHub: `owner/name`, exactly."""
    preview_environment: NotRequired[str]
    """GitHub: deployment environment whose jobs may look; required with `repository`."""
    deploy_environment: NotRequired[str]
    """GitHub: deployment environment whose jobs may deploy; required with `repository`."""
    preview_subject: NotRequired[str]
    """Other issuers: the whole `sub` of the tokens that may look."""
    deploy_subject: NotRequired[str]
    """Other issuers: the whole `sub` of the tokens that may deploy."""
    state_bucket: pulumi.Input[str]
    """Name of the bucket that holds the states of the stacks."""
    state_prefix: pulumi.Input[str]
    """Prefix in it of this environment's states."""
    state_key_arn: NotRequired[pulumi.Input[str]]
    """KMS key of the bucket, and of the stacks' secrets where they have none of their own."""
    secrets_key_arn: NotRequired[pulumi.Input[str]]
    """KMS key of the stacks' secrets, as `mlops bootstrap aws` makes one."""
    stack: NotRequired[str]
    """Stack whose secrets alone the roles may use with `secrets_key_arn`: its secrets provider has the
    context `context_stack`. Without it, the secrets of every stack."""
    names: list[str]
    """Patterns of the names of the roles and the buckets that the deploy role may make, such as
    `mlops-prod-*`. They begin with the names of the components that make them."""
    cluster_role_arns: NotRequired[list[pulumi.Input[str]]]
    """Roles as which deployments ask clusters, such as the `deployer` of an EksCluster."""


class CiRole(pulumi.ComponentResource):
    """An OIDC provider, a role for previews, which reads, and a role for deployments."""

    provider_arn: pulumi.Output[str]
    """ARN of the OIDC provider."""
    preview_role_arn: pulumi.Output[str]
    """ARN of the role that reads settings and states."""
    deploy_role_arn: pulumi.Output[str]
    """ARN of the role that deploys."""

    def __init__(self, name: str, args: CiRoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:index:CiRole", name, {}, opts)
        ground = args["ground"]
        boundary = inputs.text(ground, "permissions_boundary_arn", aws_checks.arn, within="ground")
        names = _names(args)
        subjects = _subjects(args)
        audience = inputs.plain(args, "audience", ci_subjects.subject, ci_subjects.AUDIENCE)
        self.provider_arn = self._oidc_provider(name, args, audience)
        preview, deploy = (
            self._role(name, ground, purpose, audience, subjects[purpose])
            for purpose in ("preview", "deploy")
        )
        place = _place(args)
        own = [f"{_prefix(name, purpose)}*" for purpose in subjects]
        clusters = pulumi.Output.all(*(args.get("cluster_role_arns") or []))
        identities = pulumi.Output.all(place, boundary, clusters).apply(
            lambda known: ci_policies.identities(known[0], names, known[1], own, known[2])
        )
        self._policy(name, ground, preview, "preview-look", place.apply(ci_policies.look))
        self._policy(name, ground, deploy, "deploy-look", place.apply(ci_policies.look))
        self._policy(name, ground, deploy, "deploy-state", place.apply(ci_policies.state))
        self._policy(name, ground, deploy, "deploy-network", place.apply(ci_policies.network))
        self._policy(
            name, ground, deploy, "deploy-stores", place.apply(lambda known: ci_policies.stores(known, names))
        )
        self._policy(name, ground, deploy, "deploy-edge", place.apply(ci_policies.edge_and_watch))
        self._policy(name, ground, deploy, "deploy-identities", identities)
        self.preview_role_arn, self.deploy_role_arn = preview.arn, deploy.arn
        self.register_outputs(
            {
                "provider_arn": self.provider_arn,
                "preview_role_arn": self.preview_role_arn,
                "deploy_role_arn": self.deploy_role_arn,
            }
        )

    def _oidc_provider(self, name: str, args: CiRoleArgs, audience: str) -> pulumi.Output[str]:
        if OidcProviderSource(inputs.section(args, "provider")) is OidcProviderSource.ADOPT:
            _refuse(
                args, "issuer", "an adopted provider has its issuer; leave issuer out, or create the provider"
            )
            return pulumi.Output.from_input(inputs.plain(args, "provider_arn", ci_subjects.provider_of))
        _refuse(args, "provider_arn", "a provider that is created has no ARN yet; leave it out, or adopt")
        issuer = inputs.plain(args, "issuer", ci_subjects.issuer, ci_subjects.GITHUB)
        provider = aws.iam.OpenIdConnectProvider(
            f"{name}-provider",
            url=f"https://{issuer}",
            client_id_lists=[audience],
            tags={**args["ground"]["tags"], "Name": name},
            opts=pulumi.ResourceOptions(parent=self),
        )
        # The ARN is put together, since trust policies name the issuer, which a preview must know.
        account = args["ground"]["account_id"]
        partition = aws_checks.partition(args["ground"]["region"])
        return pulumi.Output.all(account, provider.id).apply(
            lambda known: f"arn:{partition}:iam::{known[0]}:oidc-provider/{issuer}"
        )

    def _role(
        self, name: str, ground: GroundArgs, purpose: str, audience: str, subject: str
    ) -> "aws.iam.Role":
        return aws.iam.Role(
            f"{name}-{purpose}",
            name_prefix=_prefix(name, purpose),
            description=f"CI: {purpose}, for tokens of {subject}",
            assume_role_policy=self.provider_arn.apply(
                lambda provider: iam_policy.trust_token(provider, audience, subject)
            ),
            # Creating a cluster and its nodes takes longer than an hour.
            max_session_duration=3600 if purpose == "preview" else 7200,
            force_detach_policies=True,
            tags={**ground["tags"], "Name": f"{name}-{purpose}"},
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _policy(
        self, name: str, ground: GroundArgs, role: "aws.iam.Role", part: str, document: pulumi.Output[str]
    ) -> None:
        child = pulumi.ResourceOptions(parent=self)
        policy = aws.iam.Policy(
            f"{name}-{part}-policy",
            description=f"CI: {part}",
            policy=document,
            tags={**ground["tags"], "Name": f"{name}-{part}"},
            opts=child,
        )
        aws.iam.RolePolicyAttachment(
            f"{name}-{part}-attachment", role=role.id, policy_arn=policy.id, opts=child
        )


def _prefix(name: str, purpose: str) -> str:
    """How the name of a role begins; AWS allows a prefix of 38 characters."""
    return f"{name[:29]}-{purpose}-"


def _place(args: CiRoleArgs) -> pulumi.Output[ci_policies.Place]:
    region = aws_checks.region(args["ground"]["region"])
    return pulumi.Output.all(
        args["ground"]["account_id"],
        inputs.text(args, "state_bucket", inputs.any_text),
        inputs.text(args, "state_prefix", inputs.any_text),
        args.get("state_key_arn"),
        args.get("secrets_key_arn"),
        args.get("stack"),
    ).apply(lambda known: ci_policies.Place(region, *known))


def _subjects(args: CiRoleArgs) -> dict[str, str]:
    """The subject of each purpose, from a repository's environments or whole."""
    purposes = ("preview", "deploy")
    if inputs.given(args, "repository"):
        for purpose in purposes:
            _refuse(
                args,
                f"{purpose}_subject",
                "repository and environment say it; leave it out, or leave those out",
            )
        repository = inputs.plain(args, "repository", ci_subjects.repository)
        found = {
            purpose: ci_subjects.of_environment(
                repository, inputs.plain(args, f"{purpose}_environment", ci_subjects.environment)
            )
            for purpose in purposes
        }
    else:
        found = {
            purpose: inputs.plain(args, f"{purpose}_subject", ci_subjects.subject) for purpose in purposes
        }
    if found["preview"] == found["deploy"]:
        raise pulumi.InputPropertyError(
            "deploy_environment" if inputs.given(args, "repository") else "deploy_subject",
            "previews would run with the rights of deployments; give deployments an environment of their "
            "own, with required reviewers",
        )
    return found


def _names(args: CiRoleArgs) -> list[str]:
    try:
        return ci_policies.name_patterns(inputs.section(args, "names"))
    except InvalidValue as error:
        raise pulumi.InputPropertyError("names", str(error)) from error


def _refuse(args: CiRoleArgs, key: str, reason: str) -> None:
    if inputs.given(args, key):
        raise pulumi.InputPropertyError(key, reason)
