"""A destroy to the end: a scripted engine, an account made of moto, a clock that never waits."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from aws_account import account, answer
from mlops_cli.aws.access import Account
from mlops_cli.aws.destroy import Clock, Patience, Target, destroy
from mlops_cli.aws.errors import AwsRefused, DestroyRefused, LeftBehind
from mlops_cli.aws.inventory import Fate
from mlops_cli.errors import StackFailed

TARGET = Target("dev", "mlops-dev", production=False)
TAG = {"Key": "mlops:environment", "Value": "dev"}
HELD = "deleting Security Group ({}): DependencyViolation: resource {} has a dependent object"
DENIED = "User x is not authorized to perform: ec2:DeleteVpc"
BUCKET = "urn:pulumi:dev::mlops::aws:s3/bucket:Bucket::models"


class Script:
    """An engine whose attempts answer one after the other; the last answer is repeated."""

    def __init__(self, *attempts: Sequence[str], state: Mapping[str, Any] | None = None) -> None:
        self.attempts = list(attempts)
        self.calls = 0
        self._state = state or {"resources": []}

    def state(self) -> Mapping[str, Any]:
        return self._state

    def destroy(self) -> Sequence[str]:
        self.calls += 1
        return self.attempts.pop(0) if len(self.attempts) > 1 else self.attempts[0]


class Time:
    """A clock that goes on when somebody sleeps, and may do something then."""

    def __init__(self, *on_sleep: Any) -> None:
        self.seconds = 0.0
        self.slept: list[float] = []
        self._on_sleep = list(on_sleep)

    @property
    def clock(self) -> Clock:
        return Clock(now=lambda: self.seconds, sleep=self._sleep)

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds
        if self._on_sleep:
            self._on_sleep.pop(0)()


@pytest.fixture
def aws() -> Iterator[Account]:
    with account() as found:
        yield found


def run(engine: Script, aws: Account, time: Time | None = None, target: Target = TARGET) -> list[str]:
    lines: list[str] = []
    destroy(engine, aws, target, lines.append, clock=(time or Time()).clock)
    return lines


def volume(aws: Account) -> str:
    made = aws.client("ec2").create_volume(
        AvailabilityZone="eu-central-1a",
        Size=1,
        TagSpecifications=[{"ResourceType": "volume", "Tags": [TAG]}],
    )
    return str(made["VolumeId"])


def group_with_interface(aws: Account) -> tuple[str, str]:
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="g", Description="g", VpcId=vpc)["GroupId"]
    interface = ec2.create_network_interface(
        SubnetId=subnet, Groups=[group], Description="ELB app/k8s-edge/1"
    )
    return group, interface["NetworkInterface"]["NetworkInterfaceId"]


def test_what_is_gone_at_once_is_not_waited_for(aws: Account) -> None:
    engine, time = Script([]), Time()
    assert run(engine, aws, time) == []
    assert (engine.calls, time.slept) == (1, [])


def test_a_protected_resource_stops_everything_before_the_first_deletion(aws: Account) -> None:
    engine = Script([], state={"resources": [{"urn": BUCKET, "protect": True}]})
    with pytest.raises(
        DestroyRefused, match="environment 'dev' has 1 protected resources; nothing was"
    ) as refused:
        run(engine, aws)
    assert "run `mlops up dev` first" in str(refused.value)
    assert (engine.calls, refused.value.exit_code) == (0, 23)


def test_deletion_protection_in_production_names_the_setting(aws: Account) -> None:
    engine = Script([], state={"resources": [{"urn": BUCKET, "outputs": {"deletionProtection": True}}]})
    with pytest.raises(
        DestroyRefused, match=r"in stacks/Pulumi\.prod\.yaml set mlops:aws\.production to false"
    ):
        run(engine, aws, target=Target("prod", "mlops-prod", production=True))
    assert engine.calls == 0


def test_what_aws_still_holds_is_tried_again_and_its_holder_is_named(aws: Account) -> None:
    group, interface = group_with_interface(aws)
    held = HELD.format(group, group)
    time = Time()
    assert run(Script([held, "update failed"], [held], []), aws, time) == [
        "AWS still holds 1 resources (dependency); trying again in 30 s",
        f"held by {interface}: ELB app/k8s-edge/1 (available)",
        "AWS still holds 1 resources (dependency); trying again in 60 s",
        f"held by {interface}: ELB app/k8s-edge/1 (available)",
    ]
    assert time.slept == [30, 60]


def test_a_holder_that_may_not_be_asked_for_does_not_end_the_destroy(aws: Account) -> None:
    error = "<Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error>"
    answer(aws, "ec2.DescribeNetworkInterfaces", 403, f"<Response><Errors>{error}</Errors></Response>")
    held = HELD.format("sg-0a1b2c3d4e5f60718", "x")
    assert len(run(Script([held], []), aws)) == 1


def test_waiting_ends_with_what_holds_and_what_to_do(aws: Account) -> None:
    group, interface = group_with_interface(aws)
    engine, time = Script([HELD.format(group, group)]), Time()
    with pytest.raises(StackFailed) as failed:
        run(engine, aws, time)
    assert str(failed.value).splitlines() == [
        "AWS did not let go within 28 minutes:",
        f"  held by {interface}: ELB app/k8s-edge/1 (available)",
        f"  {HELD.format(group, group)}",
        "    -> what holds it is named above; delete that, then destroy again",
    ]
    assert sum(time.slept) <= Patience().retrying
    assert max(time.slept) == Patience().longest_pause
    assert engine.calls == len(time.slept) + 1


def test_what_waiting_does_not_mend_ends_at_once_with_everything_that_is_in_the_way(aws: Account) -> None:
    engine, time = Script([HELD.format("sg-1", "sg-1"), DENIED]), Time()
    with pytest.raises(StackFailed) as failed:
        run(engine, aws, time)
    assert str(failed.value).splitlines() == [
        "the destroy cannot go on:",
        f"  {HELD.format('sg-1', 'sg-1')}",
        "    -> what holds it is named above; delete that, then destroy again",
        f"  {DENIED}",
        "    -> the role lacks the action that is named; add it, then destroy again",
    ]
    assert (engine.calls, time.slept) == (1, [])


def test_something_left_by_tag_is_reported_with_its_command_after_a_bounded_look(aws: Account) -> None:
    left, time = volume(aws), Time()
    with pytest.raises(LeftBehind) as behind:
        run(Script([]), aws, time)
    lines = str(behind.value).splitlines()
    assert lines[0] == "the stack of 'dev' is gone, and 1 resources with its tags are not:"
    assert lines[1:3] == [
        f"left  ec2:volume {left}",
        f"      aws ec2 delete-volume --volume-id {left} --region eu-central-1",
    ]
    assert behind.value.exit_code == 24
    assert sum(time.slept) == Patience().settling


def test_the_command_of_a_leftover_deletes_it(aws: Account) -> None:
    volume(aws)
    with pytest.raises(LeftBehind) as behind:
        run(Script([]), aws)
    command = re.search(r"aws ec2 delete-volume --volume-id (\S+)", str(behind.value))
    assert command is not None
    aws.client("ec2").delete_volume(VolumeId=command[1])
    assert run(Script([]), aws) == []


def test_what_the_tagging_api_lists_a_while_longer_is_looked_at_again(aws: Account) -> None:
    left = volume(aws)
    time = Time(lambda: aws.client("ec2").delete_volume(VolumeId=left))
    assert run(Script([]), aws, time) == [
        "AWS still lists 1 resources by tag; looking again in 30 s",
    ]
    assert time.slept == [30]


def test_what_aws_is_deleting_is_returned_and_fails_nothing(aws: Account) -> None:
    kms = aws.client("kms")
    key = kms.create_key(Tags=[{"TagKey": TAG["Key"], "TagValue": "dev"}])["KeyMetadata"]["KeyId"]
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    (going,) = destroy(Script([]), aws, TARGET, pytest.fail, clock=Time().clock)
    assert (going.arn.id, going.fate) == (key, Fate.GOING)


def test_a_report_that_aws_refuses_says_so(aws: Account) -> None:
    body = json.dumps({"__type": "AccessDeniedException", "message": "no"})
    answer(aws, "resource-groups-tagging-api.GetResources", 400, body)
    with pytest.raises(
        AwsRefused, match=r"looking for what is left by tag: An error occurred \(AccessDenied"
    ):
        run(Script([]), aws)
