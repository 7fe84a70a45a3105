"""`mlops down ENV` on AWS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from aws_account import ACCOUNT, REGION, account
from mlops_cli.aws.access import Account
from mlops_cli.aws.destroy import Target
from mlops_cli.aws.down import take_down
from mlops_cli.aws.errors import DestroyRefused

TARGET = Target("dev", "mlops-dev", production=False)
TAGS = [{"TagKey": "mlops:environment", "TagValue": "dev"}]


class Engine:
    """Deletes at once."""

    calls = 0

    def state(self) -> Mapping[str, Any]:
        return {}

    def destroy(self) -> Sequence[str]:
        self.calls += 1
        return []


@pytest.fixture
def aws() -> Iterator[Account]:
    with account() as found:
        yield found


def test_without_a_yes_it_shows_what_it_would_delete_and_deletes_nothing(aws: Account) -> None:
    key = aws.client("kms").create_key(Tags=TAGS)["KeyMetadata"]["KeyId"]
    engine, lines = Engine(), list[str]()
    with pytest.raises(DestroyRefused) as refused:
        take_down(engine, aws, TARGET, lines.append, yes=False)
    assert str(refused.value) == (
        f"this deletes the above of account {ACCOUNT} in {REGION} and cannot be undone;"
        " nothing was deleted.\n"
        "Repeat as `mlops down dev --yes`."
    )
    assert lines == [f"  1 kms:key: {key}"]
    assert engine.calls == 0


def test_with_a_yes_it_deletes_and_says_what_goes_by_itself(aws: Account) -> None:
    kms = aws.client("kms")
    key = kms.create_key(Tags=TAGS)["KeyMetadata"]["KeyId"]
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=30)
    engine, lines = Engine(), list[str]()
    take_down(engine, aws, TARGET, lines.append, yes=True)
    assert lines == [f"going kms:key {key}", "dev is gone; nothing is left that has to be deleted"]
    assert engine.calls == 1
