"""What MLflow's role may do to follow the password of its database. Pure."""

from pulumi_mlops.aws import endpoints, iam_policy


def password_rights(secret_arn: str, key_arn: str) -> str:
    """The policy of the role that reads one secret, and uses its key through Secrets Manager only.

    `key_arn` is the key of the secret.
    """
    region = secret_arn.split(":")[3]
    return iam_policy.document(
        iam_policy.Statement("ReadPassword", ["secretsmanager:GetSecretValue"], [secret_arn]),
        iam_policy.Statement(
            "DecryptPassword",
            ["kms:Decrypt"],
            [key_arn],
            conditions={
                "StringEquals": {
                    "kms:ViaService": endpoints.via_service("secretsmanager", region),
                    "kms:EncryptionContext:SecretARN": secret_arn,
                }
            },
        ),
    )
