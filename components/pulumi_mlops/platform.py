"""A whole platform on one cluster: storage, registries, pipelines and endpoints, wired together.

What the stack program registers; every part of it can also be used without it.
"""

import pulumi

from pulumi_mlops import alerts_wiring, checks, inputs, monitoring_wiring, remediation_wiring
from pulumi_mlops import platform_wiring as wiring
from pulumi_mlops.admission import AdmissionPolicies
from pulumi_mlops.cluster import Cluster
from pulumi_mlops.database import Database
from pulumi_mlops.guarded_namespace import GuardedNamespace
from pulumi_mlops.image_registry import ImageRegistry, ImageRegistrySource
from pulumi_mlops.keda import Keda, KedaSource
from pulumi_mlops.model_endpoint import ModelEndpoint
from pulumi_mlops.model_registry import ModelRegistry
from pulumi_mlops.monitoring import Monitoring
from pulumi_mlops.object_store import ObjectStore
from pulumi_mlops.pipeline import Pipeline
from pulumi_mlops.platform_args import EndpointOutput, PlatformArgs
from pulumi_mlops.platform_site import Site
from pulumi_mlops.remediation import Remediation


class Platform(pulumi.ComponentResource):
    """An MLOps platform: object store, database, MLflow, pipelines and model endpoints."""

    endpoints: pulumi.Output[list[EndpointOutput]]
    """Every endpoint: name, URL, model and version."""
    model_registry_url: pulumi.Output[str]
    """MLflow, from outside if published, else inside the cluster."""
    object_store_url: pulumi.Output[str]
    """The S3 endpoint, from outside if published, else inside the cluster."""
    image_registry: pulumi.Output[str]
    """Where nodes pull images from."""
    alert_rules: pulumi.Output[dict[str, str]]
    """Every Prometheus rule file by its name: those of the endpoints and the platform's own."""
    prometheus_url: pulumi.Output[str | None]
    """Where Prometheus answers inside the cluster, if the platform has one."""
    alertmanager_url: pulumi.Output[str | None]
    """Where Alertmanager answers inside the cluster, if the platform has one."""
    kubeconfig: pulumi.Output[str]
    """Text of the cluster's kubeconfig, secret."""

    def __init__(self, name: str, args: PlatformArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:index:Platform", name, {}, opts)
        wiring.refuse_duplicates(args)
        object_name = inputs.plain(args, "object_name", checks.object_name, name)
        cluster = Cluster(
            f"{name}-cluster", inputs.section(args, "cluster"), pulumi.ResourceOptions(parent=self)
        )
        self._child = pulumi.ResourceOptions(parent=self, providers={"kubernetes": cluster.provider})
        system, models = (
            GuardedNamespace(
                f"{name}-{part}", {"object_name": f"{object_name}-{part}", "labels": marks}, self._child
            )
            for part, marks in (("system", {}), ("models", args.get("models_labels") or {}))
        )
        registry = ImageRegistry(
            f"{name}-image-registry",
            {"source": ImageRegistrySource.ADOPT, "address": cluster.image_registry},
            self._child,
        )
        site = Site(name, args, system.namespace, models.namespace)
        store = ObjectStore(f"{name}-object-store", wiring.object_store(site), self._child)
        database = Database(f"{name}-database", wiring.database(site), self._child)
        mlflow = ModelRegistry(
            f"{name}-model-registry",
            wiring.model_registry(site, store.url, database.url),
            pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=[store, database])),
        )
        pipelines = self._pipelines(site, store, mlflow)
        self.remediation = self._remediation(site, store, pipelines)
        self._keda_namespace: pulumi.Output[str] | None = None
        before = [store, *self._keda(site, object_name)]
        self._admission(site, object_name)
        self._rules: dict[str, pulumi.Output[str]] = {}
        self.endpoints = pulumi.Output.from_input(self._endpoints(site, store, before, pipelines))
        rules = alerts_wiring.rule_files(object_name, self._rules)
        self.alert_rules = pulumi.Output.all(**rules)
        self.prometheus_url, self.alertmanager_url = self._monitoring(site, rules)
        self.model_registry_url = _published(mlflow.external_url, mlflow.url)
        self.object_store_url = _published(store.external_url, store.url)
        self.image_registry = registry.address
        self.kubeconfig = cluster.kubeconfig
        self.register_outputs(
            {
                "endpoints": self.endpoints,
                "alert_rules": self.alert_rules,
                "prometheus_url": self.prometheus_url,
                "alertmanager_url": self.alertmanager_url,
                "model_registry_url": self.model_registry_url,
                "object_store_url": self.object_store_url,
                "image_registry": self.image_registry,
                "kubeconfig": self.kubeconfig,
            }
        )

    def _pipelines(self, site: Site, store: ObjectStore, mlflow: ModelRegistry) -> dict[str, list[Pipeline]]:
        """The pipelines by the endpoint that waits for them."""
        after = pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=[store, mlflow]))
        by_endpoint: dict[str, list[Pipeline]] = {}
        self._trained: list[tuple[pulumi.Input[str], Pipeline]] = []
        for wanted in site.args["pipelines"]:
            pipeline = Pipeline(
                f"{site.name}-{wanted['name']}-pipeline",
                wiring.pipeline(site, wanted, store.url, mlflow.url),
                after,
            )
            by_endpoint.setdefault(wanted["endpoint"], []).append(pipeline)
            self._trained.append((wanted["model"], pipeline))
        return by_endpoint

    def _keda(self, site: Site, object_name: str) -> list[pulumi.Resource]:
        """KEDA if it is wanted, in a namespace that holds nothing else."""
        wanted = site.args.get("keda")
        if wanted is None:
            return []
        if KedaSource(wanted["source"]) is KedaSource.RUN:
            own = GuardedNamespace(
                f"{site.name}-keda-space", {"object_name": f"{object_name}-keda"}, self._child
            )
            self._keda_namespace = own.namespace
        return [Keda(f"{site.name}-keda", wiring.keda(site, wanted, self._keda_namespace), self._child)]

    def _admission(self, site: Site, object_name: str) -> None:
        """What the API server asks of objects in the platform's namespaces, if that is wanted."""
        wanted = site.args.get("admission")
        if wanted is not None:
            own: list[pulumi.Input[str]] = [site.system, site.models]
            if self._keda_namespace:
                own.append(self._keda_namespace)
            AdmissionPolicies(
                f"{site.name}-admission",
                {**wanted, "namespaces": own, "object_name": object_name},
                self._child,
            )

    def _remediation(
        self, site: Site, store: ObjectStore, pipelines: dict[str, list[Pipeline]]
    ) -> Remediation | None:
        """What acts on alerts, if that is wanted."""
        wanted = site.args.get("remediation")
        if wanted is None:
            return None
        if not monitoring_wiring.is_run(site.args):
            raise pulumi.InputPropertyError(
                "remediation", "nobody would tell it of alerts; run `monitoring` too, or leave it out"
            )
        return Remediation(
            f"{site.name}-remediation",
            wiring.remediation(site, wanted, store.url, pipelines),
            pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=[store])),
        )

    def _monitoring(
        self, site: Site, rules: dict[str, pulumi.Input[str]]
    ) -> tuple[pulumi.Output[str | None], pulumi.Output[str | None]]:
        """The addresses of Prometheus and Alertmanager, of what is wanted."""
        wanted = site.args.get("monitoring")
        if wanted is None:
            return pulumi.Output.from_input(None), pulumi.Output.from_input(None)
        args = monitoring_wiring.monitoring(site, wanted, self._keda_namespace, rules)
        if self.remediation is not None:
            args["receivers"] = [*args.get("receivers", []), remediation_wiring.as_receiver(self.remediation)]
        made = Monitoring(f"{site.name}-monitoring", args, self._child)
        return made.prometheus_url, made.alertmanager_url

    def _endpoints(
        self,
        site: Site,
        store: ObjectStore,
        parts: list[pulumi.Resource],
        pipelines: dict[str, list[Pipeline]],
    ) -> list[EndpointOutput]:
        described: list[EndpointOutput] = []
        for wanted in site.args["endpoints"]:
            # The first pods find the release, or the version, that a pipeline's Job has written.
            same = [made for model, made in self._trained if _same(model, wanted["model"])]
            before = [*parts, *(pipelines.get(wanted["name"]) or same)]
            endpoint = ModelEndpoint(
                f"{site.name}-{wanted['name']}-endpoint",
                wiring.endpoint(site, wanted, store.url, self._keda_namespace),
                pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=before)),
            )
            self._rules[wanted["name"]] = endpoint.alert_rules
            described.append(
                {
                    "name": pulumi.Output.from_input(wanted["name"]),
                    "url": endpoint.url,
                    "model": endpoint.model,
                    "version": endpoint.version,
                }
            )
        return described


def _same(one: pulumi.Input[str], other: pulumi.Input[str]) -> bool:
    """Whether two names are known and one; an output equals nothing that can be told now."""
    return isinstance(one, str) and isinstance(other, str) and one == other


def _published(outside: pulumi.Output[str | None], inside: pulumi.Output[str]) -> pulumi.Output[str]:
    return pulumi.Output.all(outside, inside).apply(lambda urls: str(urls[0] or urls[1]))
