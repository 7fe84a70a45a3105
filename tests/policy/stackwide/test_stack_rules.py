"""The five cases of each rule about reach and secrets, and the borders of each."""

from __future__ import annotations

import json

import pytest

from mlops_policy.catalog import FAMILIES
from mlops_policy.resources import Resource
from mlops_policy.rules import Rule
from mlops_policy.stackwide.reach import everybody
from mlops_policy.testing import Sample, changed, judged, problems
from mlops_policy.views import MISSING, UNKNOWN
from policy_family_samples import NAME, endpoint, kube, made, policy, service

RULES = FAMILIES["stack"]
BY_NAME = {rule.name: rule for rule in RULES}
OPEN = json.dumps({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}]})
CLOSED = json.dumps({"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*"}]})
ROUTE = kube(
    "networking.k8s.io/v1:Ingress",
    {"rules": [{"http": {"paths": [{"backend": {"service": {"name": "mortgage"}}}]}}]},
)
BACKEND = "spec.rules[0].http.paths[0].backend.service.name"
FIRST = "spec.template.spec.containers[0].env[0].value"
SAMPLES = {
    "stack-published-services": Sample(
        (service("model-registry", "model-registry"),), "spec.type", bad="LoadBalancer", absent_is_good=True
    ),
    "stack-routes-to-endpoints": Sample(
        (
            kube("elbv2.k8s.aws/v1beta1:TargetGroupBinding", {"serviceRef": {"name": "mortgage"}}),
            service("mortgage", "model-endpoint"),
            service("model-registry", "model-registry"),
        ),
        "spec.serviceRef.name",
        bad="model-registry",
    ),
    "stack-named-flows": Sample(
        (policy("model-registry", {"ipBlock": {"cidr": "10.0.0.0/16"}}),),
        "spec.ingress[0].from[0].ipBlock.cidr",
        bad="0.0.0.0/0",
        absent_is_good=True,
    ),
    "stack-closed-groups": Sample(
        (made("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", {"cidrIpv4": "10.0.0.0/8"}),),
        "cidrIpv4",
        bad="0.0.0.0/0",
        absent_is_good=True,
    ),
    "stack-buckets-for-named": Sample(
        (made("aws:s3/bucketPolicy:BucketPolicy", {"policy": CLOSED}),), "policy", bad=OPEN
    ),
    "stack-listeners-encrypt": Sample(
        (
            made(
                "aws:lb/listener:Listener",
                {"protocol": "HTTPS", "defaultActions": [{"type": "forward"}]},
            ),
        ),
        "protocol",
        bad="HTTP",
    ),
    "stack-no-plain-secrets": Sample(
        (endpoint({"DATABASE_PASSWORD": ""}),), FIRST, bad="hunter2", absent_is_good=True
    ),
    "stack-config-without-secrets": Sample(
        (
            made(
                "kubernetes:core/v1:ConfigMap",
                {"metadata": {"namespace": "models"}, "data": {"settings": "retries: 3"}},
            ),
        ),
        "data.settings",
        bad="url: postgresql://mlflow:hunter2@database/mlflow",
        absent_is_good=True,
    ),
    "stack-own-namespaces": Sample((endpoint(),), "metadata.namespace", bad="kube-system"),
}


