"""What CloudWatch is to tell of AWS: rules as data, each with what to do. Pure.

A rule compares one metric, or one expression over several, with a threshold. What a dimension names may be an
output that is not known yet, so nothing here looks into it.

Sources: AWS, "CloudWatch metrics for NAT gateways", "for Amazon RDS", "Monitor cluster data with Amazon
CloudWatch" (EKS), "Available CloudWatch metrics for Amazon SQS", "for Amazon S3"; "Visualizing your service
quotas and setting alarms".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_mlops.errors import InvalidValue

GIB = 1024**3
ABOVE, BELOW = "GreaterThanThreshold", "LessThanThreshold"
QUIET_WITHOUT_DATA, LOUD_WITHOUT_DATA = "notBreaching", "breaching"
REQUEST_METRICS = "EntireBucket"
"""The name under which a bucket's request metrics are collected."""
QUOTAS: Mapping[str, Mapping[str, str]] = {
    "vcpu-on-demand": {"Class": "Standard/OnDemand"},
    "vcpu-spot": {"Class": "Standard/Spot"},
    "vcpu-gpu-on-demand": {"Class": "G/OnDemand"},
    "vcpu-gpu-spot": {"Class": "G/Spot"},
}
"""Quotas of EC2 in the region that are watched, with what tells their metric from the others."""


@dataclass(frozen=True)
class Metric:
    """One metric, as `statistic` over each `period` (seconds)."""

    namespace: str
    name: str
    dimensions: Mapping[str, Any]
    statistic: str = "Sum"
    period: int = 300


@dataclass(frozen=True)
class Rule:
    """Alarm when `datapoints` of the last `periods` values are beyond the threshold.

    `metrics` are by the names that `expression` uses; without one there is a single metric. `meaning` says
    what is wrong, `remedy` what to do.
    """

    name: str
    metrics: Mapping[str, Metric]
    threshold: float
    meaning: str
    remedy: str
    comparison: str = ABOVE
    expression: str | None = None
    periods: int = 1
    datapoints: int = 1
    missing: str = QUIET_WITHOUT_DATA

    @property
    def description(self) -> str:
        """What whoever is woken reads."""
        return f"{self.meaning}\n\nWhat to do: {self.remedy}"


def nat_gateway(zone: str, gateway_id: Any) -> list[Rule]:
    """Rules of one zone's NAT gateway."""

    def metric(name: str) -> Metric:
        return Metric("AWS/NATGateway", name, {"NatGatewayId": gateway_id})

    return [
        Rule(
            f"nat-{zone}-ports",
            {"errors": metric("ErrorPortAllocation")},
            0,
            f"The NAT gateway of {zone} had no port left for a new connection: 55,000 are open to one place.",
            "Find what opens them in the flow logs; give the service an endpoint in the VPC, or the gateway "
            "more addresses.",
        ),
        Rule(
            f"nat-{zone}-drops",
            {
                "dropped": metric("PacketsDropCount"),
                "out": metric("PacketsOutToDestination"),
                "back": metric("PacketsOutToSource"),
            },
            0.01,
            f"The NAT gateway of {zone} drops more than 0.01 % of packets.",
            "Look at its bandwidth: over 100 Gbit/s traffic must be spread over gateways. Below that, look "
            "at AWS's health dashboard.",
            expression="100 * dropped / (out + back)",
            periods=3,
            datapoints=3,
        ),
    ]


def database(identifier: Any, storage_gib: int, memory_gib: float, burstable: bool) -> list[Rule]:
    """Rules of one RDS instance for PostgreSQL.

    Args:
        storage_gib: the storage at first; RDS adds some when a tenth of what there is is left.
        memory_gib: the memory of its class.
        burstable: whether its class earns CPU credits (db.t…).
    """
    return [
        *_database_resources(identifier, storage_gib, memory_gib),
        *_database_demand(identifier, max_connections(memory_gib)),
        *([_database_credits(identifier)] if burstable else []),
    ]


def _of_database(identifier: Any, name: str, statistic: str = "Average") -> dict[str, Metric]:
    return {"value": Metric("AWS/RDS", name, {"DBInstanceIdentifier": identifier}, statistic)}


