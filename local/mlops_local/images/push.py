"""Push OCI layouts to a registry and say by which digest each image is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx

from mlops_local.errors import ImageError
from mlops_local.images.catalog import PAUSE_TAG
from mlops_local.images.commands import run
from mlops_local.images.layouts import manifest_digest

Report = Callable[[str], None]

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
PARALLEL = 2
_TIMEOUT_SECONDS = 10.0


def push(
    layouts: Mapping[str, Path],
    registry: str,
    report: Report,
    *,
    folder: str = "mlops/",
    auth_file: Path | None = None,
) -> dict[str, str]:
    """Push what the registry lacks; return `<registry>/<folder><name>@sha256:...` by image.

    `registry` is host[:port][/prefix]; a loopback host is spoken to in plain HTTP, any other over TLS with
    the credentials in `auth_file`, or without one those of `skopeo login`.

    Raises:
        ImageError: the registry refused or did not answer.
    """
    target = _Target(registry, folder, report, auth_file)
    with ThreadPoolExecutor(PARALLEL) as pool:
        references = pool.map(lambda name: _push_one(name, layouts[name], target), layouts)
        return dict(zip(layouts, references, strict=True))


def tag_of(name: str, layout: Path) -> str:
    """The tag pushed beside the digest, so that registries do not sweep the image away."""
    return PAUSE_TAG if name == "pause" else layout.name.rsplit("-", 1)[-1]


def is_loopback(registry: str) -> bool:
    """Whether `registry` is on this machine, where plain HTTP is in order."""
    host = registry.partition("/")[0]
    return host in LOOPBACK or host.rpartition(":")[0] in LOOPBACK


@dataclass(frozen=True)
class _Target:
    """Where images go, and who says so."""

    registry: str
    folder: str
    report: Report
    auth_file: Path | None

    @property
    def flags(self) -> list[str]:
        """What skopeo must know of the registry."""
        insecure = ["--dest-tls-verify=false"] if is_loopback(self.registry) else []
        return insecure if self.auth_file is None else [*insecure, f"--dest-authfile={self.auth_file}"]


def _push_one(name: str, layout: Path, target: _Target) -> str:
    digest = manifest_digest(layout)
    place = f"{target.folder}{name}"
    repository = f"{target.registry}/{place}"
    tag = tag_of(name, layout)
    if not (is_loopback(target.registry) and _has(target.registry, place, tag, digest)):
        target.report(f"pushing image {name}")
        command = ["skopeo", "copy", "--quiet", "--preserve-digests", *target.flags, f"oci:{layout}:latest"]
        run([*command, f"docker://{repository}:{tag}"], layout.parents[1] / "images.log")
    return f"{repository}@{digest}"


def _has(registry: str, name: str, tag: str, digest: str) -> bool:
    host, _, prefix = registry.partition("/")
    repository = "/".join(part for part in (prefix, name) if part)
    url = f"http://{host}/v2/{repository}/manifests/{tag}"
    try:
        answer = httpx.head(url, headers={"Accept": MANIFEST_TYPE}, timeout=_TIMEOUT_SECONDS, trust_env=False)
    except httpx.HTTPError as error:
        raise ImageError(
            f"the registry {registry} does not answer: {error}. Is the node running (`mlops status`)?"
        ) from error
    return answer.status_code == httpx.codes.OK and answer.headers.get("Docker-Content-Digest") == digest
