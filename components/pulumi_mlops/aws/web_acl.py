"""The firewall before the endpoints: made here or adopted."""

from enum import Enum
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from pulumi_mlops import checks, inputs
from pulumi_mlops.aws import aws_checks, web_acl_rules
from pulumi_mlops.aws.ground import GroundArgs

_RATE_LIMIT = 30_000
_RETENTION_DAYS = 365


class WebAclSource(Enum):
    """Where the firewall comes from."""

    CREATE = "create"
    """It is made here, with its log."""
    ADOPT = "adopt"
    """It exists, such as a company's own; nothing is registered."""


class WebAclArgs(TypedDict):
    """Arguments of WebAcl."""

    ground: GroundArgs
    """Region, account and tags."""
    source: WebAclSource
    """Whether to make a firewall or to adopt one."""
    arn: NotRequired[pulumi.Input[str]]
    """To adopt: ARN of a regional web ACL."""
    rate_limit: NotRequired[pulumi.Input[int]]
    """To create: requests of one address in five minutes, above which it is blocked; 30,000 by default."""
    large_body_paths: NotRequired[list[str]]
    """To create: regular expressions of paths that take bodies above 8,192 bytes; those of inference by
    default."""
    log_retention_days: NotRequired[pulumi.Input[int]]
    """To create: days for which blocked requests are kept in the log; 365 by default."""
    log_key_arn: NotRequired[pulumi.Input[str]]
    """To create: KMS key of the log, usable by CloudWatch Logs; AWS's own without it."""


class WebAcl(pulumi.ComponentResource):
    """A regional web ACL with AWS's managed rules, a limit per address, and a log of what it blocks."""

    arn: pulumi.Output[str]
    """ARN of the web ACL."""

    def __init__(self, name: str, args: WebAclArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:index:WebAcl", name, {}, opts)
        if WebAclSource(inputs.section(args, "source")) is WebAclSource.ADOPT:
            for key in ("rate_limit", "large_body_paths", "log_retention_days", "log_key_arn"):
                _refuse(
                    args, key, "an adopted firewall has its own rules and log; leave it out, or create one"
                )
            self.arn = pulumi.Output.from_input(inputs.text(args, "arn", aws_checks.arn))
        else:
            _refuse(args, "arn", "a firewall that is created has no ARN yet; leave it out, or adopt")
            self.arn = self._create(name, args)
        self.register_outputs({"arn": self.arn})

    def _create(self, name: str, args: WebAclArgs) -> pulumi.Output[str]:
        tags = {**args["ground"]["tags"], "Name": name}
        paths = inputs.texts(args, "large_body_paths", web_acl_rules.path) or [web_acl_rules.INFERENCE]
        limit = inputs.whole(args, "rate_limit", web_acl_rules.rate_limit, _RATE_LIMIT)
        child = pulumi.ResourceOptions(parent=self)
        acl = aws.wafv2.WebAcl(
            f"{name}-acl",
            name_prefix=f"{name}-",
            description="Before the platform's endpoints",
            scope="REGIONAL",
            default_action={"allow": {}},
            rules=pulumi.Output.all(limit, *paths).apply(
                lambda known: web_acl_rules.rules(int(known[0]), known[1:])
            ),
            visibility_config=web_acl_rules.visibility(name),
            tags=tags,
            opts=child,
        )
        log = aws.cloudwatch.LogGroup(
            f"{name}-log",
            # AWS WAF writes to groups of this name only.
            name_prefix=f"aws-waf-logs-{name}-",
            retention_in_days=inputs.whole(args, "log_retention_days", checks.positive, _RETENTION_DAYS),
            kms_key_id=args.get("log_key_arn"),
            tags=tags,
            opts=child,
        )
        aws.wafv2.WebAclLoggingConfiguration(
            f"{name}-logging",
            resource_arn=acl.arn,
            log_destination_configs=[log.arn],
            # What passes is in the load balancer's own log.
            logging_filter={
                "default_behavior": "DROP",
                "filters": [
                    {
                        "behavior": "KEEP",
                        "requirement": "MEETS_ANY",
                        "conditions": [
                            {"action_condition": {"action": action}} for action in ("BLOCK", "COUNT")
                        ],
                    }
                ],
            },
            redacted_fields=[{"single_header": {"name": header}} for header in ("authorization", "cookie")],
            opts=child,
        )
        arn: pulumi.Output[str] = acl.arn
        return arn


def _refuse(args: WebAclArgs, key: str, reason: str) -> None:
    if inputs.given(args, key):
        raise pulumi.InputPropertyError(key, reason)
