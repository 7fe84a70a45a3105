from __future__ import annotations

from typing import Any

import pulumi
import pytest

from mlops_stacks import recording
from mlops_stacks.recording import UNKNOWN
from pulumi_mlops.aws.hosted_zone import HostedZone, ZoneSource
from recording_engine import Recording, registered

TAGS = {"mlops:environment": "prod"}
GROUND = {"region": "eu-central-1", "account_id": "111122223333", "tags": TAGS}
ARGS: dict[str, Any] = {"ground": GROUND, "source": ZoneSource.CREATE, "domain": "ml.example.com"}


def made(*, preview: bool = False, **changes: Any) -> Recording:
    return registered(lambda: HostedZone("names", {**ARGS, **changes}), preview=preview)


@pytest.mark.parametrize("production", [True, False])
def test_a_zone_that_is_made_is_kept_in_production(production: bool) -> None:
    args = {**ARGS, "ground": {**GROUND, "production": production}}
    zone = recording.record(
        lambda: HostedZone("names", args),
        project="mlops",
        stack="test",
        config={},
        preview=False,
    )
    assert {each.name: each.protect for each in zone.resources} == {
        "names": False,
        "names-zone": production,
        "names-issuers": False,
    }
    (made_zone,) = [each for each in zone.resources if each.type.endswith(":Zone")]
    assert made_zone.inputs == {
        "name": "ml.example.com",
        "comment": "Names of the platform's endpoints",
        "forceDestroy": not production,
        "tags": {**TAGS, "Name": "names"},
    }


def test_only_amazon_may_issue_certificates_for_it() -> None:
    assert made().of("Record").inputs == {
        "zoneId": "names-zone-id",
        "name": "ml.example.com",
        "type": "CAA",
        "ttl": 3600,
        "records": ['0 issue "amazon.com"', '0 issuewild "amazon.com"'],
    }


def test_the_zone_above_delegates_to_it_in_the_same_run() -> None:
    zone = made(preview=True, parent_zone_id="Z0123456789")
    assert zone.of("Record", "names-delegation").inputs == {
        "zoneId": "Z0123456789",
        "name": "ml.example.com",
        "type": "NS",
        "ttl": 300,
        "records": UNKNOWN,
    }
    assert zone.outputs["names"] == {"zone_id": UNKNOWN, "name_servers": UNKNOWN}


def test_an_adopted_zone_registers_nothing() -> None:
    zone = made(source=ZoneSource.ADOPT, zone_id="Z0123456789")
    assert [each.name for each in zone.resources] == ["names"]
    assert zone.outputs["names"] == {"zone_id": "Z0123456789", "name_servers": []}


@pytest.mark.parametrize(
    ("changes", "path", "reason"),
    [
        ({"source": ZoneSource.ADOPT}, "zone_id", "required"),
        ({"source": ZoneSource.ADOPT, "zone_id": "ml.example.com"}, "zone_id", "no id"),
        (
            {"source": ZoneSource.ADOPT, "zone_id": "Z0123456789", "parent_zone_id": "Z0123456789"},
            "parent_zone_id",
            "delegated to already",
        ),
        ({"zone_id": "Z0123456789"}, "zone_id", "no id yet"),
        ({"parent_zone_id": "x"}, "parent_zone_id", "no id"),
        ({"domain": "example"}, "domain", "no domain"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(changes: dict[str, Any], path: str, reason: str) -> None:
    with pytest.raises(pulumi.InputPropertyError) as caught:
        made(**changes)
    assert caught.value.property_path == path
    assert reason in caught.value.reason
