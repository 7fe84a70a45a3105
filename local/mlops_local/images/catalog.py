"""Every image of the platform, and how it is made on a machine that reaches package registries only.

Four kinds: a root file system of Debian packages, third-party Python packages on top of one, our own
wheels on top of those, and one static Go program on nothing at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

ImageName = Literal[
    "base",
    "coredns",
    "local-path-provisioner",
    "metrics-server",
    "mlflow",
    "object-store",
    "pause",
    "pipeline",
    "postgres",
    "registry",
    "serving",
]

UNPRIVILEGED = 65532
POSTGRES_USER = 999
PAUSE_TAG = "3.10"
QUIET = {"DO_NOT_TRACK": "true", "MLFLOW_DISABLE_TELEMETRY": "true"}


@dataclass(frozen=True)
class RootFilesystem:
    """Debian packages and nothing else; `removed` paths are deleted after installation."""

    packages: tuple[str, ...]
    removed: tuple[str, ...]
    parent: None = None
    user: int = UNPRIVILEGED
    entrypoint: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PythonPackages:
    """Third-party packages exactly as uv.lock pins them: those of a workspace member, or of a group."""

    parent: str
    export: tuple[str, ...]
    user: int = UNPRIVILEGED
    entrypoint: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class WorkspaceWheels:
    """Our own members, built from source, without their dependencies."""

    parent: str
    members: tuple[str, ...]
    entrypoint: tuple[str, ...]
    user: int = UNPRIVILEGED
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class GoProgram:
    """One static program; its toolchain group says where it comes from."""

    group: str
    program: str
    parent: None = None
    user: int = UNPRIVILEGED
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def entrypoint(self) -> tuple[str, ...]:
        """The program stands at the root."""
        return (f"/{self.program}",)


Recipe = RootFilesystem | PythonPackages | WorkspaceWheels | GoProgram

# Installed as essential by Debian; a running image never needs to install, translate or script in Perl.
UNNEEDED = (
    "/etc/apt",
    "/usr/bin/apt*",
    "/usr/bin/dpkg*",
    "/usr/bin/perl*",
    "/usr/lib/apt",
    "/usr/lib/dpkg",
    "/usr/lib/x86_64-linux-gnu/gconv",
    "/usr/lib/x86_64-linux-gnu/perl*",
    "/usr/sbin/dpkg*",
    "/usr/share/bash-completion",
    "/usr/share/doc",
    "/usr/share/info",
    "/usr/share/locale",
    "/usr/share/man",
    "/usr/share/perl*",
    "/var/cache/*",
    "/var/lib/apt",
    "/var/lib/dpkg/info",
    "/var/log/*",
)

RECIPES: Mapping[str, Recipe] = {
    "base": RootFilesystem(packages=("python3.11-minimal", "libpython3.11-stdlib"), removed=UNNEEDED),
    "postgres": RootFilesystem(
        packages=("postgresql-15",),
        removed=(*(path for path in UNNEEDED if "perl" not in path), "/usr/share/postgresql/15/man"),
        user=POSTGRES_USER,
        entrypoint=("/usr/local/bin/postgres-entrypoint",),
        files=("postgres-entrypoint",),
        env={"PATH": "/usr/lib/postgresql/15/bin:/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"},
    ),
    "serving-packages": PythonPackages(parent="base", export=("--package", "mlops-serving", "--no-dev")),
    "serving": WorkspaceWheels(
        parent="serving-packages", members=("serving",), entrypoint=("python3", "-m", "mlops_serving")
    ),
    "pipeline-packages": PythonPackages(parent="base", export=("--package", "mlops-pipelines", "--no-dev")),
    "pipeline": WorkspaceWheels(
        parent="pipeline-packages",
        members=("serving", "pipelines"),
        entrypoint=("python3", "-m", "mlops_pipelines"),
        env=QUIET,
    ),
    "mlflow": PythonPackages(
        parent="base",
        export=("--only-group", "mlflow-server"),
        entrypoint=("python3", "-m", "mlflow"),
        env={**QUIET, "HOME": "/tmp"},  # noqa: S108 - the pod mounts an emptyDir there
    ),
    "coredns": GoProgram("coredns", "coredns"),
    "local-path-provisioner": GoProgram("local-path-provisioner", "local-path-provisioner"),
    "metrics-server": GoProgram("metrics-server", "metrics-server"),
    "object-store": GoProgram("versitygw", "versitygw"),
    "pause": GoProgram("pause", "pause"),
    "registry": GoProgram("registry", "registry"),
}

IMAGES_OF_NODE: tuple[ImageName, ...] = (
    "pause",
    "base",
    "coredns",
    "local-path-provisioner",
    "metrics-server",
)
IMAGES_OF_STACK: tuple[ImageName, ...] = ("object-store", "postgres", "mlflow", "pipeline", "serving")
GO_GROUPS = tuple(sorted(recipe.group for recipe in RECIPES.values() if isinstance(recipe, GoProgram)))


def ancestry(name: str) -> tuple[str, ...]:
    """The image and those it is built on, oldest first."""
    parent = RECIPES[name].parent
    return (*(ancestry(parent) if parent else ()), name)
