"""Alarms of CloudWatch for what Prometheus in the cluster cannot see, and one encrypted topic for them.

Everything that runs in the cluster is watched by `Monitoring`, on EKS as anywhere. These alarms are of what
is around it, and of what would silence it: NAT, database, control plane, queues, buckets, quotas and keys.
"""

from collections.abc import Callable, Mapping
from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from pulumi_mlops import checks, inputs
from pulumi_mlops.aws import alarm_policies, alarm_rules, aws_checks
from pulumi_mlops.aws.alarm_rules import Rule
from pulumi_mlops.aws.ground import GroundArgs
from pulumi_mlops.errors import InvalidValue


class DatabaseAlarmsArgs(TypedDict):
    """The RDS instance to watch."""

    identifier: pulumi.Input[str]
    """Its name."""
    storage_gib: int
    """Storage at first, in GiB."""
    memory_gib: float
    """Memory of its class, in GiB."""
    burstable: NotRequired[bool]
    """Whether its class earns CPU credits (db.t…); False by default."""


class CloudAlarmsArgs(TypedDict):
    """Arguments of CloudAlarms."""

    ground: GroundArgs
    """Region, account and tags."""
    key_arn: pulumi.Input[str]
    """KMS key of the topic, which `cloudwatch` and `events` must be allowed to use."""
    emails: NotRequired[list[pulumi.Input[str]]]
    """Who is told by e-mail; each must confirm once."""
    https_urls: NotRequired[list[pulumi.Input[str]]]
    """Addresses that are posted to, such as an incident service's; kept secrets."""
    object_name: NotRequired[str]
    """First part of every name; the component's name by default."""
    nat_gateways: NotRequired[dict[str, pulumi.Input[str]]]
    """Ids of NAT gateways by their zones."""
    database: NotRequired[DatabaseAlarmsArgs]
    """The database to watch."""
    cluster_name: NotRequired[pulumi.Input[str]]
    """The EKS cluster whose control plane to watch."""
    queues: NotRequired[dict[str, pulumi.Input[str]]]
    """Names of SQS queues by what they are for, such as `interruptions`."""
    buckets: NotRequired[dict[str, pulumi.Input[str]]]
    """Names of S3 buckets by what they are for; CloudWatch charges for the metrics of their requests."""
    quotas: NotRequired[list[str]]
    """Quotas of EC2, of `alarm_rules.QUOTAS`; `vcpu-on-demand` and `vcpu-spot` by default."""
    quota_percent: NotRequired[int]
    """Part of a quota from which on it is told of; 80 by default."""
    key_arns: NotRequired[list[pulumi.Input[str]]]
    """Keys whose deletion or disabling is told of; CloudTrail must record the account's management events."""


