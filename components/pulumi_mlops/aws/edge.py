"""The way from outside to the endpoints on EKS: names, certificate, firewall, one load balancer.

The load balancer and its target groups are the program's own, not a controller's. So names, firewall and the
order of a destroy are the program's too, and no load balancer that only the cluster knew of outlives it. The
AWS Load Balancer Controller does one thing: it keeps the pods of a Service in a target group, by a
TargetGroupBinding, and that goes before its target group does.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import pulumi
import pulumi_aws as aws
from pulumi_kubernetes.apiextensions import CustomResource

from pulumi_mlops import checks, inputs
from pulumi_mlops.aws import aws_checks, edge_checks, edge_listeners
from pulumi_mlops.aws.edge_args import (
    CertificateSource,
    ControllerSource,
    EdgeArgs,
    EdgeEndpointArgs,
    EdgeScheme,
)
from pulumi_mlops.aws.edge_policies import CLUSTER_TAG
from pulumi_mlops.aws.hosted_zone import HostedZone
from pulumi_mlops.aws.load_balancer_controller import LoadBalancerController
from pulumi_mlops.aws.web_acl import WebAcl
from pulumi_mlops.errors import InvalidValue

T = TypeVar("T")

_HEALTH = "/v2/health/ready"
_LOGS = "load-balancer"


class Edge(pulumi.ComponentResource):
    """One Application Load Balancer before all endpoints; pass the cluster's provider in `providers`."""

    base_url: pulumi.Output[str]
    """`https://<domain>`: the endpoints are one label below it."""
    urls: pulumi.Output[dict[str, str]]
    """`https://<host>` of each endpoint, by its name."""
    load_balancer_arn: pulumi.Output[str]
    """ARN of the load balancer."""
    dns_name: pulumi.Output[str]
    """Its own name in DNS, to which the endpoints' names lead."""
    security_group_id: pulumi.Output[str]
    """Its security group."""
    web_acl_arn: pulumi.Output[str]
    """ARN of the firewall."""
    zone_id: pulumi.Output[str]
    """Id of the zone."""
    name_servers: pulumi.Output[list[str]]
    """Servers of a zone that is made, for the zone above; none of an adopted one."""

    def __init__(self, name: str, args: EdgeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:index:Edge", name, {}, opts)
        self._name, self._args = name, args
        self._tags = dict(args["ground"]["tags"])
        domain, endpoints, allowed = _checked_args(args)
        zone = self._zone(domain)
        group = self._security_group(allowed, sorted({port for _, port in endpoints}))
        balancer = self._load_balancer(group)
        listener = self._listeners(balancer, self._certificate(domain, zone.zone_id))
        firewall, guarded = self._firewall(balancer)
        filling = self._controller()
        priorities = edge_checks.priorities([each["host"] for each, _ in endpoints])
        for endpoint, port in endpoints:
            rule, target = self._target(endpoint, port, listener, priorities[endpoint["host"]])
            self._binding(endpoint, port, target, [rule, *filling])
            self._record(endpoint, zone.zone_id, balancer, guarded)
        self.base_url = pulumi.Output.from_input(f"https://{domain}")
        self.urls = pulumi.Output.from_input(
            {each["name"]: f"https://{each['host']}" for each, _ in endpoints}
        )
        self.load_balancer_arn, self.dns_name = balancer.arn, balancer.dns_name
        self.security_group_id, self.web_acl_arn = group.id, firewall.arn
        self.zone_id, self.name_servers = zone.zone_id, zone.name_servers
        outputs = ("base_url", "urls", "load_balancer_arn", "dns_name", "security_group_id", "web_acl_arn")
        self.register_outputs({each: getattr(self, each) for each in (*outputs, "zone_id", "name_servers")})

    def _zone(self, domain: str) -> HostedZone:
        wanted = self._args["domain"]
        arguments: Any = {
            "ground": self._args["ground"],
            "source": wanted["source"],
            "domain": domain,
            "zone_id": wanted.get("zone_id"),
            "parent_zone_id": wanted.get("parent_zone_id"),
        }
        return HostedZone(f"{self._name}-names", arguments, self._child())

    def _certificate(self, domain: str, zone_id: pulumi.Output[str]) -> Any:
        wanted = self._args["domain"]
        if CertificateSource(wanted["certificate"]) is CertificateSource.ADOPT:
            return inputs.text(wanted, "certificate_arn", aws_checks.arn, within="domain")
        if inputs.given(wanted, "certificate_arn"):
            raise pulumi.InputPropertyError(
                "domain.certificate_arn",
                "a certificate that is created has no ARN yet; leave it out, or adopt",
            )
        certificate = aws.acm.Certificate(
            f"{self._name}-certificate",
            domain_name=domain,
            subject_alternative_names=[f"*.{domain}"],
            validation_method="DNS",
            key_algorithm="EC_prime256v1",
            options={"certificate_transparency_logging_preference": "ENABLED"},
            tags=self._tagged("certificate"),
            opts=self._child(),
        )
        # The domain and its wildcard are proved by the same record.
        proof = certificate.domain_validation_options.apply(lambda known: (known or [None])[0])
        record = aws.route53.Record(
            f"{self._name}-proof",
            zone_id=zone_id,
            name=proof.apply(lambda known: known and known.resource_record_name),
            type=proof.apply(lambda known: known and known.resource_record_type),
            records=[proof.apply(lambda known: known and known.resource_record_value)],
            ttl=300,
            opts=self._child(),
        )
        return aws.acm.CertificateValidation(
            f"{self._name}-validation",
            certificate_arn=certificate.arn,
            validation_record_fqdns=[record.fqdn],
            # A zone that nobody delegates to would keep the run waiting for more than an hour.
            opts=self._child(custom_timeouts=pulumi.CustomTimeouts(create="15m")),
        ).certificate_arn

    def _security_group(self, allowed: list[str], ports: list[int]) -> "aws.ec2.SecurityGroup":
        group = aws.ec2.SecurityGroup(
            f"{self._name}-group",
            name_prefix=f"{self._name}-",
            description="Load balancer before the endpoints",
            vpc_id=inputs.text(self._args, "vpc_id", inputs.any_text),
            # A rule of another group that names this one would keep it from being deleted.
            revoke_rules_on_delete=True,
            tags=self._tagged("load-balancer"),
            opts=self._child(),
        )
        pods = inputs.text(self._args, "cluster_security_group_id", inputs.any_text)
        for cidr in allowed:
            for port in (80, 443):
                aws.vpc.SecurityGroupIngressRule(
                    f"{self._name}-from-{cidr.replace('/', '-')}-{port}",
                    security_group_id=group.id,
                    cidr_ipv4=cidr,
                    **edge_listeners.tcp(port, "Clients that may ask"),
                    tags=self._tagged(f"from-{cidr}"),
                    opts=self._child(),
                )
        for port in ports:
            aws.vpc.SecurityGroupEgressRule(
                f"{self._name}-to-pods-{port}",
                security_group_id=group.id,
                referenced_security_group_id=pods,
                **edge_listeners.tcp(port, "Pods of the endpoints"),
                tags=self._tagged(f"to-pods-{port}"),
                opts=self._child(),
            )
            aws.vpc.SecurityGroupIngressRule(
                f"{self._name}-into-pods-{port}",
                security_group_id=pods,
                referenced_security_group_id=group.id,
                **edge_listeners.tcp(port, "Load balancer of the endpoints"),
                tags=self._tagged(f"into-pods-{port}"),
                opts=self._child(),
            )
        return group

    def _load_balancer(self, group: "aws.ec2.SecurityGroup") -> "aws.lb.LoadBalancer":
        production = bool(self._args["ground"].get("production"))
        return aws.lb.LoadBalancer(
            f"{self._name}-load-balancer",
            name_prefix="mlops-",
            load_balancer_type="application",
            internal=EdgeScheme(self._args["scheme"]) is EdgeScheme.INTERNAL,
            ip_address_type="ipv4",
            subnets=self._args["subnet_ids"],
            security_groups=[group.id],
            access_logs={
                "bucket": inputs.text(self._args, "logs_bucket", inputs.any_text),
                "prefix": inputs.plain(self._args, "logs_prefix", inputs.any_text, _LOGS),
                "enabled": True,
            },
            drop_invalid_header_fields=True,
            desync_mitigation_mode="strictest",
            xff_header_processing_mode="append",
            enable_waf_fail_open=False,
            enable_deletion_protection=production,
            tags=self._tagged("load-balancer"),
            opts=self._child(protect=production or None),
        )

    def _listeners(self, balancer: "aws.lb.LoadBalancer", certificate_arn: Any) -> "aws.lb.Listener":
        aws.lb.Listener(
            f"{self._name}-http",
            load_balancer_arn=balancer.id,
            tags=self._tagged("http"),
            opts=self._child(),
            **edge_listeners.redirecting(),
        )
        return aws.lb.Listener(
            f"{self._name}-https",
            load_balancer_arn=balancer.id,
            certificate_arn=certificate_arn,
            ssl_policy=inputs.plain(self._args, "tls_policy", edge_checks.tls_policy, edge_checks.TLS_POLICY),
            tags=self._tagged("https"),
            opts=self._child(),
            **edge_listeners.answering(),
        )

    def _firewall(self, balancer: "aws.lb.LoadBalancer") -> tuple[WebAcl, pulumi.Resource]:
        firewall = WebAcl(
            f"{self._name}-firewall",
            {"ground": self._args["ground"], **self._args["firewall"]},
            self._child(),
        )
        association = aws.wafv2.WebAclAssociation(
            f"{self._name}-firewall-association",
            resource_arn=balancer.id,
            web_acl_arn=firewall.arn,
            opts=self._child(),
        )
        return firewall, association

    def _controller(self) -> list[pulumi.Resource]:
        wanted = dict(self._args["controller"])
        if ControllerSource(wanted.pop("source")) is ControllerSource.ADOPT:
            for key in wanted:
                if inputs.given(wanted, key):
                    raise pulumi.InputPropertyError(
                        f"controller.{key}",
                        "the cluster's own controller is adopted; leave it out, or run one",
                    )
            return []
        arguments: Any = {
            "ground": self._args["ground"],
            "cluster_name": self._args["cluster_name"],
            "vpc_id": self._args["vpc_id"],
            **wanted,
        }
        return [LoadBalancerController(f"{self._name}-controller", arguments, self._child())]

    def _target(
        self, endpoint: EdgeEndpointArgs, port: int, listener: "aws.lb.Listener", priority: int
    ) -> "tuple[aws.lb.ListenerRule, aws.lb.TargetGroup]":
        name = f"{self._name}-{endpoint['name']}"
        target = aws.lb.TargetGroup(
            f"{name}-target",
            name_prefix="mlops-",
            vpc_id=self._args["vpc_id"],
            tags={**self._tagged(endpoint["name"]), CLUSTER_TAG: self._args["cluster_name"]},
            opts=self._child(),
            **edge_listeners.target(port, endpoint.get("health_path") or _HEALTH),
        )
        rule = aws.lb.ListenerRule(
            f"{name}-rule",
            listener_arn=listener.id,
            priority=priority,
            conditions=[{"host_header": {"values": [endpoint["host"]]}}],
            actions=[{"type": "forward", "target_group_arn": target.id}],
            tags=self._tagged(endpoint["name"]),
            opts=self._child(),
        )
        return rule, target

    def _binding(
        self,
        endpoint: EdgeEndpointArgs,
        port: int,
        target: "aws.lb.TargetGroup",
        after: list[pulumi.Resource],
    ) -> None:
        CustomResource(
            f"{self._name}-{endpoint['name']}-binding",
            api_version="elbv2.k8s.aws/v1beta1",
            kind="TargetGroupBinding",
            metadata={"name": endpoint["name"], "namespace": endpoint["namespace"]},
            spec={
                "targetGroupARN": target.id,
                "targetType": "ip",
                "ipAddressType": "ipv4",
                "vpcID": self._args["vpc_id"],
                "serviceRef": {"name": endpoint["service"], "port": port},
            },
            # The controller takes the pods out before it lets go; the bound keeps a destroy from hanging.
            opts=self._child(depends_on=after, custom_timeouts=pulumi.CustomTimeouts(delete="5m")),
        )

    def _record(
        self,
        endpoint: EdgeEndpointArgs,
        zone_id: pulumi.Output[str],
        balancer: "aws.lb.LoadBalancer",
        guarded: pulumi.Resource,
    ) -> None:
        aws.route53.Record(
            f"{self._name}-{endpoint['name']}-name",
            zone_id=zone_id,
            name=endpoint["host"],
            type="A",
            aliases=[
                {"name": balancer.dns_name, "zone_id": balancer.zone_id, "evaluate_target_health": True}
            ],
            # Nobody learns the name before the firewall is there.
            opts=self._child(depends_on=[guarded]),
        )

    def _tagged(self, part: str) -> dict[str, str]:
        return {**self._tags, "Name": f"{self._name}-{part}"}

    def _child(self, **options: Any) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, **options)


