"""Kinds, ids and commands from ARNs."""

from __future__ import annotations

import pytest

from mlops_cli.aws.arns import Arn, delete_command, parse

PLACE = "eu-central-1:123456789012"
BALANCER = f"arn:aws:elasticloadbalancing:{PLACE}:loadbalancer/app/k8s-edge/50dc6c495c0c9188"
SECRET = f"arn:aws:secretsmanager:{PLACE}:secret:rds!db-1-abc"


@pytest.mark.parametrize(
    ("text", "kind", "identity", "command"),
    [
        (
            f"arn:aws:ec2:{PLACE}:natgateway/nat-1",
            "ec2:natgateway",
            "nat-1",
            "aws ec2 delete-nat-gateway --nat-gateway-id nat-1 --region eu-central-1",
        ),
        (
            f"arn:aws:ec2:{PLACE}:volume/vol-1",
            "ec2:volume",
            "vol-1",
            "aws ec2 delete-volume --volume-id vol-1 --region eu-central-1",
        ),
        (
            "arn:aws:s3:::mlops-models",
            "s3:bucket",
            "mlops-models",
            "aws s3 rb s3://mlops-models",
        ),
        (
            BALANCER,
            "elasticloadbalancing:loadbalancer",
            BALANCER,
            f"aws elbv2 delete-load-balancer --load-balancer-arn {BALANCER} --region eu-central-1",
        ),
        (
            f"arn:aws:rds:{PLACE}:db:mlops",
            "rds:db",
            "mlops",
            "aws rds delete-db-instance --db-instance-identifier mlops --final-db-snapshot-identifier"
            " mlops-final --region eu-central-1",
        ),
        (
            f"arn:aws:ecr:{PLACE}:repository/mlops/serving",
            "ecr:repository",
            "mlops/serving",
            "aws ecr delete-repository --repository-name mlops/serving --region eu-central-1",
        ),
        (
            f"arn:aws:logs:{PLACE}:log-group:/aws/eks/mlops/cluster",
            "logs:log-group",
            "/aws/eks/mlops/cluster",
            "aws logs delete-log-group --log-group-name /aws/eks/mlops/cluster --region eu-central-1",
        ),
        (
            "arn:aws:iam::123456789012:role/mlops/dev-loader",
            "iam:role",
            "mlops/dev-loader",
            "aws iam delete-role --role-name dev-loader",
        ),
        (
            SECRET,
            "secretsmanager:secret",
            SECRET,
            f"aws secretsmanager delete-secret --secret-id '{SECRET}' --region eu-central-1",
        ),
        (
            f"arn:aws:sns:{PLACE}:alarms",
            "sns:topic",
            "alarms",
            f"aws sns delete-topic --topic-arn arn:aws:sns:{PLACE}:alarms --region eu-central-1",
        ),
        (
            f"arn:aws:kms:{PLACE}:key/1",
            "kms:key",
            "1",
            "aws kms schedule-key-deletion --pending-window-in-days 30 --key-id 1 --region eu-central-1",
        ),
    ],
)
def test_a_resource_has_a_kind_an_id_and_the_command_that_deletes_it(
    text: str, kind: str, identity: str, command: str
) -> None:
    arn = parse(text)
    assert (arn.kind, arn.id) == (kind, identity)
    assert delete_command(arn) == command


def test_a_kind_without_a_command_is_shown_in_the_console() -> None:
    text = f"arn:aws:newservice:{PLACE}:thing/1"
    assert parse(text) == Arn(text, "newservice:thing", "eu-central-1", "1")
    assert delete_command(parse(text)) == f"https://console.aws.amazon.com/go/view?arn={text}"
