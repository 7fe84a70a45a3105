"""What the parts of one EKS cluster are called in the account, and their ARNs before they exist. Pure.

Policies made of these are known in the first preview, so that they can be judged before anything is made.
"""

from dataclasses import dataclass

from pulumi_mlops.aws import aws_checks

INTERRUPTIONS, POOL_NODE = "interruptions", "pool-node"


def regional_name(cluster: str, suffix: str) -> str:
    """Name of a part that belongs to a region."""
    return f"{cluster}-{suffix}"


def account_name(cluster: str, region: str, suffix: str) -> str:
    """Name of a part that belongs to the whole account, such as a role: at most IAM's 64 characters."""
    return f"{cluster}-{region}-{suffix}"


@dataclass(frozen=True)
class Place:
    """One cluster in one account."""

    cluster: str
    region: str
    account: str

    @property
    def partition(self) -> str:
        """What every ARN begins with."""
        return aws_checks.partition(self.region)

    def arn(self, service: str, resource: str) -> str:
        """ARN of something of this region and account."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def public_arn(self, service: str, resource: str) -> str:
        """ARN of something of this region and no account, such as a public image."""
        return f"arn:{self.partition}:{service}:{self.region}::{resource}"

    def iam_arn(self, kind: str, suffix: str) -> str:
        """ARN of a role or an instance profile."""
        name = account_name(self.cluster, self.region, suffix)
        return f"arn:{self.partition}:iam::{self.account}:{kind}/{name}"

    @property
    def cluster_arn(self) -> str:
        """ARN of the cluster."""
        return self.arn("eks", f"cluster/{self.cluster}")

    @property
    def queue_arn(self) -> str:
        """ARN of the queue of interruptions."""
        return self.arn("sqs", regional_name(self.cluster, INTERRUPTIONS))

    def rule_arn(self, event: str) -> str:
        """ARN of EventBridge's rule for an event."""
        return self.arn("events", f"rule/{regional_name(self.cluster, rule_suffix(event))}")


def rule_suffix(event: str) -> str:
    """What names the rule for an event."""
    return f"on-{event}"
