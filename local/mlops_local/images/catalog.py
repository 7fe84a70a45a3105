"""Every image of the platform, and how it is made on a machine that reaches package registries only.

Four kinds: a root file system of Debian packages, third-party Python packages on top of one, our own
wheels on top of those, and one static Go program on nothing at all. Third-party packages are an image
of their own, so that a change of our sources rebuilds the small layer above them and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from mlops_local.images import removals

ImageName = Literal[
    "alertmanager",
    "base",
    "coredns",
    "keda-adapter",
    "keda-operator",
    "kube-state-metrics",
    "local-path-provisioner",
    "metrics-server",
    "mlflow",
    "node-exporter",
    "object-store",
    "otel-collector",
    "pause",
    "pipeline",
    "postgres",
    "prometheus",
    "registry",
    "serving",
]

UNPRIVILEGED = 65532
POSTGRES_USER = 999
PAUSE_TAG = "3.10"
IMAGE_WITH_CERTIFICATES = "base"
# Each name is a library's own switch: ONNX Runtime's wheels for Linux and MLflow report to their makers.
QUIET = {"DO_NOT_TRACK": "true", "MLFLOW_DISABLE_TELEMETRY": "true", "ORT_DISABLE_TELEMETRY": "1"}
SCRATCH_HOME = {"HOME": "/tmp"}  # noqa: S108 - pods have a read-only root and an emptyDir there


@dataclass(frozen=True)
class RootFilesystem:
    """Debian packages and nothing else.

    `user` exists by `user_name` before the packages are installed; `before` are shell lines run by then,
    with the root's path as $1. `removed` are patterns below the root, deleted afterwards. `folders` are made
    there, writable by all. `files` are templates copied to /usr/local/bin. `stop_signal` ends the program
    at once without harm, where SIGTERM does not.
    """

    packages: tuple[str, ...]
    removed: tuple[str, ...]
    title: str
    user_name: str
    upstream: str | None = None
    parent: None = None
    user: int = UNPRIVILEGED
    before: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    stop_signal: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    needed_mb: int = 1000


@dataclass(frozen=True)
class PythonPackages:
    """Third-party packages exactly as uv.lock pins them: those of a workspace member, or of a group."""

    parent: str
    export: tuple[str, ...]
    title: str
    removed: tuple[str, ...]
    stripped: tuple[str, ...] = ()
    upstream: str | None = None
    user: int = UNPRIVILEGED
    entrypoint: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    needed_mb: int = 4000


@dataclass(frozen=True)
class WorkspaceWheels:
    """Our own members, built from source, without their dependencies."""

    parent: str
    members: tuple[str, ...]
    title: str
    entrypoint: tuple[str, ...]
    upstream: str | None = None
    removed: tuple[str, ...] = removals.INSTALLER
    user: int = UNPRIVILEGED
    env: Mapping[str, str] = field(default_factory=dict)
    needed_mb: int = 3000


@dataclass(frozen=True)
class GoProgram:
    """One static program; its toolchain group says where it comes from.

    With `certificates` it has those of the public authorities, for servers outside the cluster; they are
    Debian's, from IMAGE_WITH_CERTIFICATES.
    """

    group: str
    program: str
    title: str
    upstream: str | None
    parent: None = None
    certificates: bool = False
    user: int = UNPRIVILEGED
    env: Mapping[str, str] = field(default_factory=dict)
    needed_mb: int = 500

    @property
    def entrypoint(self) -> tuple[str, ...]:
        """The program stands at the root."""
        return (f"/{self.program}",)


Recipe = RootFilesystem | PythonPackages | WorkspaceWheels | GoProgram
"""`upstream` is the same program as its makers publish it, for clusters that can pull it from there
(named in the stack's `mlops:images`); None where no published image has all that is needed.
`needed_mb` is what building takes on the cache's disk at most, for the check made before."""

RECIPES: Mapping[str, Recipe] = {
    "base": RootFilesystem(
        # Wheels for Linux bring all their libraries but glibc and this one of C++.
        packages=("ca-certificates", "libpython3.11-stdlib", "libstdc++6", "python3-minimal"),
        removed=removals.DEBIAN,
        title="Debian 12 with Python 3.11",
        user_name="nonroot",
        env={"LANG": "C.UTF-8"},
    ),
    "postgres": RootFilesystem(
        packages=("postgresql-15",),
        removed=(*removals.DEBIAN, *removals.POSTGRES),
        title="PostgreSQL 15",
        upstream="docker.io/library/postgres:15-bookworm",
        user_name="postgres",
        user=POSTGRES_USER,
        # Without this line the packages make a database of their own in the image.
        before=(
            'mkdir -p "$1/etc/postgresql-common"',
            'echo create_main_cluster = false > "$1/etc/postgresql-common/createcluster.conf"',
        ),
        folders=("run/postgresql",),
        entrypoint=("/usr/local/bin/postgres-entrypoint",),
        files=("postgres-entrypoint",),
        # On SIGTERM the server would wait for its clients to leave.
        stop_signal="SIGINT",
        env={"LANG": "C.UTF-8", "PATH": "/usr/lib/postgresql/15/bin:/usr/local/bin:/usr/bin:/bin"},
    ),
    "serving-packages": PythonPackages(
        parent="base",
        export=("--package", "mlops-serving", "--extra", "otel", "--no-dev"),
        title="What the model server imports",
        removed=(*removals.PYTHON, *removals.ONNX_RUNTIME_TOOLS),
        stripped=removals.DEBUG_SYMBOLS,
    ),
    "serving": WorkspaceWheels(
        parent="serving-packages",
        members=("serving",),
        title="Model server for the Open Inference Protocol",
        entrypoint=("python3", "-m", "mlops_serving"),
        env=QUIET,
    ),
    "pipeline-packages": PythonPackages(
        parent="base",
        export=("--package", "mlops-pipelines", "--no-dev"),
        title="What the pipelines import",
        removed=(*removals.PYTHON, *removals.ONNX_RUNTIME_TOOLS),
        stripped=removals.DEBUG_SYMBOLS,
    ),
    "pipeline": WorkspaceWheels(
        parent="pipeline-packages",
        members=("serving", "pipelines"),
        title="Train, evaluate, register and release models",
        entrypoint=("python3", "-m", "mlops_pipelines"),
        env={**QUIET, **SCRATCH_HOME},
    ),
    "mlflow": PythonPackages(
        parent="base",
        export=("--only-group", "mlflow-server"),
        title="MLflow server with PostgreSQL and S3 drivers",
        removed=removals.PYTHON,
        entrypoint=("python3", "-m", "mlflow"),
        env={**QUIET, **SCRATCH_HOME},
    ),
    "alertmanager": GoProgram(
        "alertmanager",
        "alertmanager",
        "Alerts to those who are to know",
        upstream="docker.io/prom/alertmanager:v0.28.1",
        certificates=True,
    ),
    "coredns": GoProgram("coredns", "coredns", "CoreDNS", upstream="registry.k8s.io/coredns/coredns:v1.12.0"),
    "keda-adapter": GoProgram(
        "keda",
        "keda-adapter",
        "KEDA's metrics for the autoscaler",
        upstream="ghcr.io/kedacore/keda-metrics-apiserver:2.18.0",
    ),
    "keda-operator": GoProgram(
        "keda",
        "keda-operator",
        "KEDA's operator: ScaledObjects to autoscalers",
        upstream="ghcr.io/kedacore/keda:2.18.0",
    ),
    "kube-state-metrics": GoProgram(
        "kube-state-metrics",
        "kube-state-metrics",
        "Metrics of what is in the cluster",
        upstream="registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.15.0",
    ),
    "local-path-provisioner": GoProgram(
        "local-path-provisioner",
        "local-path-provisioner",
        "Volumes on the node's disk",
        upstream="docker.io/rancher/local-path-provisioner:v0.0.30",
    ),
    "metrics-server": GoProgram(
        "metrics-server",
        "metrics-server",
        "Kubernetes metrics server",
        upstream="registry.k8s.io/metrics-server/metrics-server:v0.7.2",
    ),
    "node-exporter": GoProgram(
        "node-exporter",
        "node-exporter",
        "Metrics of a node",
        upstream="docker.io/prom/node-exporter:v1.9.1",
    ),
    "object-store": GoProgram(
        "versitygw", "versitygw", "S3 over a folder", upstream="ghcr.io/versity/versitygw:v1.8.0"
    ),
    "otel-collector": GoProgram(
        "otel-collector",
        "otel-collector",
        "OpenTelemetry Collector",
        upstream="docker.io/otel/opentelemetry-collector:0.128.0",
        certificates=True,
    ),
    "pause": GoProgram(
        "pause", "pause", "Holder of a pod's namespaces", upstream="registry.k8s.io/pause:3.10"
    ),
    "prometheus": GoProgram(
        "prometheus", "prometheus", "Prometheus", upstream="docker.io/prom/prometheus:v3.13.1"
    ),
    "registry": GoProgram(
        "registry", "registry", "OCI image registry", upstream="docker.io/library/registry:3.0.0"
    ),
}

IMAGES_OF_NODE: tuple[ImageName, ...] = (
    "pause",
    "base",
    "coredns",
    "local-path-provisioner",
    "metrics-server",
)
IMAGES_OF_STACK: tuple[ImageName, ...] = ("object-store", "postgres", "mlflow", "pipeline", "serving")
IMAGES_OF_STORES: tuple[ImageName, ...] = ("object-store", "postgres")
"""Those of IMAGES_OF_STACK that only stores in the cluster need."""
IMAGES_OF_KEDA: tuple[ImageName, ...] = ("keda-adapter", "keda-operator")
"""For environments that run KEDA."""
IMAGES_OF_MONITORING: tuple[ImageName, ...] = (
    "alertmanager",
    "kube-state-metrics",
    "node-exporter",
    "otel-collector",
    "prometheus",
)
"""For environments that run monitoring."""
GO_GROUPS = tuple(sorted({recipe.group for recipe in RECIPES.values() if isinstance(recipe, GoProgram)}))


def groups_of(names: Iterable[str]) -> list[str]:
    """Toolchain groups whose programs are in these images, in alphabetical order."""
    recipes = (RECIPES[name] for name in names)
    return sorted({recipe.group for recipe in recipes if isinstance(recipe, GoProgram)})


def taken_from(name: str) -> str | None:
    """The image whose files go into this one: its parent, or where its certificates are."""
    recipe = RECIPES[name]
    return IMAGE_WITH_CERTIFICATES if isinstance(recipe, GoProgram) and recipe.certificates else recipe.parent


def ancestry(name: str) -> tuple[str, ...]:
    """The image and those whose files go into it, oldest first."""
    older = taken_from(name)
    return (*(ancestry(older) if older else ()), name)