def _checked_args(args: EdgeArgs) -> tuple[str, list[tuple[EdgeEndpointArgs, int]], list[str]]:
    """The domain, the endpoints with their ports, and the networks that may ask."""
    domain = inputs.plain(args["domain"], "name", edge_checks.domain, within="domain")
    endpoints = list(inputs.section(args, "endpoints"))
    ports = []
    for number, endpoint in enumerate(endpoints):
        within = f"endpoints[{number}]"
        inputs.plain(endpoint, "name", checks.object_name, within=within)
        ports.append(inputs.whole(endpoint, "port", edge_checks.port, within=within))
        if inputs.given(endpoint, "health_path"):
            inputs.plain(endpoint, "health_path", edge_checks.health_path, within=within)
    _at("endpoints", lambda: edge_checks.hosts([each["host"] for each in endpoints], domain))
    public = bool(args.get("public"))
    if public and EdgeScheme(inputs.section(args, "scheme")) is EdgeScheme.INTERNAL:
        raise pulumi.InputPropertyError(
            "public",
            "an internal load balancer is reached from its networks alone; list them in allowed_cidrs",
        )
    allowed = _at(
        "allowed_cidrs", lambda: edge_checks.networks(args.get("allowed_cidrs") or [], public=public)
    )
    return domain, list(zip(endpoints, ports, strict=True)), allowed


def _at(path: str, check: Callable[[], T]) -> T:
    try:
        return check()
    except InvalidValue as error:
        raise pulumi.InputPropertyError(path, str(error)) from error