class CloudAlarms(pulumi.ComponentResource):
    """One topic, and an alarm for each thing that can go wrong around the cluster."""

    topic_arn: pulumi.Output[str]
    """The topic; others may send to it what its policy allows."""
    alarm_names: pulumi.Output[list[str]]
    """Names of all alarms, sorted."""

    def __init__(self, name: str, args: CloudAlarmsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:index:CloudAlarms", name, {}, opts)
        prefix = inputs.plain(args, "object_name", checks.object_name, name)
        tags = inputs.section(args, "ground")["tags"]
        rules = _rules(args)
        topic, allowed = self._topic(name, prefix, args, tags)
        self._subscriptions(name, topic, args)
        for key, bucket in (args.get("buckets") or {}).items():
            aws.s3.BucketMetric(
                f"{name}-requests-{key}",
                bucket=bucket,
                name=alarm_rules.REQUEST_METRICS,
                opts=pulumi.ResourceOptions(parent=self),
            )
        for rule in rules:
            called = f"{prefix}-{rule.name}"
            aws.cloudwatch.MetricAlarm(
                f"{name}-{rule.name}",
                name=called,
                **alarm_rules.inputs_of(rule),
                actions_enabled=True,
                alarm_actions=[topic.arn],
                ok_actions=[topic.arn],
                tags={**tags, "Name": called},
                opts=pulumi.ResourceOptions(parent=self, depends_on=[allowed]),
            )
        if args.get("key_arns"):
            self._key_events(name, prefix, topic, allowed, args)
        self.topic_arn = topic.arn
        self.alarm_names = pulumi.Output.from_input(sorted(f"{prefix}-{rule.name}" for rule in rules))
        self.register_outputs({"topic_arn": self.topic_arn, "alarm_names": self.alarm_names})

    def _topic(
        self, name: str, prefix: str, args: CloudAlarmsArgs, tags: Mapping[str, str]
    ) -> tuple[aws.sns.Topic, pulumi.Resource]:
        ground = args["ground"]
        region = inputs.plain(ground, "region", aws_checks.region, within="ground")
        account = inputs.text(ground, "account_id", aws_checks.account_id, within="ground")
        child = pulumi.ResourceOptions(parent=self)
        topic = aws.sns.Topic(
            f"{name}-topic",
            name=f"{prefix}-alarms",
            display_name=f"Alarms of {prefix}",
            kms_master_key_id=inputs.text(args, "key_arn", aws_checks.arn),
            signature_version=2,
            tags={**tags, "Name": f"{prefix}-alarms"},
            opts=child,
        )
        policy = pulumi.Output.all(topic.arn, account).apply(
            lambda known: alarm_policies.topic_policy(known[0], region, known[1], prefix)
        )
        allowed = aws.sns.TopicPolicy(f"{name}-topic-policy", arn=topic.arn, policy=policy, opts=child)
        return topic, allowed

    def _subscriptions(self, name: str, topic: aws.sns.Topic, args: CloudAlarmsArgs) -> None:
        child = pulumi.ResourceOptions(parent=self)
        for number, address in enumerate(inputs.texts(args, "emails", aws_checks.email)):
            aws.sns.TopicSubscription(
                f"{name}-email-{number}", topic=topic.arn, protocol="email", endpoint=address, opts=child
            )
        for number, url in enumerate(inputs.texts(args, "https_urls", alarm_policies.https_url)):
            aws.sns.TopicSubscription(
                f"{name}-https-{number}",
                topic=topic.arn,
                protocol="https",
                endpoint=pulumi.Output.secret(url),
                opts=child,
            )

    def _key_events(
        self, name: str, prefix: str, topic: aws.sns.Topic, allowed: pulumi.Resource, args: CloudAlarmsArgs
    ) -> None:
        called = f"{prefix}-key-endings"
        rule = aws.cloudwatch.EventRule(
            f"{name}-key-endings",
            name=called,
            description="A key is to be deleted or disabled. What to do: cancel its deletion (it waits for 7 "
            "to 30 days) and enable it, unless you know who did this and why; without it data is lost.",
            event_pattern=pulumi.Output.all(*inputs.texts(args, "key_arns", aws_checks.arn)).apply(
                alarm_policies.key_events
            ),
            state="ENABLED",
            tags={**args["ground"]["tags"], "Name": called},
            opts=pulumi.ResourceOptions(parent=self),
        )
        # Without a role: to an encrypted topic EventBridge delivers by the topic's policy only.
        aws.cloudwatch.EventTarget(
            f"{name}-key-endings",
            rule=rule.name,
            arn=topic.arn,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[allowed]),
        )


def _rules(args: CloudAlarmsArgs) -> list[Rule]:
    percent = inputs.whole(args, "quota_percent", checks.percent, 80)
    wanted = ["vcpu-on-demand", "vcpu-spot"] if args.get("quotas") is None else args["quotas"]
    rules = [
        _refused(f"quotas[{number}]", alarm_rules.quota, key, percent) for number, key in enumerate(wanted)
    ]
    for zone, gateway in _named(args, "nat_gateways").items():
        rules += alarm_rules.nat_gateway(zone, gateway)
    if inputs.given(args, "database"):
        known = args["database"]
        rules += alarm_rules.database(
            inputs.text(known, "identifier", inputs.any_text, within="database"),
            inputs.whole(known, "storage_gib", checks.positive, within="database"),
            inputs.number(known, "memory_gib", _more_than_nothing, within="database"),
            bool(known.get("burstable")),
        )
    if inputs.given(args, "cluster_name"):
        rules += alarm_rules.cluster(inputs.text(args, "cluster_name", inputs.any_text))
    rules += [alarm_rules.queue(key, queue) for key, queue in _named(args, "queues").items()]
    for key, bucket in _named(args, "buckets").items():
        rules += alarm_rules.bucket(key, bucket)
    return rules


def _named(args: Mapping[str, Any], key: str) -> dict[str, Any]:
    return inputs.named_texts(args, key, checks.object_name)


def _more_than_nothing(value: float) -> float:
    if value <= 0:
        raise InvalidValue(f"{value:g} GiB of memory are none; give what the class has, such as 4")
    return value


def _refused(path: str, make: Callable[..., Rule], *values: Any) -> Rule:
    try:
        return make(*values)
    except InvalidValue as error:
        raise pulumi.InputPropertyError(path, str(error)) from error
