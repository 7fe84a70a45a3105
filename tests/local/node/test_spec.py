from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from mlops_local.node import NodeSpec

GOOD: dict[str, Any] = {"name": "mlops", "home": Path("/srv/mlops")}


def test_the_first_address_is_the_hosts_and_the_second_the_nodes() -> None:
    spec = NodeSpec(**GOOD, address_block=IPv4Network("10.199.7.4/30"))
    assert (spec.host_address, spec.node_address) == (IPv4Address("10.199.7.5"), IPv4Address("10.199.7.6"))


def test_the_registry_is_spelt_as_image_references_spell_it() -> None:
    assert NodeSpec(**GOOD, registry_port=30999).registry == "127.0.0.1:30999"


def test_every_taken_port_is_listed() -> None:
    spec = NodeSpec(**GOOD, api_port=1, registry_port=2, published_ports=(30080,))
    assert spec.host_ports() == (1, 2, 30080)


def test_a_spec_survives_its_file() -> None:
    spec = NodeSpec(**GOOD, published_ports=(30080, 30900))
    assert NodeSpec.model_validate_json(spec.model_dump_json()) == spec


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "Mlops"}, "'Mlops' cannot name a node; use 1 to 15 lower-case letters"),
        ({"name": "a-name-too-long-"}, "the kernel allows 15 characters"),
        ({"home": Path("here")}, "'here' cannot be the node's home; give an absolute folder"),
        ({"home": Path("/srv/a b")}, "give an absolute folder of letters, digits, '.', '_' and '-'"),
        ({"home": Path("/srv/../etc")}, "'/srv/../etc' cannot be the node's home"),
        ({"home": Path("/" + "h" * 70)}, "is 71 characters long; at most 70 are allowed"),
        ({"home": Path("/run/mlops")}, "is below /run, which is emptied at every boot"),
        ({"address_block": IPv4Network("10.199.0.0/24")}, "10.199.0.0/24 must be a /30"),
        ({"address_block": IPv4Network("10.244.0.8/30")}, "10.244.0.8/30 overlaps 10.244.0.0/24"),
        ({"address_block": IPv4Network("10.96.0.8/30")}, "the node's addresses for Services"),
        ({"api_port": 0}, "0 is not a port; use 1 to 65535"),
        ({"published_ports": (8080,)}, "8080 is not a NodePort; use 30000 to 32767"),
        ({"published_ports": (30500,)}, "port 30500 is used twice"),
        ({"ports": 1}, "Extra inputs are not permitted"),
    ],
)
def test_a_value_that_cannot_work_is_refused_with_what_may_be_given(
    change: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        NodeSpec(**{**GOOD, **change})
    assert message in str(refusal.value)
