"""The object store on S3: the platform's buckets and one for the records of access to them, or adopted ones.

It keeps the contract of `ObjectStore`: buckets for `models`, `data` and `requests` behind one URL. There are
no keys of users here: pods get rights by role, with the policies of `s3_policies`.
"""

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from pulumi_mlops import checks, inputs
from pulumi_mlops.aws import aws_checks, endpoints, s3_bucket, s3_policies, s3_rules
from pulumi_mlops.aws.ground import GroundArgs
from pulumi_mlops.aws.s3_bucket import BucketPlan, MadeBucket
from pulumi_mlops.errors import InvalidValue


class S3Source(Enum):
    """Where the buckets come from."""

    ADOPT = "adopt"
    """They exist; nothing is registered, and their settings are their owner's."""
    CREATE = "create"
    """They are made, hardened."""


class LockMode(Enum):
    """Who may end a lock before its day."""

    COMPLIANCE = "compliance"
    """Nobody, the account's root included: the bucket cannot be destroyed before."""
    GOVERNANCE = "governance"
    """Those with `s3:BypassGovernanceRetention`."""


class ObjectLockArgs(TypedDict):
    """How long no version in the bucket of models and releases can be deleted."""

    mode: LockMode
    """Who may end the lock."""
    days: pulumi.Input[int]
    """Days from the writing of a version."""


class S3ObjectStoreArgs(TypedDict):
    """Arguments of S3ObjectStore."""

    ground: GroundArgs
    """Region, account and tags."""
    source: S3Source
    """Whether to make buckets or to adopt them."""
    key_arn: pulumi.Input[str]
    """KMS key of the objects, usable through `s3`; of adopted buckets, the one they have."""
    bucket_names: NotRequired[dict[str, str]]
    """To adopt: the names of `models`, `data` and `requests`."""
    object_name: NotRequired[str]
    """To create: first part of the buckets' names, before account and region; the component's name by
    default."""
    force_destroy: NotRequired[bool]
    """To create: delete what is in the buckets with them; not in production, and False by default."""
    noncurrent_days: NotRequired[pulumi.Input[int]]
    """To create: days for which a replaced or deleted object can be had back; 90 by default."""
    request_days: NotRequired[pulumi.Input[int]]
    """To create: days for which logged requests are kept; 365 by default."""
    request_infrequent_days: NotRequired[pulumi.Input[int]]
    """To create: days after which logged requests go to cheaper storage; 30 at least, never without it."""
    access_log_days: NotRequired[pulumi.Input[int]]
    """To create: days for which records of access are kept; 365 by default."""
    load_balancer_logs: NotRequired[str]
    """To create: prefix of the bucket of records under which load balancers of the account write theirs; none
    may without it."""
    models_lock: NotRequired[ObjectLockArgs]
    """To create: keep every version of models and releases from being deleted; S3 takes it for new buckets
    alone, and clients must send checksums."""


_CREATE = (
    "object_name",
    "force_destroy",
    "noncurrent_days",
    "request_days",
    "request_infrequent_days",
    "access_log_days",
    "load_balancer_logs",
    "models_lock",
)


