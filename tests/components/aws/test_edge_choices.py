from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pulumi
import pytest

from edge_samples import CREATED, DOMAIN, PRICE, RISK, TAGS, made
from pulumi_mlops.aws.edge_args import CertificateSource, ControllerSource, EdgeScheme


def test_what_is_created_has_the_settings_given_here() -> None:
    edge = made(**CREATED)
    assert edge.of("Zone").inputs["name"] == "ml.example.com"
    assert edge.of("Record", "edge-names-delegation").inputs["zoneId"] == "Z9876543210"
    rules = edge.of("WebAcl", "edge-firewall-acl").inputs["rules"]
    assert rules[0]["statement"]["rateBasedStatement"]["limit"] == 2000
    release = edge.of("Release").inputs
    assert (release["version"], release["values"]["clusterName"]) == ("3.4.2", "prod")


def test_a_preview_with_nothing_known_registers_what_an_update_does() -> None:
    assert made(preview=True, **CREATED).urns == made(**CREATED).urns


@pytest.mark.parametrize("preview", [True, False])
def test_the_provider_is_given_no_name_that_it_does_not_know(preview: bool) -> None:
    edge = made(preview=preview, **CREATED)
    names = {name for each in edge.resources if each.type.startswith("aws:") for name in keys(each.inputs)}
    assert [name for name in sorted(names - {*TAGS, "mlops:cluster"}) if "_" in name] == []


def test_everything_that_can_have_tags_has_them() -> None:
    untagged = {
        each.type.split(":")[-1]
        for each in made(**CREATED).resources
        if each.type.startswith("aws:") and each.inputs.get("tags", {}).items() < TAGS.items()
    }
    assert untagged == {
        "CertificateValidation",
        "Record",
        "RolePolicy",
        "WebAclAssociation",
        "WebAclLoggingConfiguration",
    }


@pytest.mark.parametrize(
    ("changes", "path", "reason"),
    [
        ({"allowed_cidrs": None}, "allowed_cidrs", "nobody could ask"),
        ({"allowed_cidrs": ["0.0.0.0/0"]}, "allowed_cidrs", "nearly everybody"),
        ({"public": True}, "allowed_cidrs", "leave out one of the two"),
        ({"public": True, "scheme": EdgeScheme.INTERNAL}, "public", "internal load balancer"),
        ({"tls_policy": "ELBSecurityPolicy-2016-08"}, "tls_policy", "TLS below"),
        ({"logs_bucket": None}, "logs_bucket", "required"),
        ({"endpoints": [PRICE, PRICE]}, "endpoints", "two endpoints"),
        ({"endpoints": [{**PRICE, "host": "price.example.com"}]}, "endpoints", "one label below"),
        ({"endpoints": [{**PRICE, "port": 0}]}, "endpoints[0].port", "no port"),
        ({"endpoints": [PRICE, {**RISK, "health_path": "x"}]}, "endpoints[1].health_path", "no path"),
        ({"endpoints": [{**PRICE, "name": "Price"}]}, "endpoints[0].name", "lower-case"),
        ({"domain": {**DOMAIN, "certificate_arn": None}}, "domain.certificate_arn", "required"),
        (
            {"domain": {**DOMAIN, "certificate": CertificateSource.CREATE}},
            "domain.certificate_arn",
            "no ARN yet",
        ),
        ({"domain": {**DOMAIN, "name": "example"}}, "domain.name", "no domain"),
        (
            {"controller": {"source": ControllerSource.ADOPT, "chart_version": "1"}},
            "controller.chart_version",
            "adopted",
        ),
    ],
)
def test_what_does_not_fit_is_refused_by_name(changes: dict[str, Any], path: str, reason: str) -> None:
    with pytest.raises(pulumi.InputPropertyError) as caught:
        made(**changes)
    assert caught.value.property_path == path
    assert reason in caught.value.reason


def keys(value: Any) -> Iterator[str]:
    """The names of all keys within a value."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from keys(item)
    elif isinstance(value, list):
        for item in value:
            yield from keys(item)
