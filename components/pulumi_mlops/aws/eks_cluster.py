"""A cluster on EKS behind the cluster contract: made here hardened, or adopted untouched."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from pulumi_mlops import checks, inputs
from pulumi_mlops.aws import (
    aws_checks,
    eks_addons,
    eks_checks,
    eks_control_plane,
    eks_kubeconfig,
    eks_place,
    eks_versions,
    karpenter,
    node_group,
    node_pools,
    pool_args,
)
from pulumi_mlops.aws.eks_args import EksClusterArgs, EksSource
from pulumi_mlops.aws.eks_control_plane import Entry, Wanted
from pulumi_mlops.aws.eks_site import Site
from pulumi_mlops.errors import InvalidValue

_CREATE_ONLY = (
    "viewers",
    "private_subnet_ids",
    "key_arn",
    "public_cidrs",
    "private_cidrs",
    "log_retention_days",
    "system_nodes",
    "pools",
    "node_image",
    "karpenter",
    "addons",
    "isolated",
)
_ADOPT_ONLY = ("existing",)


class EksCluster(pulumi.ComponentResource):
    """An EKS cluster. `provider` is the Kubernetes provider to hand to other components (Python programs).

    Made here: a control plane that is private unless networks are named, whose Secrets a key seals and which
    logs all it can; entry for named roles only; a few nodes of EKS's own, and Karpenter for the rest; add-ons
    of pinned versions; an encrypted default storage class.  `kubeconfig` and `provider` depend on all of it,
    so that what runs in the cluster comes after its nodes and goes before them.

    Adopted: only what was given, and the provider.  Nothing of the cluster is registered.
    """

    name: pulumi.Output[str]
    """Name of the cluster."""
    arn: pulumi.Output[str]
    """ARN of the cluster."""
    kubeconfig: pulumi.Output[str]
    """Text of a kubeconfig that asks the `aws` program for a token at each use; it holds none."""
    security_group_id: pulumi.Output[str]
    """Security group of the control plane and all nodes."""
    node_role_arn: pulumi.Output[str]
    """Role of the nodes that run the platform; it has no right of an application."""
    version: pulumi.Output[str]
    """Kubernetes version, such as `1.36`."""
    storage_class: pulumi.Output[str]
    """StorageClass of volumes."""

    def __init__(self, name: str, args: EksClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:index:EksCluster", name, {}, opts)
        source = EksSource(inputs.section(args, "source"))
        other = _CREATE_ONLY if source is EksSource.ADOPT else _ADOPT_ONLY
        inputs.refuse_given(args, other, f"source {source.value}")
        cluster_name = inputs.plain(args, "cluster_name", eks_checks.cluster_name)
        self._queue: pulumi.Output[str] | None = None
        ready: list[pulumi.Resource] = []
        if source is EksSource.CREATE:
            ready = self._create(name, cluster_name, args)
        else:
            self._adopt(cluster_name, args)
        self._provider = kubernetes.Provider(
            f"{name}-kubernetes",
            kubeconfig=self.kubeconfig,
            enable_server_side_apply=True,
            opts=pulumi.ResourceOptions(parent=self, depends_on=ready),
        )
        self.register_outputs(
            {
                "name": self.name,
                "arn": self.arn,
                "kubeconfig": self.kubeconfig,
                "security_group_id": self.security_group_id,
                "node_role_arn": self.node_role_arn,
                "version": self.version,
                "storage_class": self.storage_class,
            }
        )

    @property
    def provider(self) -> kubernetes.Provider:
        """The provider that applies objects to this cluster."""
        return self._provider

    @property
    def interruption_queue(self) -> pulumi.Output[str] | None:
        """Name of the queue from which Karpenter learns of interruptions; None of an adopted cluster."""
        return self._queue

    def _create(self, name: str, cluster_name: str, args: EksClusterArgs) -> list[pulumi.Resource]:
        """Register the cluster; returned is what must be there before anything runs in it."""
        wanted, entries = _control_plane_args(args), _entries(args)
        site = Site(name, self, args["ground"], cluster_name, inputs.text(args, "key_arn", aws_checks.arn))
        system = pool_args.system_nodes(args, production=site.production)
        pools = pool_args.pools(args)
        image = inputs.plain(args, "node_image", eks_checks.bottlerocket, eks_versions.BOTTLEROCKET)
        versions = _addon_versions(wanted.version, args)
        chart, deployer = karpenter.chart_source(args), _deployer(args)

        cluster = eks_control_plane.control_plane(site, wanted)
        allowed = eks_control_plane.entries(site, cluster, entries)
        kubeconfig = _kubeconfig(site, cluster, deployer)
        options = self._in_cluster(name, kubeconfig, allowed)

        daemons = eks_addons.addons(site, cluster, versions, eks_addons.before_nodes, [])
        system_nodes = node_group.system_node_group(site, cluster, system, wanted.subnet_ids, daemons)
        served = eks_addons.addons(site, cluster, versions, eks_addons.after_nodes, [system_nodes])
        volumes = eks_addons.storage_class(site, cluster, options, served)
        grounds = karpenter.grounds(site, cluster)
        self._queue = grounds.queue.name
        running = karpenter.controller(site, cluster, chart, grounds, options, [system_nodes, *served])
        ground = node_pools.Ground(
            grounds.profile.name,
            eks_control_plane.security_group(cluster),
            pulumi.Output.from_input(wanted.subnet_ids).apply(node_pools.subnet_terms),
            site.key_arn,
            image,
            site.tags("pool-node"),
        )
        made = karpenter.register_pools(site, pools, ground, options, running)
        ready = [*allowed, *daemons, system_nodes, *served, volumes, running, *made]

        self.name = cluster.name
        self.arn = _after(site.text(lambda place: place.cluster_arn), [cluster])
        self.kubeconfig = _after(kubeconfig, ready)
        self.security_group_id = eks_control_plane.security_group(cluster)
        self.node_role_arn = _after(
            site.text(lambda place: place.iam_arn("role", eks_place.POOL_NODE)), [grounds.node_role]
        )
        self.version = cluster.version
        self.storage_class = _after(pulumi.Output.from_input(eks_addons.STORAGE_CLASS), [volumes])
        return ready

    def _in_cluster(
        self, name: str, kubeconfig: pulumi.Output[str], allowed: list[pulumi.Resource]
    ) -> karpenter.Options:
        """Options of the objects that the cluster needs before anything else can run in it."""
        first = kubernetes.Provider(
            f"{name}-foundation",
            kubeconfig=kubeconfig,
            enable_server_side_apply=True,
            opts=pulumi.ResourceOptions(parent=self, depends_on=allowed),
        )

        def options(**more: Any) -> pulumi.ResourceOptions:
            return pulumi.ResourceOptions(parent=self, provider=first, **more)

        return options

    def _adopt(self, cluster_name: str, args: EksClusterArgs) -> None:
        existing: Mapping[str, Any] = inputs.section(args, "existing")
        ground = args["ground"]

        def told(key: str) -> pulumi.Output[str]:
            return pulumi.Output.from_input(inputs.text(existing, key, inputs.any_text, within="existing"))

        endpoint = pulumi.Output.from_input(
            inputs.text(existing, "endpoint", eks_checks.endpoint, within="existing")
        )
        region = ground["region"]
        self.name = pulumi.Output.from_input(cluster_name)
        self.arn = pulumi.Output.concat(
            f"arn:{aws_checks.partition(region)}:eks:{region}:",
            ground["account_id"],
            f":cluster/{cluster_name}",
        )
        self.kubeconfig = pulumi.Output.all(endpoint, told("certificate_authority"), _deployer(args)).apply(
            lambda known: eks_kubeconfig.text(cluster_name, known[0], known[1], region, known[2])
        )
        self.security_group_id = told("security_group_id")
        self.node_role_arn = pulumi.Output.from_input(
            inputs.text(existing, "node_role_arn", eks_checks.role_arn, within="existing")
        )
        self.version = pulumi.Output.from_input(inputs.plain(args, "version", inputs.any_text))
        self.storage_class = pulumi.Output.from_input(
            inputs.text(
                existing, "storage_class", inputs.any_text, eks_addons.STORAGE_CLASS, within="existing"
            )
        )


def _control_plane_args(args: EksClusterArgs) -> Wanted:
    today = inputs.plain(args, "checked_on", _as_day, datetime.now(tz=UTC).date().isoformat())
    day = eks_checks.day(today)
    production = bool(args["ground"].get("production"))
    return Wanted(
        version=inputs.plain(args, "version", lambda value: eks_versions.supported(value, day)),
        subnet_ids=_subnets(args),
        public_cidrs=inputs.texts(args, "public_cidrs", eks_checks.network),
        private_cidrs=inputs.texts(args, "private_cidrs", eks_checks.network),
        log_retention_days=inputs.whole(
            args, "log_retention_days", aws_checks.log_days, 365 if production else 90
        ),
    )


def _subnets(args: EksClusterArgs) -> Any:
    found = inputs.section(args, "private_subnet_ids")
    try:
        if isinstance(found, list):
            eks_checks.subnets(found)
    except InvalidValue as error:
        raise pulumi.InputPropertyError("private_subnet_ids", str(error)) from error
    return found


def _as_day(value: str) -> str:
    return eks_checks.day(value).isoformat()


def _entries(args: EksClusterArgs) -> list[Entry]:
    admins, viewers = _roles(args, "admins"), _roles(args, "viewers")
    try:
        eks_checks.admins(admins)
        eks_checks.roles({"admins": admins, "viewers": viewers})
    except InvalidValue as error:
        raise pulumi.InputPropertyError("admins", str(error)) from error
    return [
        *(Entry(f"admin-{name}", arn, eks_control_plane.ADMIN) for name, arn in admins.items()),
        *(Entry(f"viewer-{name}", arn, eks_control_plane.VIEWER) for name, arn in viewers.items()),
    ]


def _roles(args: Mapping[str, Any], key: str) -> dict[str, Any]:
    found: Mapping[str, Any] = args.get(key) or {}
    names = inputs.named_texts(args, key, checks.object_name)
    return {name: inputs.text(found, name, eks_checks.role_arn, within=key) for name in sorted(names)}


def _deployer(args: EksClusterArgs) -> Any:
    """ARN of the role that the kubeconfig asks as, None for the caller's own."""
    if not inputs.given(args, "deployer"):
        return None
    admins = _roles(args, "admins")
    return admins[inputs.plain(args, "deployer", lambda name: eks_checks.deployer(name, admins))]


def _addon_versions(version: str, args: EksClusterArgs) -> dict[str, str]:
    try:
        return eks_versions.addons(version, args.get("addons") or {})
    except InvalidValue as error:
        raise pulumi.InputPropertyError("addons", str(error)) from error


def _kubeconfig(site: Site, cluster: aws.eks.Cluster, deployer: Any) -> pulumi.Output[str]:
    region = site.ground["region"]
    return pulumi.Output.all(
        cluster.endpoint, cluster.certificate_authority.apply(eks_control_plane.authority), deployer
    ).apply(lambda known: eks_kubeconfig.text(site.cluster_name, known[0], known[1], region, known[2]))


def _after(text: pulumi.Output[str], ready: list[pulumi.Resource]) -> pulumi.Output[str]:
    """The same text, depending on resources: by URNs, which a preview knows; ids would hide the text."""
    return pulumi.Output.all(text, *(resource.urn for resource in ready)).apply(lambda known: str(known[0]))
