"""What MLflow's role may do to follow the password of its database. Pure."""

from pulumi_mlops.aws import aws_checks, iam_policy


def password_rights(secret_arn: str, key_arn: str) -> str:
    """The policy of the role that reads one secret, and uses its key through Secrets Manager only."""
    region = secret_arn.split(":")[3]
    suffix = "amazonaws.com.cn" if aws_checks.partition(region) == "aws-cn" else "amazonaws.com"
    return iam_policy.document(
        iam_policy.Statement("ReadPassword", ["secretsmanager:GetSecretValue"], [secret_arn]),
        iam_policy.Statement(
            "DecryptPassword",
            ["kms:Decrypt"],
            [key_arn],
            conditions={
                "StringEquals": {
                    "kms:ViaService": f"secretsmanager.{region}.{suffix}",
                    "kms:EncryptionContext:SecretARN": secret_arn,
                }
            },
        ),
    )
