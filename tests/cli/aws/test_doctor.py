"""`mlops doctor aws` as a whole, against an account made of moto."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from typer.testing import CliRunner

from aws_account import ACCOUNT, REGION, account, record_calls
from mlops_cli.aws import doctor
from mlops_cli.aws.access import Account
from mlops_cli.aws.errors import AwsRefused, ChecksFailed
from mlops_cli.aws.findings import Finding, Level, ok
from mlops_cli.aws.needs import AwsNeeds
from mlops_cli.main import app

TAG = {"Key": "mlops:environment", "Value": "dev"}
NEEDS = AwsNeeds(region=REGION, environment="dev", cluster_name="mlops-dev")


@pytest.fixture
def aws() -> Iterator[Account]:
    with account() as found:
        yield found


def volume(aws: Account) -> str:
    tags = [{"ResourceType": "volume", "Tags": [TAG]}]
    made = aws.client("ec2").create_volume(AvailabilityZone="eu-central-1a", Size=1, TagSpecifications=tags)
    return str(made["VolumeId"])


def absent(command: list[str]) -> None:
    """No program is on PATH."""


def examined(needs: AwsNeeds) -> list[Finding]:
    return list(doctor.examine(needs, run=absent))


def guarded(error: Exception) -> Finding:
    def check(account: Account, needs: AwsNeeds) -> Iterator[Finding]:
        raise error
        yield

    (found,) = doctor.guarded("quotas", check, Account(None, ACCOUNT, "arn", REGION), NEEDS)
    return found


def test_every_check_has_its_say_and_changes_nothing(aws: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "sign_in", lambda region, profile: aws)
    monkeypatch.setattr(doctor.checks_quotas, "_limit", lambda client, quota: 100.0)
    calls = record_calls(aws)
    found = examined(AwsNeeds(region=REGION, zones=("eu-central-1a",), environment="dev"))
    assert [each.check for each in found if each.level is Level.OK][-1] == "a destroy would delete"
    assert {call.split(":")[1][:4] for call in calls} <= {"Desc", "List", "GetA", "GetR", "GetS", "GetC"}
    assert {"identity", "region", "zones", "services", "service roles"} <= {each.check for each in found}


def test_without_credentials_one_line_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(region: str, profile: str | None) -> Account:
        raise AwsRefused("asking: Unable to locate credentials.\nSign in: `aws sso login`")

    monkeypatch.setattr(doctor, "sign_in", refuse)
    last = examined(NEEDS)[-1]
    assert (last.level, last.check, last.remedy) == (Level.FAIL, "identity", "Sign in: `aws sso login`")


def test_a_check_that_is_denied_is_a_warning_that_names_the_action() -> None:
    error = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GetServiceQuota")
    assert guarded(error) == Finding(
        Level.WARN,
        "quotas",
        "not checked: GetServiceQuota is denied",
        "ask for the managed policies ViewOnlyAccess and ServiceQuotasReadOnlyAccess",
    )


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (
            ClientError({"Error": {"Code": "ExpiredToken", "Message": "x"}}, "X"),
            "The session token has ended",
        ),
        (ClientError({"Error": {"Code": "Teapot", "Message": "x"}}, "X"), "run this again"),
        (EndpointConnectionError(endpoint_url="https://x"), "This machine does not reach AWS"),
    ],
)
def test_a_check_that_breaks_is_a_failure_and_the_others_go_on(error: Exception, remedy: str) -> None:
    found = guarded(error)
    assert found.level is Level.FAIL
    assert found.text.startswith("not checked: ")
    assert found.remedy.startswith(remedy)


def test_what_is_tagged_without_a_cluster_is_left_over(aws: Account) -> None:
    assert [each.text for each in doctor.resources(aws, NEEDS)] == ["nothing is tagged dev"]
    left = volume(aws)
    (found,) = doctor.resources(aws, NEEDS)
    assert found == Finding(
        Level.WARN,
        "left over",
        f"ec2:volume {left} is tagged dev, and there is no cluster mlops-dev",
        f"aws ec2 delete-volume --volume-id {left} --region {REGION}",
    )


def test_what_a_destroy_would_delete_is_grouped_and_the_protected_are_marked(
    aws: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    volumes = sorted([volume(aws), volume(aws)])
    database: dict[str, Any] = {
        "DBInstanceIdentifier": "mlops",
        "DBInstanceClass": "db.t4g.medium",
        "Engine": "postgres",
        "AllocatedStorage": 20,
        "MasterUsername": "mlops",
        "MasterUserPassword": "not-a-secret",
    }
    aws.client("rds").create_db_instance(**database, DeletionProtection=True, Tags=[TAG])
    monkeypatch.setattr(doctor, "describe", lambda account, name: {"status": "ACTIVE"})
    assert [each.line() for each in doctor.resources(aws, NEEDS)] == [
        f"ok    a destroy would delete: 2 ec2:volume: {', '.join(volumes)}",
        "ok    a destroy would delete: 1 rds:db: mlops (protected)",
    ]


def test_without_an_environment_resources_are_not_looked_for(aws: Account) -> None:
    assert list(doctor.resources(aws, AwsNeeds(region=REGION))) == []


def test_the_command_checks_a_region_and_ends_with_a_code_of_its_own(aws: Account) -> None:
    result = CliRunner().invoke(app, ["doctor", "aws", "--region", REGION, "--account-id", "999999999999"])
    assert isinstance(result.exception, ChecksFailed)
    assert result.exception.exit_code == 22
    lines = [line for line in result.stdout.splitlines() if line.startswith("fail ")]
    assert len(lines) == int(str(result.exception).split()[0])
    assert any("-> set AWS_PROFILE to a profile of 999999999999" in line for line in lines)


def test_the_command_without_failures_ends_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "examine", lambda needs, profile: [ok("identity", "x")])
    result = CliRunner().invoke(app, ["doctor", "aws", "--region", REGION])
    assert (result.exit_code, result.stdout) == (0, "ok    identity: x\n")


def test_the_command_needs_an_environment_or_a_region() -> None:
    error = CliRunner().invoke(app, ["doctor", "aws"]).exception
    assert isinstance(error, AwsRefused)
    assert str(error) == "mlops doctor aws: give an environment (`mlops doctor aws prod`) or --region"


def test_two_environments_at_once_are_refused() -> None:
    result = CliRunner().invoke(app, ["doctor", "dev", "prod"])
    assert result.exit_code == 2
    assert "one environment at a time" in result.output
