from __future__ import annotations

import pytest

from edge_samples import ARGS, CERTIFICATE, CREATED, FIREWALL, GROUND, PRICE, RISK, TAGS, made
from mlops_stacks import recording
from mlops_stacks.recording import UNKNOWN
from pulumi_mlops.aws import edge_checks
from pulumi_mlops.aws.edge import Edge
from pulumi_mlops.aws.edge_args import EdgeScheme
from recording_engine import Recording


@pytest.fixture(scope="module")
def edge() -> Recording:
    return made()


def named(part: str) -> dict[str, str]:
    return {**TAGS, "Name": f"edge-{part}"}


def test_it_is_these_objects_where_all_that_can_be_is_adopted(edge: Recording) -> None:
    assert sorted((each.type.split(":")[-1], each.name, each.parent) for each in edge.resources) == [
        ("Edge", "edge", ""),
        ("HostedZone", "edge-names", "edge"),
        ("Listener", "edge-http", "edge"),
        ("Listener", "edge-https", "edge"),
        ("ListenerRule", "edge-price-rule", "edge"),
        ("ListenerRule", "edge-risk-rule", "edge"),
        ("LoadBalancer", "edge-load-balancer", "edge"),
        ("Record", "edge-price-name", "edge"),
        ("Record", "edge-risk-name", "edge"),
        ("SecurityGroup", "edge-group", "edge"),
        ("SecurityGroupEgressRule", "edge-to-pods-8080", "edge"),
        ("SecurityGroupIngressRule", "edge-from-203.0.113.0-24-443", "edge"),
        ("SecurityGroupIngressRule", "edge-from-203.0.113.0-24-80", "edge"),
        ("SecurityGroupIngressRule", "edge-into-pods-8080", "edge"),
        ("TargetGroup", "edge-price-target", "edge"),
        ("TargetGroup", "edge-risk-target", "edge"),
        ("TargetGroupBinding", "edge-price-binding", "edge"),
        ("TargetGroupBinding", "edge-risk-binding", "edge"),
        ("WebAcl", "edge-firewall", "edge"),
        ("WebAclAssociation", "edge-firewall-association", "edge"),
    ]
    assert edge.outputs["edge"] == {
        "base_url": "https://ml.example.com",
        "urls": {"price": "https://price.ml.example.com", "risk": "https://risk.ml.example.com"},
        "security_group_id": "edge-group-id",
        "web_acl_arn": FIREWALL,
        "zone_id": "Z0123456789",
        "name_servers": [],
    }


@pytest.mark.parametrize("production", [True, False])
def test_the_load_balancer_is_hardened_and_kept_in_production(production: bool) -> None:
    args = {**ARGS, "ground": {**GROUND, "production": production}}
    run = recording.record(
        lambda: Edge("edge", args), project="mlops", stack="test", config={}, preview=False
    )
    (balancer,) = [each for each in run.resources if each.type.endswith(":LoadBalancer")]
    assert balancer.protect is production
    assert balancer.inputs == {
        "namePrefix": "mlops-",
        "loadBalancerType": "application",
        "internal": False,
        "ipAddressType": "ipv4",
        "subnets": ["subnet-1", "subnet-2"],
        "securityGroups": ["edge-group-id"],
        "accessLogs": {"bucket": "logs", "prefix": "load-balancer", "enabled": True},
        "dropInvalidHeaderFields": True,
        "desyncMitigationMode": "strictest",
        "xffHeaderProcessingMode": "append",
        "enableWafFailOpen": False,
        "enableDeletionProtection": production,
        "tags": named("load-balancer"),
    }


def test_an_internal_one_is_reached_from_its_networks() -> None:
    edge = made(scheme=EdgeScheme.INTERNAL, allowed_cidrs=["10.0.0.0/16"])
    assert edge.of("LoadBalancer").inputs["internal"] is True
    assert (
        edge.of("SecurityGroupIngressRule", "edge-from-10.0.0.0-16-443").inputs["cidrIpv4"] == "10.0.0.0/16"
    )


