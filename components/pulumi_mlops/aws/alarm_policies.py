"""Who may publish to the topic of alarms, and which events of KMS go there. Pure."""

import json
from collections.abc import Sequence

from pulumi_mlops.aws import endpoints, iam_policy
from pulumi_mlops.errors import InvalidValue

KEY_ENDINGS = ("DeleteImportedKeyMaterial", "DisableKey", "DisableKeyRotation", "ScheduleKeyDeletion")
"""Calls of KMS after which data can no longer be read, or the key no longer changes."""


def topic_policy(topic_arn: str, region: str, account_id: str, prefix: str) -> str:
    """The topic's policy: alarms called `<prefix>-…` of this account, EventBridge's rules, TLS only."""
    alarms = endpoints.arn(region, "cloudwatch", f"alarm:{prefix}-*", account_id=account_id)
    return iam_policy.document(
        iam_policy.Statement(
            "TlsOnly",
            ["sns:Publish"],
            [topic_arn],
            effect="Deny",
            any_principal=True,
            conditions={"Bool": {"aws:SecureTransport": "false"}},
        ),
        iam_policy.Statement(
            "Alarms",
            ["sns:Publish"],
            [topic_arn],
            principals={"Service": ["cloudwatch.amazonaws.com"]},
            conditions={
                "StringEquals": {"aws:SourceAccount": account_id},
                "ArnLike": {"aws:SourceArn": alarms},
            },
        ),
        # AWS documents this one without a condition: EventBridge's calls to SNS name no source.
        iam_policy.Statement(
            "Events", ["sns:Publish"], [topic_arn], principals={"Service": ["events.amazonaws.com"]}
        ),
    )


def key_events(key_arns: Sequence[str]) -> str:
    """EventBridge's pattern of the calls in KEY_ENDINGS on these keys, as CloudTrail records them."""
    return json.dumps(
        {
            "source": ["aws.kms"],
            "detail-type": ["AWS API Call via CloudTrail"],
            "detail": {
                "eventSource": ["kms.amazonaws.com"],
                "eventName": list(KEY_ENDINGS),
                "resources": {"ARN": list(key_arns)},
            },
        }
    )


def https_url(value: str) -> str:
    """An address that SNS posts to. It may hold a token, so the message does not show it."""
    if not value.startswith("https://") or len(value) == len("https://"):
        raise InvalidValue("this is no address over TLS; give one that begins with https://")
    return value
