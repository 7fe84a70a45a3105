"""Argument types of an EKS cluster. Data only; no future annotations, Pulumi reads them."""

from enum import Enum
from typing import NotRequired, TypedDict

import pulumi

from pulumi_mlops.aws.ground import GroundArgs


class EksSource(Enum):
    """Where the cluster comes from."""

    CREATE = "create"
    """It is made here, with its nodes, add-ons and storage class, and goes with the stack."""
    ADOPT = "adopt"
    """It exists; nothing of it is registered, so nothing of it can be changed or deleted."""


class NodeKind(Enum):
    """What the nodes of a pool are for."""

    CPU = "cpu"
    """Ordinary work, on demand: the platform's own pods and endpoints."""
    MEMORY = "memory"
    """Work that needs much memory for its cores, on demand; chosen when `cpu` has nothing that fits."""
    GPU = "gpu"
    """Work on NVIDIA GPUs; only pods that tolerate `nvidia.com/gpu`."""
    SPOT = "spot"
    """Work that may be interrupted, at spot prices; only pods that tolerate `mlops.dev/spot`."""


class DisruptionBudgetArgs(TypedDict):
    """How many nodes of a pool Karpenter may disrupt at once, and when."""

    nodes: str
    """`10%`, or a number; `0` for none."""
    schedule: NotRequired[str]
    """Five cron fields in UTC at which the budget begins, such as `0 8 * * mon-fri`; always without it."""
    duration: NotRequired[str]
    """How long it holds after each beginning, such as `10h`; required with `schedule`."""


class NodePoolArgs(TypedDict):
    """One pool of nodes that Karpenter makes when pods need them and removes when they do not."""

    kind: NodeKind
    """What its nodes are for."""
    cpu_limit: int
    """Most cores that its nodes have together: its budget."""
    memory_limit: str
    """Most memory that its nodes have together, such as `256Gi`: its budget."""
    gpu_limit: NotRequired[int]
    """Most GPUs that its nodes have together; required of the kind `gpu`, and of no other."""
    categories: NotRequired[list[str]]
    """Categories of instances; by kind: `c, m`, `r`, `g`, and `c, m, r` for spot."""
    families: NotRequired[list[str]]
    """Families of instances, such as `g6`, in place of the categories."""
    architectures: NotRequired[list[str]]
    """`amd64` (the default), `arm64` or both; the images that run there must be built for them."""
    zones: NotRequired[list[str]]
    """Zones; all of the subnets without it."""
    disk_gib: NotRequired[int]
    """Disk of a node for images and pods, in GiB; 100, and 200 for GPUs."""
    expire_after: NotRequired[str]
    """Age at which a node is replaced, such as `720h` (the default, 30 days), or `Never`."""
    consolidate_after: NotRequired[str]
    """How long a node is too little used before it goes; `5m`, and `10m` once empty for GPUs."""
    drain_within: NotRequired[str]
    """After how long a draining node is stopped whatever still runs there; `30m`."""
    disruption: NotRequired[list[DisruptionBudgetArgs]]
    """Budgets of disruption; one of `10%` at all times without it."""


class SystemNodesArgs(TypedDict, total=False):
    """The few nodes that EKS keeps itself, for what must run before Karpenter can make others."""

    instance_types: list[str]
    """Types of instances of one architecture, first choice first; `m7i.large`, `m6i.large`, `m5.large`."""
    architecture: str
    """`amd64` (the default) or `arm64`."""
    least: int
    """Fewest nodes; 3 in production, else 2."""
    most: int
    """Most nodes; one more than the fewest."""
    disk_gib: int
    """Disk of a node for images and pods, in GiB; 50."""


class KarpenterArgs(TypedDict, total=False):
    """Where Karpenter comes from."""

    version: str
    """Version of the chart."""
    charts: str
    """Registry and path that hold its charts; `oci://public.ecr.aws/karpenter`."""
    image_repository: str
    """Repository of its image, for a mirror; the chart's own without it."""


class ExistingClusterArgs(TypedDict):
    """What must be known of a cluster to adopt it."""

    endpoint: pulumi.Input[str]
    """Address of the API server."""
    certificate_authority: pulumi.Input[str]
    """Certificate of its authority, in base64."""
    security_group_id: pulumi.Input[str]
    """The cluster's security group, in which its nodes are."""
    node_role_arn: pulumi.Input[str]
    """Role of the nodes that run the platform."""
    storage_class: NotRequired[pulumi.Input[str]]
    """StorageClass of volumes; `gp3`."""


class EksClusterArgs(TypedDict):
    """Arguments of EksCluster."""

    ground: GroundArgs
    """Region, account and tags."""
    source: EksSource
    """Whether the cluster is made here or adopted."""
    cluster_name: str
    """Name of the cluster."""
    version: str
    """Kubernetes version, such as `1.36`; in standard support if the cluster is made here."""
    checked_on: NotRequired[str]
    """Day on which the version's support is judged, as YYYY-MM-DD; today by default."""
    deployer: NotRequired[str]
    """Which of `admins` the kubeconfig asks as; without it whoever runs the program asks as himself."""
    admins: NotRequired[dict[str, pulumi.Input[str]]]
    """ARNs of roles that may do everything in the cluster, by name. The one that deploys is among them.
    For an adopted cluster only what `deployer` names is looked at."""
    viewers: NotRequired[dict[str, pulumi.Input[str]]]
    """To create: ARNs of roles that may look at all but Secrets, by name."""
    private_subnet_ids: NotRequired[pulumi.Input[list[pulumi.Input[str]]]]
    """To create: subnets of the control plane's interfaces and of the nodes, in two zones or more."""
    key_arn: NotRequired[pulumi.Input[str]]
    """To create: KMS key of Secrets, of the nodes' disks, of volumes and of the control plane's logs."""
    public_cidrs: NotRequired[list[str]]
    """To create: networks outside that may reach the API server; without it the endpoint is private."""
    private_cidrs: NotRequired[list[str]]
    """To create: networks inside, such as a VPN's or a runner's, that may reach the private endpoint."""
    log_retention_days: NotRequired[int]
    """To create: how long the control plane's logs are kept; 90, and 365 in production."""
    system_nodes: NotRequired[SystemNodesArgs]
    """To create: the nodes that EKS keeps."""
    pools: NotRequired[dict[str, NodePoolArgs]]
    """To create: the nodes that Karpenter makes, by name of the pool."""
    node_image: NotRequired[str]
    """To create: release of Bottlerocket that the pools' nodes run."""
    karpenter: NotRequired[KarpenterArgs]
    """To create: where Karpenter comes from."""
    addons: NotRequired[dict[str, str]]
    """To create: versions of add-ons, by name, in place of those pinned here."""
    isolated: NotRequired[bool]
    """To create: whether nodes reach no internet, so that Karpenter asks no price list. False by default."""
    existing: NotRequired[ExistingClusterArgs]
    """To adopt: what must be known of the cluster."""