def _database_resources(identifier: Any, storage_gib: int, memory_gib: float) -> list[Rule]:
    return [
        Rule(
            "database-cpu",
            _of_database(identifier, "CPUUtilization"),
            80,
            "The database has used over 80 % of its CPU for 15 minutes, or sends no figures: it may be down.",
            "Look at its state, then at Database Insights for the statements that take the time; a larger "
            "class is one setting.",
            periods=3,
            datapoints=3,
            missing=LOUD_WITHOUT_DATA,
        ),
        Rule(
            "database-storage",
            _of_database(identifier, "FreeStorageSpace", "Minimum"),
            _tenth(storage_gib),
            f"The database has had less than {storage_gib / 10:g} GiB free for 30 minutes: it did not grow.",
            "Raise the storage up to which it grows (RDS allows that once in 6 hours); then find what grew.",
            comparison=BELOW,
            periods=6,
            datapoints=6,
        ),
        Rule(
            "database-memory",
            _of_database(identifier, "FreeableMemory", "Minimum"),
            _tenth(memory_gib),
            f"The database has less than a tenth of {memory_gib:g} GiB of memory free.",
            "Look at the number of connections and at sorts in Database Insights; choose a larger class.",
            comparison=BELOW,
            periods=3,
            datapoints=3,
        ),
    ]


def _database_demand(identifier: Any, connections: int) -> list[Rule]:
    return [
        Rule(
            "database-connections",
            _of_database(identifier, "DatabaseConnections", "Maximum"),
            connections * 8 // 10,
            f"Over 80 % of the {connections} connections that the database allows are open.",
            "Find who holds them in pg_stat_activity; MLflow's pool is 5 and 10 for each worker.",
            periods=3,
            datapoints=3,
        ),
        Rule(
            "database-transaction-ids",
            _of_database(identifier, "MaximumUsedTransactionIDs", "Maximum"),
            1_000_000_000,
            "Vacuum has fallen behind by 1,000 million transactions; at 2,146 million the database stops.",
            "Find the oldest transaction, replication slot or prepared transaction, end it, and vacuum.",
        ),
    ]


def _database_credits(identifier: Any) -> Rule:
    return Rule(
        "database-cpu-credits",
        _of_database(identifier, "CPUCreditBalance", "Minimum"),
        20,
        "The database has nearly no CPU credits left; what it uses over its baseline is charged.",
        "Choose a class that does not burst (db.m…), or find the statements that take the time.",
        comparison=BELOW,
        periods=3,
        datapoints=3,
    )


def cluster(name: Any) -> list[Rule]:
    """Rules of an EKS control plane, which sends these figures by itself from Kubernetes 1.28 on."""

    def metric(metric_name: str, statistic: str = "Sum") -> Metric:
        return Metric("AWS/EKS", metric_name, {"ClusterName": name}, statistic)

    return [
        Rule(
            "cluster-api-errors",
            {"errors": metric("apiserver_request_total_5XX"), "requests": metric("apiserver_request_total")},
            5,
            "Over 5 % of the API server's answers have been errors of its own for 15 minutes.",
            "Look at the log group of the control plane and at webhooks that do not answer; Prometheus finds "
            "its targets by the API server and may be stale.",
            expression="100 * errors / requests",
            periods=3,
            datapoints=3,
        ),
        Rule(
            "cluster-api-throttled",
            {"throttled": metric("apiserver_request_total_429")},
            300,
            "The API server has refused over 300 requests in 5 minutes, three times in a row, as too many.",
            "Find the client by its user agent in the audit log; controllers that list without a cache are "
            "the common cause.",
            periods=3,
            datapoints=3,
        ),
        Rule(
            "cluster-storage",
            {"size": metric("apiserver_storage_size_bytes", "Maximum")},
            6 * GIB,
            "The control plane's database is over 6 GiB; at 8 GB it takes no more writes.",
            "Count objects by kind in the API server's metrics; old events, jobs and reports are the common "
            "cause.",
        ),
        Rule(
            "cluster-unschedulable",
            {"pods": metric("scheduler_pending_pods_UNSCHEDULABLE", "Maximum")},
            0,
            "Pods have found no node for 30 minutes.",
            "Describe them: a limit of the NodePool, a quota of EC2 or a zone without capacity is in their "
            "events or in Karpenter's log.",
            periods=6,
            datapoints=6,
        ),
    ]


