"""That somebody is told when an endpoint goes wrong: its metrics are collected, and rules look at them."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import Field

from mlops_policy.errors import BadManifest
from mlops_policy.kubernetes.objects import CONFIG_MAP, LONG_RUNNING, namespace_of, pod_spec
from mlops_policy.mlops.endpoints import KINDS, names, workloads
from mlops_policy.resources import Stack
from mlops_policy.rules import Rule, RuleConfig, Severity, Subject
from mlops_policy.views import UnknownRead, View
from mlops_policy.yaml_text import documents

POD_MONITOR = "kubernetes:monitoring.coreos.com/*:PodMonitor"
PROMETHEUS_RULE = "kubernetes:monitoring.coreos.com/*:PrometheusRule"
_TERM = re.compile(r"\s*([\w./-]+)\s*(?:(=|==)\s*([\w.-]+)|in\s*\(([^)]*)\))\s*(?:,|$)")


class WatchedConfig(RuleConfig):
    """Who watches."""

    elsewhere: bool = Field(
        default=False, description="whether a Prometheus watches that another stack, or nobody's stack, has"
    )


class AlertsConfig(WatchedConfig):
    """Which alerts there must be."""

    alerts: tuple[str, ...] = Field(
        default=(
            "MlopsEndpointDown",
            "MlopsEndpointNoData",
            "MlopsPodsNotReady",
            "MlopsRequestsRejected",
            "MlopsInputDrift",
            "MlopsPredictionDrift",
            "MlopsDataQuality",
            "MlopsReleaseLogUnreachable",
        ),
        min_length=1,
        description="names of the alerts that every endpoint must have",
    )


def _alerting(subject: Subject, stack: Stack, config: AlertsConfig) -> Iterator[str]:
    if config.elsewhere:
        return
    for endpoint in names(subject.resource):
        found: set[str] = set()
        unknown = _collect(_rules(stack), functools.partial(_add, endpoint, found))
        missing = [name for name in config.alerts if name not in found]
        if missing and unknown is not None:
            raise unknown
        if missing:
            yield f"no rule that a Prometheus reads has for endpoint {endpoint}: {', '.join(missing)}"


def _add(endpoint: str, found: set[str], rule: View) -> None:
    text = rule.key("expr").text()
    named = rule.at("labels.endpoint").text() == endpoint
    if text and (named or f'endpoint="{endpoint}"' in text or f"endpoint='{endpoint}'" in text):
        found.add(rule.key("alert").text())


def _collect(
    places: Iterator[Callable[[], Iterator[View]]], take: Callable[[View], None]
) -> UnknownRead | None:
    """Take all that is known; the first thing that is not, if any."""
    unknown: UnknownRead | None = None
    for read in places:
        try:
            for each in read():
                try:
                    take(each)
                except UnknownRead as error:
                    unknown = unknown or error
        except UnknownRead as error:
            unknown = unknown or error
    return unknown


def _rules(stack: Stack) -> Iterator[Callable[[], Iterator[View]]]:
    """Readers of the alerting rules that a Prometheus is given."""
    for each in stack.of(PROMETHEUS_RULE):
        yield functools.partial(_of_groups, each.view.at("spec"))
    for view in _mounted_files(stack):
        yield functools.partial(_of_file, view, "groups")


def _of_groups(spec: View) -> Iterator[View]:
    for group in spec.key("groups").items():
        yield from group.key("rules").items()


def _of_file(view: View, key: str) -> Iterator[View]:
    text = view.text()
    if f"{key}:" in text:
        yield from _of_groups(View(_parsed(text), view.path))


@functools.lru_cache(maxsize=64)
def _parsed(text: str) -> Mapping[str, Any]:
    try:
        found = next(documents(text, "a file of Prometheus"), None)
    except BadManifest:
        return {}
    return found.value if found is not None and isinstance(found.value, dict) else {}


def _mounted_files(stack: Stack) -> Iterator[View]:
    """The files of each ConfigMap that a pod mounts: what nobody mounts nobody reads."""
    mounted = {
        (namespace_of(each), name)
        for each in stack.of(*LONG_RUNNING)
        for name in _config_maps(pod_spec(each))
    }
    for each in stack.of(CONFIG_MAP):
        if (namespace_of(each), each.view.at("metadata.name").text()) in mounted:
            yield from (view for _, view in each.view.key("data").entries())


def _config_maps(pod: View) -> Iterator[str]:
    for volume in pod.key("volumes").items():
        sources = [volume, *volume.at("projected.sources").items()]
        yield from (name for each in sources if (name := each.at("configMap.name").text()))


def _collected(subject: Subject, stack: Stack, config: WatchedConfig) -> Iterator[str]:
    if config.elsewhere:
        return
    found: list[bool] = []
    where = namespace_of(subject.resource)
    labels = {
        key: view.text() for key, view in subject.resource.view.at("spec.template.metadata.labels").entries()
    }
    unknown = _collect(_jobs(stack), lambda job: found.append(_leads_to(job, where, labels)))
    if any(found):
        return
    if unknown is not None:
        raise unknown
    yield "no PodMonitor and no scrape configuration of a Prometheus selects its pods"


def _jobs(stack: Stack) -> Iterator[Callable[[], Iterator[View]]]:
    """Readers of what a Prometheus is told to collect from."""
    for each in stack.of(POD_MONITOR):
        yield functools.partial(iter, [each.view])
    for view in _mounted_files(stack):
        yield functools.partial(_scraped, view)


def _scraped(view: View) -> Iterator[View]:
    text = view.text()
    if "scrape_configs:" in text:
        for job in View(_parsed(text), view.path).key("scrape_configs").items():
            yield from job.key("kubernetes_sd_configs").items()


def _leads_to(job: View, where: str, labels: Mapping[str, str]) -> bool:
    """Whether a PodMonitor, or one discovery of a scrape configuration, finds pods of these labels there."""
    if job.key("spec").given:
        return _monitors(job, where, labels)
    spaces = job.at("namespaces.names").texts()
    selectors = [each.key("label").text() for each in job.key("selectors").items()]
    return (
        job.key("role").text() == "pod"
        and (not spaces or where in spaces)
        and all(selects(text, labels) for text in selectors if text)
    )


def _monitors(monitor: View, where: str, labels: Mapping[str, str]) -> bool:
    spec = monitor.key("spec")
    spaces = spec.at("namespaceSelector.matchNames").texts() or [
        monitor.at("metadata.namespace").text("default")
    ]
    if not spec.at("namespaceSelector.any").true() and where not in spaces:
        return False
    wanted = {key: view.text() for key, view in spec.at("selector.matchLabels").entries()}
    listed = {
        each.key("key").text(): each.key("values").texts()
        for each in spec.at("selector.matchExpressions").items()
        if each.key("operator").text() == "In"
    }
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        labels.get(key) in values for key, values in listed.items()
    )


def selects(selector: str, labels: Mapping[str, str]) -> bool:
    """Whether a label selector of `=` and `in` selects labels; any other operator selects nothing."""
    position = 0
    while position < len(selector):
        term = _TERM.match(selector, position)
        if term is None:
            return False
        key, _, value, values = term.groups()
        allowed = [value] if value is not None else [each.strip() for each in values.split(",")]
        if labels.get(key) not in allowed:
            return False
        position = term.end()
    return True


RULES: tuple[Rule, ...] = (
    Rule(
        name="endpoint-metrics",
        says="A Prometheus collects the metrics of every endpoint.",
        remedy="Set mlops:monitoring.mode to run or adopt, or add a PodMonitor of the endpoint's pods.",
        severity=Severity.HIGH,
        kinds=KINDS,
        judge=_collected,
        parts=workloads,
        across=True,
        config=WatchedConfig,
    ),
    Rule(
        name="endpoint-alerts",
        says="Every endpoint has the alerts that tell when it fails, drifts, or is behind its release log.",
        remedy="Hand the endpoint's alert_rules to Monitoring, or to a PrometheusRule.",
        severity=Severity.HIGH,
        kinds=KINDS,
        judge=_alerting,
        parts=workloads,
        across=True,
        config=AlertsConfig,
    ),
)