def said(name: str, *resources: Resource, **config: object) -> list[str]:
    return [each.message for each in judged(BY_NAME[name], resources, config)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_about_the_stack_comes_out_in_all_five_cases(rule: Rule) -> None:
    assert problems(rule, SAMPLES[rule.name]) == []


def test_on_a_machine_of_ones_own_a_node_port_leads_nowhere_else() -> None:
    node_port = service("object-store", "object-store", "NodePort")
    assert said("stack-published-services", node_port) == [
        "spec.type is NodePort, and its pods are object-store: only model-endpoint may be published"
    ]
    assert said("stack-published-services", node_port, localNode=True) == []
    assert (
        len(
            said(
                "stack-published-services",
                changed(node_port, "spec.externalIPs", ["1.2.3.4"]),
                localNode=True,
            )
        )
        == 1
    )
    balancer = service("object-store", "object-store", "LoadBalancer")
    assert len(said("stack-published-services", balancer, localNode=True)) == 1
    assert said("stack-published-services", service("mortgage", "model-endpoint", "LoadBalancer")) == []


def test_any_address_may_ask_pods_whose_node_port_is_on_ones_own_machine() -> None:
    everywhere = policy("object-store", {"ipBlock": {"cidr": "0.0.0.0/0"}})
    node_port = service("object-store", "object-store", "NodePort")
    why = ["spec.ingress[0].from[0].ipBlock.cidr is 0.0.0.0/0, to pods that are object-store"]
    assert said("stack-named-flows", everywhere, node_port) == why
    assert said("stack-named-flows", everywhere, localNode=True) == why
    assert (
        said("stack-named-flows", everywhere, service("object-store", "object-store"), localNode=True) == why
    )
    assert said("stack-named-flows", everywhere, node_port, localNode=True) == []
    every_pod = policy("object-store", {"namespaceSelector": {}})
    assert len(said("stack-named-flows", every_pod, node_port, localNode=True)) == 1


@pytest.mark.parametrize(
    ("peer", "why"),
    [
        ({"podSelector": {}}, []),
        ({"namespaceSelector": {"matchLabels": {"team": "risk"}}}, []),
        (
            {"namespaceSelector": {}},
            ["spec.ingress[0].from[0].namespaceSelector is empty, so every pod of the cluster may ask"],
        ),
        ({"ipBlock": {"cidr": "128.0.0.0/1"}}, ["spec.ingress[0].from[0].ipBlock.cidr is 128.0.0.0/1"]),
    ],
)
def test_not_everybody_in_the_cluster_reads_a_bucket(peer: dict[str, object], why: list[str]) -> None:
    found = said("stack-named-flows", policy("object-store", peer))
    assert found == [f"{each}, to pods that are object-store" for each in why]
    assert said("stack-named-flows", policy("model-endpoint", peer)) == []


def test_a_flow_that_names_nobody_is_open_to_everybody() -> None:
    open_ = changed(policy("object-store", {}), "spec.ingress", [{"ports": [{"port": 7070}]}])
    assert said("stack-named-flows", open_) == [
        "spec.ingress[0].from names nobody, so everybody may ask, to pods that are object-store"
    ]


def test_a_route_leads_to_a_service_of_the_stack_in_its_namespace() -> None:
    rule = "stack-routes-to-endpoints"
    assert said(rule, ROUTE, service("mortgage", "model-endpoint")) == []
    assert said(rule, ROUTE, service("mortgage", "model-registry")) == [
        f"{BACKEND} leads to mortgage, whose pods are model-registry"
    ]
    assert said(rule, ROUTE) == [f"{BACKEND} leads to mortgage, which is no Service of this stack"]
    route = kube("gateway.networking.k8s.io/v1:HTTPRoute", {"rules": [{"backendRefs": [{"name": "mlflow"}]}]})
    assert said(rule, route, service("mlflow", "model-registry")) == [
        "spec.rules[0].backendRefs[0].name leads to mlflow, whose pods are model-registry"
    ]


def test_a_security_group_is_open_by_any_of_its_rules() -> None:
    rule = "stack-closed-groups"
    group = made(
        "aws:ec2/securityGroup:SecurityGroup",
        {"ingress": [{"fromPort": 443, "toPort": 443, "cidrBlocks": ["10.0.0.0/8", "0.0.0.0/0"]}]},
    )
    assert said(rule, group) == ["ingress[0].cidrBlocks[1] is 0.0.0.0/0"]
    assert said(rule, group, ports=[443]) == []
    unknown = changed(group, "ingress[0].cidrBlocks", [UNKNOWN, "::/0"])
    assert said(rule, unknown) == [
        "ingress[0].cidrBlocks[1] is ::/0",
        "ingress[0].cidrBlocks[0] is not known yet",
    ]
    out = made("aws:ec2/securityGroupRule:SecurityGroupRule", {"type": "egress", "cidrBlocks": ["0.0.0.0/0"]})
    assert said(rule, out) == []


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        ({}, 1),
        ({"Bool": {"aws:SecureTransport": "true"}}, 1),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, 0),
        ({"StringEquals": {"aws:sourceVpce": "vpce-1"}}, 0),
    ],
)
@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}, {"AWS": ["arn:aws:iam::1:root", "*"]}])
def test_a_bucket_is_open_unless_a_condition_says_who(
    principal: object, condition: object, count: int
) -> None:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Condition": condition}
    bucket = made("aws:s3/bucketPolicy:BucketPolicy", {"policy": json.dumps({"Statement": statement})})
    assert len(said("stack-buckets-for-named", bucket)) == count


