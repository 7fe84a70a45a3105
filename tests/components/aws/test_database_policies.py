from __future__ import annotations

import json

from pulumi_mlops.aws import database_policies

SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:rds!db-1-AbCdEf"
KEY = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"


def test_mlflows_role_reads_its_one_secret_and_uses_the_key_for_nothing_else() -> None:
    assert json.loads(database_policies.password_rights(SECRET, KEY))["Statement"] == [
        {
            "Sid": "ReadPassword",
            "Effect": "Allow",
            "Action": ["secretsmanager:GetSecretValue"],
            "Resource": [SECRET],
        },
        {
            "Sid": "DecryptPassword",
            "Effect": "Allow",
            "Action": ["kms:Decrypt"],
            "Resource": [KEY],
            "Condition": {
                "StringEquals": {
                    "kms:ViaService": "secretsmanager.eu-central-1.amazonaws.com",
                    "kms:EncryptionContext:SecretARN": SECRET,
                }
            },
        },
    ]


def test_in_china_the_service_is_called_as_everywhere() -> None:
    there = SECRET.replace("arn:aws:", "arn:aws-cn:").replace("eu-central-1", "cn-north-1")
    policy = json.loads(database_policies.password_rights(there, KEY))
    condition = policy["Statement"][1]["Condition"]["StringEquals"]
    assert condition["kms:ViaService"] == "secretsmanager.cn-north-1.amazonaws.com"
