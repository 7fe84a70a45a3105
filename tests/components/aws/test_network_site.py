from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws

from pulumi_mlops.aws.network_site import Site, after
from recording_engine import registered, unknown


def used(value: Any, *, preview: bool = True) -> tuple[Any, tuple[str, ...]]:
    """What a user of a subnet list is given and depends on, where the list waits for a resource."""

    def program() -> None:
        way = aws.ec2.RouteTable("way", vpc_id="vpc-1")
        subnets = after(value(), [way])
        aws.rds.SubnetGroup("user", subnet_ids=subnets)

    user = registered(program, preview=preview).of("SubnetGroup")
    return user.inputs["subnetIds"], user.dependencies


def test_what_waits_for_a_new_resource_is_known_in_a_preview_all_the_same() -> None:
    assert used(lambda: pulumi.Output.from_input(["subnet-1"])) == (["subnet-1"], ("way",))


def test_what_is_unknown_stays_so() -> None:
    value, dependencies = used(unknown)
    assert (str(value), dependencies) == ("UNKNOWN", ("way",))


def test_what_is_secret_stays_so() -> None:
    assert used(lambda: pulumi.Output.secret(["subnet-1"])) == ("[secret]", ("way",))


def test_what_comes_from_a_resource_still_comes_from_it() -> None:
    def program() -> None:
        way = aws.ec2.RouteTable("way", vpc_id="vpc-1")
        subnet = aws.ec2.Subnet("subnet", vpc_id="vpc-1")
        aws.rds.SubnetGroup("user", subnet_ids=after(pulumi.Output.all(subnet.id), [way]))

    user = registered(program).of("SubnetGroup")
    assert (user.inputs["subnetIds"], user.dependencies) == (["subnet-id"], ("subnet", "way"))


def test_a_part_has_the_tags_of_all_its_name_and_its_own() -> None:
    def program() -> None:
        component = pulumi.ComponentResource("test:index:Any", "any")
        site = Site(component, "net", "mlops-dev", {"mlops:owner": "risk"}, production=False)
        assert site.tagged("vpc", {"more": "1"}) == {
            "mlops:owner": "risk",
            "Name": "mlops-dev-vpc",
            "more": "1",
        }
        assert site.kept().protect is None

    registered(program)
