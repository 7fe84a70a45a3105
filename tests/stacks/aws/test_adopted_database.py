"""A database that exists: its secret, its key, and the one rule that may admit the cluster."""

from __future__ import annotations

import json
from typing import Any

from aws_environments import ACCOUNT, AUTHORITIES, config, merged, recorded
from aws_setting_cases import ADOPTED_DATABASE
from mlops_stacks.recording import Document
from stack_settings import problem

KEY = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/theirs"
DATABASE = {**ADOPTED_DATABASE, "authoritiesFile": AUTHORITIES}
OWN = {
    "secretKeyArn": KEY,
    "secretUserField": "login",
    "secretPasswordField": "word",
    "securityGroupId": "sg-0000000000000000d",
}


def made(**changes: Any) -> Document:
    aws = {key: value for key, value in config("dev")["mlops:aws"].items() if key != "database"}
    values = {"mlops:aws": {**aws, "accountId": ACCOUNT, "database": {**DATABASE, **changes}}}
    return recorded("dev", {**config("dev"), **values}, preview=False, replace=True)


def of_database(document: Document) -> list[str]:
    return [
        each.name
        for each in document.resources
        if each.type.startswith("aws:") and "mlflow-database" in each.name
    ]


def test_without_its_group_nothing_is_registered_and_the_database_must_admit_the_cluster_already() -> None:
    assert of_database(made()) == []


def test_into_its_group_one_rule_admits_the_cluster() -> None:
    document = made(**OWN, port=6432)
    assert of_database(document) == ["mlops-mlflow-database-from-cluster"]
    (rule,) = (each for each in document.resources if each.name == "mlops-mlflow-database-from-cluster")
    (cluster,) = (each for each in document.resources if each.name == "mlops-eks")
    given = {key: rule.inputs[key] for key in ("securityGroupId", "ipProtocol", "fromPort", "toPort")}
    assert given == {
        "securityGroupId": "sg-0000000000000000d",
        "ipProtocol": "tcp",
        "fromPort": 6432,
        "toPort": 6432,
    }
    assert str(rule.inputs["referencedSecurityGroupId"]).startswith("sg-")
    assert cluster.urn


def test_a_secret_under_a_key_of_its_own_is_opened_with_that_key() -> None:
    def key(document: Document) -> str:
        (policy,) = (
            each.inputs["policy"]
            for each in document.resources
            if each.name == "mlops-model-registry-identity-policy"
        )
        (resource,) = (
            each["Resource"][0]
            for each in json.loads(policy)["Statement"]
            if each["Sid"] == "DecryptPassword"
        )
        return str(resource)

    assert key(made(**OWN)) == KEY
    assert key(made()).startswith(f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/")
    assert key(made()) != KEY


def test_the_fields_of_its_secret_are_told_to_who_reads_it() -> None:
    def fields(document: Document) -> dict[str, str]:
        (server,) = (each for each in document.resources if each.name == "mlops-model-registry-server")
        containers = server.inputs["spec"]["template"]["spec"]["initContainers"]
        (reader,) = (each for each in containers if each["name"] == "database-password")
        return {each["name"]: each["value"] for each in reader["env"] if each["name"].endswith("_FIELD")}

    assert fields(made()) == {}
    assert fields(made(**OWN)) == {
        "MLOPS_DATABASE_USER_FIELD": "login",
        "MLOPS_DATABASE_PASSWORD_FIELD": "word",
    }


def test_of_a_database_that_is_made_these_say_nothing() -> None:
    for key, value in OWN.items():
        database = {**config("dev")["mlops:aws"]["database"], key: value}
        line = problem(merged(config("dev"), {"mlops:aws": {"database": database}}))
        assert line == (
            f"mlops:aws.database.{key}: says nothing where mode is create; leave it out, or change mode"
        )


def test_a_major_upgrade_is_allowed_by_its_setting_alone() -> None:
    def allowed(**database: Any) -> Any:
        changes = {"mlops:aws": {"database": database}}
        document = recorded("dev", changes, preview=True)
        (instance,) = (each for each in document.resources if each.type == "aws:rds/instance:Instance")
        return instance.inputs["allowMajorVersionUpgrade"], instance.inputs["engineVersion"]

    assert allowed() == (False, "17")
    assert allowed(version="16", allowMajorUpgrade=True) == (True, "16")
    values = config("dev")
    values["mlops:aws"] = {
        **values["mlops:aws"],
        "database": {**ADOPTED_DATABASE, "allowMajorUpgrade": True},
    }
    assert problem(values) == (
        "mlops:aws.database.allowMajorUpgrade: says nothing where mode is adopt; leave it out, or change mode"
    )
