from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_mlops.aws import edge_checks, web_acl_rules
from pulumi_mlops.errors import InvalidValue

ZONE = "ml.example.com"
NAMES = st.lists(st.from_regex(r"[a-z]{1,8}", fullmatch=True), unique=True, max_size=60)


@given(NAMES)
def test_each_name_has_a_priority_of_its_own_that_listeners_take(names: list[str]) -> None:
    found = edge_checks.priorities(names)
    assert set(found) == set(names)
    assert len(set(found.values())) == len(names)
    assert all(1 <= number <= 50_000 for number in found.values())


def test_a_name_that_comes_or_goes_moves_no_other() -> None:
    names = [f"model-{number}.{ZONE}" for number in range(50)]
    every = edge_checks.priorities(names)
    for gone in names:
        rest = edge_checks.priorities([name for name in names if name != gone])
        assert rest == {name: every[name] for name in rest}


def test_names_of_one_number_get_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge_checks, "_PRIORITIES", 3)
    assert sorted(edge_checks.priorities(["a", "b", "c"]).values()) == [1, 2, 3]


@given(st.lists(st.ip_addresses(v=4).map(lambda address: f"{address}/32"), min_size=1, max_size=25))
def test_single_addresses_are_networks_too(values: list[str]) -> None:
    assert edge_checks.networks(values, public=False) == values


@pytest.mark.parametrize(
    ("values", "public", "reason"),
    [
        ([], False, "nobody could ask"),
        (["10.0.0.0/8"], True, "leave out one of the two"),
        (["0.0.0.0/0"], False, "nearly everybody"),
        (["0.0.0.0/1", "128.0.0.0/1"], False, "nearly everybody"),
        (["10.0.0.1/8"], False, "no IPv4 network"),
        (["::/0"], False, "no IPv4 network"),
        (["office"], False, "no IPv4 network"),
        ([f"10.{number}.0.0/16" for number in range(26)], False, "give wider ones"),
    ],
)
def test_networks_that_are_not_meant_are_refused(values: list[str], public: bool, reason: str) -> None:
    with pytest.raises(InvalidValue, match=reason):
        edge_checks.networks(values, public=public)


def test_everybody_may_ask_only_where_it_is_said() -> None:
    assert edge_checks.networks([], public=True) == ["0.0.0.0/0"]
    allowed = edge_checks.networks(["10.0.0.0/8", "203.0.113.0/24"], public=False)
    assert [ipaddress.ip_network(each).prefixlen for each in allowed] == [8, 24]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (["price.example.com"], "one label below"),
        (["a.price.ml.example.com"], "one label below"),
        (["ml.example.com"], "one label below"),
        (["*.ml.example.com"], "one label below"),
        (["Price.ml.example.com"], "one label below"),
        (["a.ml.example.com", "a.ml.example.com"], "name of two endpoints"),
        ([f"m{number}.ml.example.com" for number in range(91)], "edge of their own"),
    ],
)
def test_names_that_the_certificate_does_not_cover_are_refused(values: list[str], reason: str) -> None:
    with pytest.raises(InvalidValue, match=reason):
        edge_checks.hosts(values, ZONE)


@pytest.mark.parametrize(
    ("policy", "taken"),
    [
        ("ELBSecurityPolicy-TLS13-1-2-2021-06", True),
        ("ELBSecurityPolicy-TLS13-1-3-2021-06", True),
        ("ELBSecurityPolicy-TLS13-1-2-Res-2021-06", True),
        ("ELBSecurityPolicy-TLS13-1-2-Res-FIPS-2023-04", True),
        ("ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09", True),
        ("ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06", False),
        ("ELBSecurityPolicy-TLS13-1-1-2021-06", False),
        ("ELBSecurityPolicy-TLS13-1-0-2021-06", False),
        ("ELBSecurityPolicy-2016-08", False),
        ("ELBSecurityPolicy-FS-1-2-Res-2020-10", False),
    ],
)
def test_tls_below_one_point_two_is_refused(policy: str, taken: bool) -> None:
    if taken:
        assert edge_checks.tls_policy(policy) == policy
    else:
        with pytest.raises(InvalidValue, match="TLS below"):
            edge_checks.tls_policy(policy)


@pytest.mark.parametrize(
    "value", ["example", "EXAMPLE.com", "a.example.com.", "-a.example.com", "a..com", "*.a.com"]
)
def test_what_is_no_domain_is_refused(value: str) -> None:
    with pytest.raises(InvalidValue, match="no domain"):
        edge_checks.domain(value)


@pytest.mark.parametrize("value", ["/v2/health/ready?x=1", "v2", ""])
def test_what_is_no_path_is_refused(value: str) -> None:
    with pytest.raises(InvalidValue, match="no path"):
        edge_checks.health_path(value)


@pytest.mark.parametrize("value", [0, 65536])
def test_what_is_no_port_is_refused(value: int) -> None:
    with pytest.raises(InvalidValue, match="no port"):
        edge_checks.port(value)


@pytest.mark.parametrize("value", ["zone", "/hostedzone/Z123456", "Z1"])
def test_what_is_no_zone_is_refused(value: str) -> None:
    with pytest.raises(InvalidValue, match="no id of a hosted zone"):
        edge_checks.zone_id(value)


@pytest.mark.parametrize("value", ["infer$", "^/v2", "/v2/infer", "^/(v2$", "^/" + "a" * 520 + "$"])
def test_an_exemption_is_of_whole_paths(value: str) -> None:
    with pytest.raises(InvalidValue):
        web_acl_rules.path(value)


@pytest.mark.parametrize("value", [9, 2_000_000_001])
def test_a_limit_that_the_firewall_does_not_take_is_refused(value: int) -> None:
    with pytest.raises(InvalidValue, match="not possible"):
        web_acl_rules.rate_limit(value)