def test_a_listener_without_tls_leads_on_to_one_that_has_it() -> None:
    redirect = {"type": "redirect", "redirect": {"protocol": "HTTPS"}}
    listener = made("aws:lb/listener:Listener", {"protocol": "HTTP", "defaultActions": [redirect]})
    assert said("stack-listeners-encrypt", listener) == []
    assert said(
        "stack-listeners-encrypt", changed(listener, "defaultActions[0].redirect.protocol", "HTTP")
    ) == ["protocol is HTTP, and defaultActions[0] answers without TLS"]


@pytest.mark.parametrize(
    ("name", "value", "hidden"),
    [
        ("POSTGRES_PASSWORD", "x", True),
        ("AWS_SECRET_ACCESS_KEY", "x", True),
        ("GITHUB_TOKEN", "x", True),
        ("MLOPS_REQUEST_LOG_HASH_KEY", "x", True),
        ("AWS_ACCESS_KEY_ID", "key", False),
        ("MLOPS_TLS_KEY_FILE", "/etc/mlops/tls/key.pem", False),
        ("MLOPS_STICKY_HEADER", "mlops-sticky-key", False),
        ("NEXT_TOKENS", "5", False),
        ("DATABASE_URL", "postgresql://mlflow:hunter2@database:5432/mlflow", True),
        ("DATABASE_URL", "postgresql://mlflow@database:5432/mlflow", False),
        ("SOMETHING", "AKIAIOSFODNN7EXAMPLE", True),
        ("CERTIFICATE", "-----BEGIN CERTIFICATE-----", False),
        ("CERTIFICATE", "-----BEGIN EC PRIVATE KEY-----", True),
    ],
)
def test_a_variable_is_a_secret_by_its_name_or_by_its_value(name: str, value: str, hidden: bool) -> None:
    assert bool(said("stack-no-plain-secrets", endpoint({name: value}))) is hidden


def test_arguments_are_looked_at_too_and_names_can_be_allowed() -> None:
    given = endpoint(args=["serve", "--password=hunter2", "--password=$(PASSWORD)"])
    assert said("stack-no-plain-secrets", given) == [
        "spec.template.spec.containers[0].args[1] has a secret in clear"
    ]
    named = endpoint({"PAGE_TOKEN": "next"})
    assert said("stack-no-plain-secrets", named, allowed=["PAGE_TOKEN"]) == []


@pytest.mark.parametrize(
    ("cidr", "all_of_them"),
    [
        ("0.0.0.0/0", True),
        ("::/0", True),
        ("0.0.0.0/1", True),
        ("10.0.0.0/8", False),
        ("", False),
        ("x", False),
    ],
)
def test_a_block_is_everybody_where_it_is_nearly_all_addresses(cidr: str, all_of_them: bool) -> None:
    assert everybody(cidr) is all_of_them


def test_an_object_without_a_namespace_is_in_the_default_one() -> None:
    assert said("stack-own-namespaces", changed(endpoint(), "metadata.namespace", MISSING)) == [
        "metadata.namespace is not set, which is default"
    ]
    assert NAME == "app.kubernetes.io/name"