class S3ObjectStore(pulumi.ComponentResource):
    """Buckets for models, data and requests: private, versioned, encrypted with one key, reached by TLS."""

    url: pulumi.Output[str]
    """The S3 endpoint."""
    region: pulumi.Output[str]
    """Its region."""
    bucket_names: pulumi.Output[dict[str, str]]
    """Names of the buckets by what they are for: `models`, `data`, `requests`, and `logs` if it is made."""
    bucket_arns: pulumi.Output[dict[str, str]]
    """ARNs of the same."""
    key_arn: pulumi.Output[str]
    """Key of the objects."""

    def __init__(
        self, name: str, args: S3ObjectStoreArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:index:S3ObjectStore", name, {}, opts)
        source = S3Source(inputs.section(args, "source"))
        adopts = source is S3Source.ADOPT
        inputs.refuse_given(args, _CREATE if adopts else ("bucket_names",), f"source {source.value}")
        region = inputs.plain(inputs.section(args, "ground"), "region", aws_checks.region, within="ground")
        self.url = pulumi.Output.from_input(endpoints.s3_url(region))
        self.region = pulumi.Output.from_input(region)
        self.key_arn = pulumi.Output.from_input(inputs.text(args, "key_arn", aws_checks.arn))
        names = self._adopt(args) if adopts else self._create(name, args, region)
        self.bucket_names = pulumi.Output.from_input(names)
        self.bucket_arns = self.bucket_names.apply(
            lambda known: {
                bucket: endpoints.arn(region, "s3", each, regional=False) for bucket, each in known.items()
            }
        )
        self.register_outputs(
            {
                "url": self.url,
                "region": self.region,
                "bucket_names": self.bucket_names,
                "bucket_arns": self.bucket_arns,
                "key_arn": self.key_arn,
            }
        )

    def _adopt(self, args: S3ObjectStoreArgs) -> dict[str, Any]:
        names = inputs.named_texts(args, "bucket_names", s3_rules.bucket_key)
        try:
            s3_rules.adopted(names)
        except InvalidValue as error:
            raise pulumi.InputPropertyError("bucket_names", str(error)) from error
        return {
            bucket: inputs.text(names, bucket, s3_rules.bucket_name, within="bucket_names")
            for bucket in names
        }

    def _create(self, name: str, args: S3ObjectStoreArgs, region: str) -> dict[str, Any]:
        plans = {
            bucket: self._plan(name, args, region, bucket) for bucket in (*s3_rules.BUCKETS, s3_rules.LOGS)
        }
        every = {
            bucket: s3_bucket.register(f"{name}-{bucket}", plan, region, self)
            for bucket, plan in plans.items()
        }
        logs = every[s3_rules.LOGS]
        made = {bucket: every[bucket] for bucket in s3_rules.BUCKETS}
        delivery = self._logs_policy(name, args, logs, made)
        for bucket, each in made.items():
            aws.s3.BucketPolicy(
                f"{name}-{bucket}-policy",
                bucket=each.bucket.bucket,
                policy=pulumi.Output.all(each.arn, self.key_arn).apply(
                    lambda known: s3_policies.bucket_policy(known[0], known[1])
                ),
                opts=s3_bucket.setting_options(self, each.bucket, each.ready),
            )
            aws.s3.BucketLogging(
                f"{name}-{bucket}-logging",
                bucket=each.bucket.bucket,
                target_bucket=logs.bucket.bucket,
                target_prefix=f"{bucket}/",
                opts=s3_bucket.setting_options(self, each.bucket, [delivery]),
            )
        return {bucket: each.bucket.bucket for bucket, each in every.items()}

    def _plan(self, name: str, args: S3ObjectStoreArgs, region: str, bucket: str) -> BucketPlan:
        ground: GroundArgs = inputs.section(args, "ground")
        production = bool(ground.get("production"))
        object_name = inputs.plain(args, "object_name", checks.object_name, name)
        return BucketPlan(
            name=_checked(
                "object_name",
                lambda account: s3_rules.made_name(object_name, account, region, bucket),
                inputs.text(ground, "account_id", aws_checks.account_id, within="ground"),
            ),
            tags={**ground["tags"], "Name": f"{object_name}-{bucket}"},
            lifecycle=_lifecycle(args, bucket),
            # AWS says of a bucket with a KMS key for default that log delivery does not write to it.
            key_arn=None if bucket == s3_rules.LOGS else self.key_arn,
            lock=_lock(args) if bucket == "models" and inputs.given(args, "models_lock") else None,
            force_destroy=_force_destroy(args, production),
            protect=production,
        )

    def _logs_policy(
        self, name: str, args: S3ObjectStoreArgs, logs: MadeBucket, made: dict[str, MadeBucket]
    ) -> pulumi.Resource:
        account_id = inputs.section(args, "ground")["account_id"]
        arns = {bucket: each.arn for bucket, each in made.items()}
        made_policy: pulumi.Resource = aws.s3.BucketPolicy(
            f"{name}-logs-policy",
            bucket=logs.bucket.bucket,
            policy=pulumi.Output.all(logs.arn, account_id, pulumi.Output.all(**arns)).apply(
                lambda known: s3_policies.logs_policy(
                    known[0], known[1], known[2], balancers=args.get("load_balancer_logs")
                )
            ),
            opts=s3_bucket.setting_options(self, logs.bucket, logs.ready),
        )
        return made_policy


def _lifecycle(args: S3ObjectStoreArgs, bucket: str) -> list[Any]:
    kept = inputs.whole(args, "noncurrent_days", checks.positive, 90)
    rules = [_checked("noncurrent_days", s3_rules.housekeeping, kept)]
    if bucket == s3_rules.LOGS:
        days = inputs.whole(args, "access_log_days", checks.positive, 365)
        rules.append(_checked("access_log_days", s3_rules.ageing, days))
    if bucket == "requests":
        ages = [inputs.whole(args, "request_days", checks.positive, 365)]
        if inputs.given(args, "request_infrequent_days"):
            ages.append(inputs.whole(args, "request_infrequent_days", checks.positive))
        rules.append(_checked("request_infrequent_days", s3_rules.ageing, *ages))
    return rules


def _lock(args: S3ObjectStoreArgs) -> tuple[str, Any]:
    lock: ObjectLockArgs = inputs.section(args, "models_lock")
    mode = LockMode(inputs.section(lock, "mode"))
    if mode is LockMode.COMPLIANCE and args.get("force_destroy"):
        raise pulumi.InputPropertyError(
            "force_destroy",
            "nobody can delete what is locked in mode compliance; leave force_destroy out, or lock in mode "
            "governance",
        )
    return mode.value.upper(), inputs.whole(lock, "days", checks.positive, within="models_lock")


def _force_destroy(args: S3ObjectStoreArgs, production: bool) -> bool:
    wanted = bool(args.get("force_destroy"))
    if wanted and production:
        raise pulumi.InputPropertyError(
            "force_destroy",
            "a destroy never empties the buckets of production; leave force_destroy out, and empty them by "
            "hand if they shall go",
        )
    return wanted


def _checked(path: str, make: Callable[..., Any], *values: Any) -> Any:
    """`make` of the values, at once if all are known; what it refuses is told of `path`."""

    def made(known: Sequence[Any]) -> Any:
        try:
            return make(*known)
        except InvalidValue as error:
            raise pulumi.InputPropertyError(path, str(error)) from error

    if any(isinstance(value, pulumi.Output) for value in values):
        return pulumi.Output.all(*values).apply(made)
    return made(values)
