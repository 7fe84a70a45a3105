"""What each AWS resource costs, by type token, beside the machines. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from mlops_stacks.cost.lines import Line
from mlops_stacks.cost.prices import Prices, Region, price_of
from mlops_stacks.cost.reading import Tree, Unknown, items, known, number
from mlops_stacks.recording import Resource

_FLOW_LOG: Final = "aws:ec2/flowLog:FlowLog"
_LOG_COMPRESSION: Final = 0.15
"""CloudWatch keeps logs compressed; AWS's own calculator counts with this part of what was taken in."""
_NEVER_DELETED_DAYS: Final = 365.0
_REQUEST_METRICS: Final = 16
"""Of the namespace AWS/S3 (Amazon S3 User Guide, "Amazon S3 request metrics in CloudWatch")."""
_MOST_ROTATIONS: Final = 2
"""KMS charges for at most this many rotations of a key."""


@dataclass
class Here:
    """One environment's prices, and the assumptions that were used so far."""

    tree: Tree
    prices: Prices
    region: str
    today: date
    assumed: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    way_out: bool = False
    """True once something was priced through which traffic leaves the environment."""

    @property
    def priced(self) -> Region:
        """The region's prices."""
        return self.prices.regions[self.region]

    def unit(self, name: str) -> float:
        """The price of a service; the month's worth of one by the hour."""
        price = self.priced.services.prices[name]
        return price * self.prices.hours_per_month if name.endswith("_hour") else price

    def assume(self, name: str) -> float:
        """An amount that no document tells, which the estimate then names."""
        value: float = getattr(self.prices.assumptions, name)
        self.assumed[name] = value
        return value

    def line(
        self, resource: Resource, what: str, low: float, *prices: str, high: float | None = None
    ) -> Line:
        """A line; `prices` are the services that are in it."""
        group = self.priced.services
        return Line(
            component=self.tree.component(resource),
            resource=resource.name,
            what=what,
            low=low,
            high=low if high is None else high,
            unverified=not all(group.is_verified(name) for name in prices),
        )

    def zones(self) -> int:
        """How many zones the document's subnets are in, or else as many as are assumed."""
        found = {
            str(resource.inputs["availabilityZone"])
            for resource in self.tree.document.resources
            if resource.type == "aws:ec2/subnet:Subnet"
            and isinstance(resource.inputs.get("availabilityZone"), str)
        }
        return len(found) or int(self.assume("zones"))


Pricer = Callable[[Resource, Here], Iterator[Line]]


def _each(name: str, what: str) -> Pricer:
    """The pricer of what costs the same whatever its inputs are."""

    def pricer(resource: Resource, here: Here) -> Iterator[Line]:
        yield here.line(resource, what, here.unit(name), name)

    return pricer


def _cluster(resource: Resource, here: Here) -> Iterator[Line]:
    version = str(known(resource, "version", "")) or None
    standard = here.unit("eks_cluster_hour")
    extended = here.unit("eks_extended_support_hour")
    until = here.prices.eks_standard_support.until
    names = ("eks_cluster_hour", "eks_extended_support_hour")
    if version is None or (version not in until and _minor(version) < max(map(_minor, until))):
        what = f"control plane of version {version or 'that AWS chooses'}, support unknown"
        yield here.line(resource, what, standard, *names, high=extended)
    elif version in until and here.today > until[version]:
        what = f"control plane, {version} in extended support since {until[version]}"
        yield here.line(resource, what, extended, *names)
    else:
        yield here.line(resource, f"control plane, {version} in standard support", standard, *names)


def _minor(version: str) -> tuple[int, ...]:
    return tuple(int(each) for each in version.split(".") if each.isdigit())


def _nat_gateway(resource: Resource, here: Here) -> Iterator[Line]:
    gb, here.way_out = here.assume("nat_gb"), True
    cost = here.unit("nat_gateway_hour") + gb * here.unit("nat_gateway_gb")
    yield here.line(resource, f"NAT gateway, {gb:g} GB", cost, "nat_gateway_hour", "nat_gateway_gb")


def _endpoint(resource: Resource, here: Here) -> Iterator[Line]:
    kind = str(known(resource, "vpcEndpointType", "Gateway"))
    if kind != "Interface":
        yield here.line(resource, f"{kind.lower()} endpoint: free", 0.0)
        return
    subnets = items(resource.inputs.get("subnetIds"))
    zones, gb = len(subnets) or here.zones(), here.assume("endpoint_gb")
    cost = zones * here.unit("interface_endpoint_hour") + gb * here.unit("interface_endpoint_gb")
    names = ("interface_endpoint_hour", "interface_endpoint_gb")
    yield here.line(resource, f"interface endpoint in {zones} zones, {gb:g} GB", cost, *names)


