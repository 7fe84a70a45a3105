from __future__ import annotations

import pytest

from aws_stores import ACCOUNT
from pulumi_mlops.aws import endpoints


@pytest.mark.parametrize(
    ("region", "url", "host", "bucket"),
    [
        (
            "eu-central-1",
            "https://s3.eu-central-1.amazonaws.com",
            f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com",
            "arn:aws:s3:::loans",
        ),
        (
            "cn-north-1",
            "https://s3.cn-north-1.amazonaws.com.cn",
            f"{ACCOUNT}.dkr.ecr.cn-north-1.amazonaws.com.cn",
            "arn:aws-cn:s3:::loans",
        ),
        (
            "us-gov-west-1",
            "https://s3.us-gov-west-1.amazonaws.com",
            f"{ACCOUNT}.dkr.ecr.us-gov-west-1.amazonaws.com",
            "arn:aws-us-gov:s3:::loans",
        ),
    ],
)
def test_hosts_and_arns_follow_the_partition(region: str, url: str, host: str, bucket: str) -> None:
    assert endpoints.s3_url(region) == url
    assert endpoints.ecr_host(ACCOUNT, region) == host
    assert endpoints.arn(region, "s3", "loans", regional=False) == bucket


def test_an_arn_names_its_region_and_account() -> None:
    assert endpoints.arn("eu-west-1", "logs", "log-group:*", account_id=ACCOUNT) == (
        f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:*"
    )