def test_everybody_may_ask_only_where_it_is_said() -> None:
    edge = made(public=True, allowed_cidrs=None)
    opened = [each.inputs["cidrIpv4"] for each in edge.resources if "cidrIpv4" in each.inputs]
    assert opened == ["0.0.0.0/0", "0.0.0.0/0"]


def test_clients_are_let_in_at_two_ports_and_pods_are_reached_at_theirs(edge: Recording) -> None:
    assert edge.of("SecurityGroup").inputs == {
        "namePrefix": "edge-",
        "description": "Load balancer before the endpoints",
        "vpcId": "vpc-1",
        "revokeRulesOnDelete": True,
        "tags": named("load-balancer"),
    }
    for port in (80, 443):
        assert edge.of("SecurityGroupIngressRule", f"edge-from-203.0.113.0-24-{port}").inputs == {
            "securityGroupId": "edge-group-id",
            "cidrIpv4": "203.0.113.0/24",
            "ipProtocol": "tcp",
            "fromPort": port,
            "toPort": port,
            "description": "Clients that may ask",
            "tags": named("from-203.0.113.0/24"),
        }
    to_pods = {"ipProtocol": "tcp", "fromPort": 8080, "toPort": 8080}
    assert edge.of("SecurityGroupEgressRule").inputs == {
        **to_pods,
        "securityGroupId": "edge-group-id",
        "referencedSecurityGroupId": "sg-pods",
        "description": "Pods of the endpoints",
        "tags": named("to-pods-8080"),
    }
    assert edge.of("SecurityGroupIngressRule", "edge-into-pods-8080").inputs == {
        **to_pods,
        "securityGroupId": "sg-pods",
        "referencedSecurityGroupId": "edge-group-id",
        "description": "Load balancer of the endpoints",
        "tags": named("into-pods-8080"),
    }


def test_plain_http_is_sent_to_https(edge: Recording) -> None:
    assert edge.of("Listener", "edge-http").inputs == {
        "loadBalancerArn": "edge-load-balancer-id",
        "port": 80,
        "protocol": "HTTP",
        "defaultActions": [
            {"type": "redirect", "redirect": {"port": "443", "protocol": "HTTPS", "statusCode": "HTTP_301"}}
        ],
        "tags": named("http"),
    }


def test_https_speaks_new_tls_and_leads_an_unknown_name_to_no_pod(edge: Recording) -> None:
    assert edge.of("Listener", "edge-https").inputs == {
        "loadBalancerArn": "edge-load-balancer-id",
        "port": 443,
        "protocol": "HTTPS",
        "certificateArn": CERTIFICATE,
        "sslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
        "defaultActions": [
            {
                "type": "fixed-response",
                "fixedResponse": {
                    "contentType": "application/json",
                    "messageBody": '{"error": "no endpoint has this name"}',
                    "statusCode": "404",
                },
            }
        ],
        "routingHttpResponseServerEnabled": False,
        "routingHttpResponseStrictTransportSecurityHeaderValue": "max-age=31536000",
        "routingHttpResponseXContentTypeOptionsHeaderValue": "nosniff",
        "tags": named("https"),
    }
    newer = made(tls_policy="ELBSecurityPolicy-TLS13-1-3-2021-06").of("Listener", "edge-https").inputs
    assert newer["sslPolicy"] == "ELBSecurityPolicy-TLS13-1-3-2021-06"