def _database(resource: Resource, here: Here) -> Iterator[Line]:
    name = str(known(resource, "instanceClass"))
    hourly = price_of(here.priced.databases, name, "database class", here.region)
    copies = 2 if known(resource, "multiAz", False) else 1
    low_gb = number(resource, "allocatedStorage")
    high_gb = max(low_gb, number(resource, "maxAllocatedStorage", 0.0))
    kind = str(known(resource, "storageType", "gp3"))
    if kind != "gp3":
        here.notes.append(f"{resource.name}: storage {kind!r} is priced as gp3")
    machine = copies * hourly * here.prices.hours_per_month
    storage = copies * here.unit("rds_gp3_gb_month")
    line = here.line(
        resource,
        f"{copies} x {name}, {low_gb:g} to {high_gb:g} GiB; backups up to that size are free",
        machine + low_gb * storage,
        "rds_gp3_gb_month",
        high=machine + high_gb * storage,
    )
    verified = here.priced.databases.is_verified(name) and not line.unverified
    yield Line(line.component, line.resource, line.what, line.low, line.high, not verified)
    if known(resource, "manageMasterUserPassword", False):
        yield here.line(resource, "secret of its master", here.unit("secret_month"), "secret_month")


def _volume(resource: Resource, here: Here) -> Iterator[Line]:
    kind, size = str(known(resource, "type", "gp2")), number(resource, "size")
    if kind != "gp3":
        here.notes.append(f"{resource.name}: volume of type {kind!r} is priced as gp3")
    yield here.line(resource, f"{size:g} GiB", size * here.unit("gp3_gb_month"), "gp3_gb_month")


def _bucket(resource: Resource, here: Here) -> Iterator[Line]:
    gb = here.assume("bucket_gb")
    yield here.line(resource, f"{gb:g} GB in S3 Standard", gb * here.unit("s3_gb_month"), "s3_gb_month")


def _bucket_metrics(resource: Resource, here: Here) -> Iterator[Line]:
    cost = _REQUEST_METRICS * here.unit("metric_month")
    yield here.line(resource, f"{_REQUEST_METRICS} metrics of requests to a bucket", cost, "metric_month")


def _repository(resource: Resource, here: Here) -> Iterator[Line]:
    gb = here.assume("repository_gb")
    yield here.line(resource, f"{gb:g} GB of images", gb * here.unit("ecr_gb_month"), "ecr_gb_month")


def _key(resource: Resource, here: Here) -> Iterator[Line]:
    millions = here.assume("kms_requests_millions")
    requests = millions * here.unit("kms_million_requests")
    rotations = _MOST_ROTATIONS if known(resource, "enableKeyRotation", False) else 0
    month = here.unit("kms_key_month")
    yield here.line(
        resource,
        f"key, {millions:g} million requests; its first {rotations} rotations add a key each",
        month + requests,
        "kms_key_month",
        "kms_million_requests",
        high=month * (1 + rotations) + requests,
    )


def _log_group(resource: Resource, here: Here) -> Iterator[Line]:
    flows = [
        each
        for each in here.tree.document.resources
        if each.type == _FLOW_LOG and resource.urn in each.dependencies
    ]
    gb = here.assume("flow_log_gb" if flows else "log_gb")
    price = "vended_log_gb" if flows else "log_gb"
    days = number(resource, "retentionInDays", 0.0) or _NEVER_DELETED_DAYS
    kept = gb * days / 30 * _LOG_COMPRESSION * here.unit("log_storage_gb_month")
    what = f"{gb:g} GB of {'flow ' if flows else ''}logs, kept {days:g} days"
    yield here.line(resource, what, gb * here.unit(price) + kept, price, "log_storage_gb_month")


def _flow_log(resource: Resource, here: Here) -> Iterator[Line]:
    if known(resource, "logDestinationType", "cloud-watch-logs") != "s3":
        yield here.line(resource, "flow log: in its log group", 0.0)
        return
    gb = here.assume("flow_log_gb")
    cost = gb * here.unit("vended_log_s3_gb")
    yield here.line(resource, f"{gb:g} GB of flow logs to S3", cost, "vended_log_s3_gb")


