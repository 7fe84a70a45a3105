"""A platform watched by the cluster's own prometheus-operator."""

from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from pulumi_mlops import checks, inputs, manifests, monitoring_adopt
from pulumi_mlops import monitoring_config as config
from pulumi_mlops.errors import InvalidValue
from pulumi_mlops.placement import Placement


class AdoptedMonitoringArgs(TypedDict):
    """Arguments of AdoptedMonitoring."""

    namespace: pulumi.Input[str]
    """Namespace of the rules."""
    models_namespaces: list[pulumi.Input[str]]
    """The namespaces of endpoints."""
    operator_labels: dict[str, pulumi.Input[str]]
    """Labels by which the operator's Prometheus selects PodMonitors and PrometheusRules, such as
    `release: kube-prometheus-stack`; empty if it selects all."""
    rules: NotRequired[dict[str, pulumi.Input[str]]]
    """Prometheus rule files by their names, such as the output `alert_rules` of an endpoint."""
    keda_namespace: NotRequired[pulumi.Input[str]]
    """The namespace of a KEDA that runs with the platform; none without it."""
    scrape_seconds: NotRequired[pulumi.Input[int]]
    """How often endpoints are asked; 5 by default."""
    object_name: NotRequired[str]
    """Prefix of its objects; the component's name by default."""


class AdoptedMonitoring(pulumi.ComponentResource):
    """PodMonitors of endpoints, and a PrometheusRule for each rule file, with the operator's labels.

    Endpoints must admit the operator's Prometheus: `monitoring_adopt.collecting` is that flow.
    """

    def __init__(
        self, name: str, args: AdoptedMonitoringArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:index:AdoptedMonitoring", name, {}, opts)
        self._name = name
        inputs.section(args, "operator_labels")
        self._labels = {
            label: inputs.text(args["operator_labels"], label, checks.label_value, within="operator_labels")
            for label in inputs.named_texts(args, "operator_labels", checks.label_name)
        }
        place = inputs.placement(name, "adopted-monitoring", args)
        for label in sorted(self._labels.keys() & place.labels.keys()):
            raise pulumi.InputPropertyError(
                "operator_labels",
                f"{label!r} is a label that the objects have with a value of their own; let the operator "
                "select by another label, or by {} all objects",
            )
        seconds = inputs.whole(args, "scrape_seconds", checks.positive, config.SCRAPE_SECONDS)
        for number, namespace in enumerate(inputs.section(args, "models_namespaces")):
            meta = self._meta(place, "endpoints", namespace)
            spec = pulumi.Output.from_input(seconds).apply(monitoring_adopt.endpoints_monitor)
            self._register(f"endpoints-{number}", monitoring_adopt.POD_MONITOR, meta, spec)
        if inputs.given(args, "keda_namespace"):
            meta = self._meta(place, "keda", args["keda_namespace"])
            self._register("keda", monitoring_adopt.POD_MONITOR, meta, monitoring_adopt.keda_monitor())
        for file, text in inputs.named_texts(args, "rules", checks.rule_file_name).items():
            self._rules(place, file, text)
        self.register_outputs({})

    def _rules(self, place: Placement, file: str, text: Any) -> None:
        called = file.removesuffix(".yaml")
        meta = self._meta(place, called, place.namespace)
        groups = _groups(file, text)
        self._register(f"{called}-rules", monitoring_adopt.PROMETHEUS_RULE, meta, groups)

    def _meta(self, place: Placement, suffix: str, namespace: Any) -> manifests.Object:
        return manifests.metadata(place.named(suffix), namespace, {**self._labels, **place.labels})

    def _register(self, suffix: str, kind: str, meta: manifests.Object, spec: Any) -> None:
        CustomResource(
            f"{self._name}-{suffix}",
            api_version=monitoring_adopt.API_VERSION,
            kind=kind,
            metadata=meta,
            spec=spec,
            opts=pulumi.ResourceOptions(parent=self),
        )


def _groups(file: str, text: Any) -> Any:
    def known(value: str) -> manifests.Object:
        try:
            return monitoring_adopt.rule_groups(file, value)
        except InvalidValue as error:
            raise pulumi.InputPropertyError("rules", str(error)) from error

    return text.apply(known) if isinstance(text, pulumi.Output) else known(text)