def test_each_endpoint_has_a_name_a_rule_and_its_pods(edge: Recording) -> None:
    priorities = edge_checks.priorities(["price.ml.example.com", "risk.ml.example.com"])
    for name in ("price", "risk"):
        host = f"{name}.ml.example.com"
        assert edge.of("ListenerRule", f"edge-{name}-rule").inputs == {
            "listenerArn": "edge-https-id",
            "priority": priorities[host],
            "conditions": [{"hostHeader": {"values": [host]}}],
            "actions": [{"type": "forward", "targetGroupArn": f"edge-{name}-target-id"}],
            "tags": named(name),
        }
        assert edge.of("TargetGroup", f"edge-{name}-target").inputs == {
            "namePrefix": "mlops-",
            "vpcId": "vpc-1",
            "targetType": "ip",
            "ipAddressType": "ipv4",
            "port": 8080,
            "protocol": "HTTP",
            "protocolVersion": "HTTP1",
            "loadBalancingAlgorithmType": "least_outstanding_requests",
            "deregistrationDelay": 30,
            "healthCheck": {
                "enabled": True,
                "protocol": "HTTP",
                "path": "/v2/health/ready",
                "port": "traffic-port",
                "matcher": "200",
                "interval": 10,
                "timeout": 5,
                "healthyThreshold": 2,
                "unhealthyThreshold": 3,
            },
            "tags": {**named(name), "mlops:cluster": "prod"},
        }
        assert edge.of("TargetGroupBinding", f"edge-{name}-binding").inputs == {
            "apiVersion": "elbv2.k8s.aws/v1beta1",
            "kind": "TargetGroupBinding",
            "metadata": {"name": name, "namespace": "models"},
            "spec": {
                "targetGroupARN": f"edge-{name}-target-id",
                "targetType": "ip",
                "ipAddressType": "ipv4",
                "vpcID": "vpc-1",
                "serviceRef": {"name": f"{name}-server", "port": 8080},
            },
        }


def test_a_name_leads_to_the_load_balancer_once_the_firewall_is_there() -> None:
    edge = made(preview=True)
    record = edge.of("Record", "edge-price-name")
    assert record.inputs == {
        "zoneId": "Z0123456789",
        "name": "price.ml.example.com",
        "type": "A",
        "aliases": [{"name": UNKNOWN, "zoneId": UNKNOWN, "evaluateTargetHealth": True}],
    }
    assert "edge-firewall-association" in record.dependencies
    assert edge.of("WebAclAssociation").inputs == {"resourceArn": UNKNOWN, "webAclArn": FIREWALL}


def test_the_port_and_the_path_of_health_are_the_endpoints_own() -> None:
    other = {**PRICE, "port": 9000.0, "health_path": "/health"}
    edge = made(endpoints=[other, RISK])
    target = edge.of("TargetGroup", "edge-price-target").inputs
    assert (target["port"], target["healthCheck"]["path"]) == (9000, "/health")
    assert edge.names_of("SecurityGroupEgressRule") == ["edge-to-pods-8080", "edge-to-pods-9000"]
    assert edge.of("TargetGroupBinding", "edge-price-binding").inputs["spec"]["serviceRef"]["port"] == 9000


def test_pods_leave_before_their_target_group_and_the_controller_after_all() -> None:
    edge = made(**CREATED)
    binding = edge.of("TargetGroupBinding", "edge-price-binding").dependencies
    assert binding == (
        "edge-controller-chart",
        "edge-controller-role-association",
        "edge-controller-role-policy",
        "edge-controller-role-role",
        "edge-price-rule",
        "edge-price-target",
    )
    assert edge.of("ListenerRule", "edge-price-rule").dependencies == ("edge-https", "edge-price-target")


def test_a_certificate_that_is_made_is_proved_in_the_zone() -> None:
    edge = made(preview=True, **CREATED)
    assert edge.of("Certificate").inputs == {
        "domainName": "ml.example.com",
        "subjectAlternativeNames": ["*.ml.example.com"],
        "validationMethod": "DNS",
        "keyAlgorithm": "EC_prime256v1",
        "options": {"certificateTransparencyLoggingPreference": "ENABLED"},
        "tags": named("certificate"),
    }
    assert edge.of("Record", "edge-proof").inputs == {
        "zoneId": UNKNOWN,
        "name": UNKNOWN,
        "type": UNKNOWN,
        "records": [UNKNOWN],
        "ttl": 300,
    }
    assert edge.of("CertificateValidation").inputs == {
        "certificateArn": UNKNOWN,
        "validationRecordFqdns": [UNKNOWN],
    }
    assert edge.of("Listener", "edge-https").inputs["certificateArn"] is UNKNOWN
    assert "edge-validation" in edge.of("Listener", "edge-https").dependencies