def _load_balancer(resource: Resource, here: Here) -> Iterator[Line]:
    network = known(resource, "loadBalancerType", "application") == "network"
    zones = len(items(resource.inputs.get("subnets"))) or here.zones()
    public = not known(resource, "internal", False)
    yield balancer(resource, here, network=network, public_addresses=zones if public else 0)


def balancer(resource: Resource, here: Here, *, network: bool, public_addresses: int) -> Line:
    """A load balancer, made by the program or by the controller in the cluster."""
    units, here.way_out = here.assume("load_balancer_units"), True
    unit = "network_unit_hour" if network else "load_balancer_unit_hour"
    cost = here.unit("load_balancer_hour") + units * here.unit(unit)
    cost += public_addresses * here.unit("public_ipv4_hour")
    what = (
        f"{'network' if network else 'application'} load balancer, {units:g} capacity units, "
        f"{public_addresses} public addresses"
    )
    return here.line(resource, what, cost, "load_balancer_hour", unit, "public_ipv4_hour")


def _alarm(resource: Resource, here: Here) -> Iterator[Line]:
    """An alarm on an expression costs by the metrics that it reads."""
    queries = items(resource.inputs.get("metricQueries"))
    metrics = sum(1 for query in queries if isinstance(query, dict) and query.get("metric")) or 1
    yield here.line(
        resource, f"alarm on {metrics} metrics", metrics * here.unit("alarm_month"), "alarm_month"
    )


def _web_acl(resource: Resource, here: Here) -> Iterator[Line]:
    rules, millions = len(items(resource.inputs.get("rules"))), here.assume("requests_millions")
    cost = here.unit("waf_acl_month") + rules * here.unit("waf_rule_month")
    cost += millions * here.unit("waf_million_requests")
    names = ("waf_acl_month", "waf_rule_month", "waf_million_requests")
    yield here.line(resource, f"web ACL of {rules} rules, {millions:g} million requests", cost, *names)


def _managed_prometheus(resource: Resource, here: Here) -> Iterator[Line]:
    millions = here.assume("samples_millions")
    cost = millions * here.unit("metric_million_samples")
    yield here.line(resource, f"{millions:g} million samples", cost, "metric_million_samples")


def _managed_grafana(resource: Resource, here: Here) -> Iterator[Line]:
    editors = here.assume("grafana_editors")
    cost = editors * here.unit("grafana_editor_month")
    yield here.line(resource, f"Grafana with {editors:g} editors", cost, "grafana_editor_month")


PRICED: Final[dict[str, Pricer]] = {
    "aws:acmpca/certificateAuthority:CertificateAuthority": _each("private_ca_month", "private authority"),
    "aws:alb/loadBalancer:LoadBalancer": _load_balancer,
    "aws:amp/workspace:Workspace": _managed_prometheus,
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": _each("composite_alarm_month", "composite alarm"),
    "aws:cloudwatch/logGroup:LogGroup": _log_group,
    "aws:cloudwatch/metricAlarm:MetricAlarm": _alarm,
    "aws:ebs/volume:Volume": _volume,
    "aws:ec2/eip:Eip": _each("public_ipv4_hour", "public IPv4 address"),
    _FLOW_LOG: _flow_log,
    "aws:ec2/natGateway:NatGateway": _nat_gateway,
    "aws:ec2/vpcEndpoint:VpcEndpoint": _endpoint,
    "aws:ecr/repository:Repository": _repository,
    "aws:eks/cluster:Cluster": _cluster,
    "aws:grafana/workspace:Workspace": _managed_grafana,
    "aws:kms/key:Key": _key,
    "aws:kms/replicaKey:ReplicaKey": _key,
    "aws:lb/loadBalancer:LoadBalancer": _load_balancer,
    "aws:rds/instance:Instance": _database,
    "aws:route53/zone:Zone": _each("hosted_zone_month", "hosted zone"),
    "aws:s3/bucket:Bucket": _bucket,
    "aws:s3/bucketMetric:BucketMetric": _bucket_metrics,
    "aws:secretsmanager/secret:Secret": _each("secret_month", "secret"),
    "aws:wafv2/webAcl:WebAcl": _web_acl,
}
"""By type token. A pricer raises `Unknown` where an input that it needs is not known."""

__all__ = ["PRICED", "Here", "Unknown", "balancer"]
