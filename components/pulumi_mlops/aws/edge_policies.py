"""Rights at the edge: what the controller in the cluster may do, and who writes the log. Pure.

The load balancer, its listeners and its target groups are the program's. The controller only adds pods to
target groups and removes them, so it gets a small part of the policy that its project publishes: it can make
no load balancer, open no security group and touch no target group of another cluster.

Source: AWS Load Balancer Controller, "IAM permission subset for those who use TargetGroupBinding only";
Elastic Load Balancing, "Enable access logs for your Application Load Balancer".
"""

from pulumi_mlops.aws import endpoints, iam_policy
from pulumi_mlops.aws.iam_policy import Statement

CLUSTER_TAG = "mlops:cluster"
"""Tag of the target groups that a cluster's controller may fill; its value is the cluster's name."""


def controller(*, region: str, account_id: str, cluster: str) -> str:
    """What the AWS Load Balancer Controller of one cluster may do."""
    groups = endpoints.arn(region, "elasticloadbalancing", "targetgroup/*/*", account_id=account_id)
    return iam_policy.document(
        # Descriptions know no resource.
        Statement(
            "Look",
            [
                "ec2:DescribeInstances",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeVpcs",
                "elasticloadbalancing:DescribeTags",
                "elasticloadbalancing:DescribeTargetGroups",
                "elasticloadbalancing:DescribeTargetHealth",
            ],
            ["*"],
            conditions={"StringEquals": {"aws:RequestedRegion": region}},
        ),
        Statement(
            "Targets",
            ["elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets"],
            [groups],
            conditions={"StringEquals": {f"aws:ResourceTag/{CLUSTER_TAG}": cluster}},
        ),
    )


def access_log(bucket_arn: str, prefix: str, account_id: str) -> Statement:
    """The statement of the logs bucket's policy that lets load balancers of the account write their log.

    The bucket is encrypted by S3's own keys: Elastic Load Balancing writes to no other. No condition on the
    source is there, since AWS's own example has none; the account's number in the path stands for it.
    """
    return Statement(
        "LoadBalancerLogs",
        ["s3:PutObject"],
        [f"{bucket_arn}/{prefix}/AWSLogs/{account_id}/*"],
        principals={"Service": ["logdelivery.elasticloadbalancing.amazonaws.com"]},
    )