def queue(key: str, queue_name: Any) -> Rule:
    """The rule of a queue whose messages are to be read within minutes, such as Karpenter's interruptions."""
    age = Metric("AWS/SQS", "ApproximateAgeOfOldestMessage", {"QueueName": queue_name}, "Maximum")
    return Rule(
        f"queue-{key}-age",
        {"age": age},
        300,
        f"A message of the queue {key} has waited for over 5 minutes: nobody reads them. Spot nodes may be "
        "taken away without a drain, which has two minutes.",
        "Look at Karpenter's pods and at the rights of their role on the queue and its key.",
    )


def bucket(key: str, bucket_name: Any) -> list[Rule]:
    """Rules of a bucket whose request metrics are collected."""

    def metrics(name: str) -> dict[str, Metric]:
        place = {"BucketName": bucket_name, "FilterId": REQUEST_METRICS}
        return {
            "errors": Metric("AWS/S3", name, place),
            "requests": Metric("AWS/S3", "AllRequests", place),
        }

    return [
        Rule(
            f"bucket-{key}-refused",
            metrics("4xxErrors"),
            10,
            f"Over 10 % of the requests to the bucket {key} have been refused for 15 minutes.",
            "Look for AccessDenied in the access logs: a role's policy or the key's, most often after a "
            "change; NoSuchKey is a release that names what is not there.",
            expression="100 * errors / requests",
            periods=3,
            datapoints=3,
        ),
        Rule(
            f"bucket-{key}-failing",
            metrics("5xxErrors"),
            1,
            f"Over 1 % of the requests to the bucket {key} have failed at S3 for 15 minutes.",
            "503 is too many requests to one prefix: spread them. Else look at AWS's health dashboard.",
            expression="100 * errors / requests",
            periods=3,
            datapoints=3,
        ),
    ]


def quota(key: str, percent: int) -> Rule:
    """The rule of one quota of QUOTAS: used beyond `percent`.

    Raises:
        InvalidValue: the quota is not known here.
    """
    if key not in QUOTAS:
        raise InvalidValue(f"{key!r} is no quota that is watched; allowed are {', '.join(QUOTAS)}")
    place = {"Service": "EC2", "Type": "Resource", "Resource": "vCPU", **QUOTAS[key]}
    return Rule(
        f"quota-{key}",
        {"used": Metric("AWS/Usage", "ResourceCount", place, "Maximum")},
        percent,
        f"Over {percent} % of the account's quota {key} in this region is used; at 100 % no node starts.",
        "Ask for more in Service Quotas, which can take days; until then lower the limits of NodePools.",
        expression="100 * used / SERVICE_QUOTA(used)",
    )


def max_connections(memory_gib: float) -> int:
    """Connections that RDS for PostgreSQL allows by default: the bytes of memory / 9,531,392, up to 5,000."""
    return min(int(memory_gib * GIB) // 9_531_392, 5000)


def inputs_of(rule: Rule) -> dict[str, Any]:
    """The inputs of an `aws.cloudwatch.MetricAlarm` that say what is compared."""
    common = {
        "alarm_description": rule.description,
        "comparison_operator": rule.comparison,
        "threshold": rule.threshold,
        "evaluation_periods": rule.periods,
        "datapoints_to_alarm": rule.datapoints,
        "treat_missing_data": rule.missing,
    }
    if rule.expression is None:
        (metric,) = rule.metrics.values()
        return common | {
            "namespace": metric.namespace,
            "metric_name": metric.name,
            "dimensions": dict(metric.dimensions),
            "statistic": metric.statistic,
            "period": metric.period,
        }
    result = {"id": "result", "expression": rule.expression, "label": rule.name, "return_data": True}
    return common | {
        "metric_queries": [*(_query(key, metric) for key, metric in rule.metrics.items()), result]
    }


def _query(key: str, metric: Metric) -> dict[str, Any]:
    return {
        "id": key,
        "return_data": False,
        "metric": {
            "namespace": metric.namespace,
            "metric_name": metric.name,
            "dimensions": dict(metric.dimensions),
            "stat": metric.statistic,
            "period": metric.period,
        },
    }


def _tenth(gib: float) -> int:
    return int(gib * GIB) // 10
