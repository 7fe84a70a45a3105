"""Push OCI layouts to a registry and say by which digest each image is there."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from mlops_local.errors import ImageError
from mlops_local.images.catalog import PAUSE_TAG
from mlops_local.images.commands import run

Report = Callable[[str], None]

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
PARALLEL = 2


def push(layouts: Mapping[str, Path], registry: str, report: Report) -> dict[str, str]:
    """Push what the registry lacks; return `<registry>/mlops/<name>@sha256:...` by image.

    `registry` is host[:port][/prefix]; a loopback host is spoken to in plain HTTP, any other over TLS with
    the credentials of `skopeo login`.

    Raises:
        ImageError: the registry refused or did not answer.
    """
    with ThreadPoolExecutor(PARALLEL) as pool:
        references = pool.map(lambda item: _push_one(item[0], item[1], registry, report), layouts.items())
        return dict(zip(layouts, references, strict=True))


def manifest_digest(layout: Path) -> str:
    """Digest of the one image in an OCI layout."""
    index = json.loads((layout / "index.json").read_text())
    return str(index["manifests"][0]["digest"])


def _push_one(name: str, layout: Path, registry: str, report: Report) -> str:
    digest = manifest_digest(layout)
    repository = f"{registry}/mlops/{name}"
    tag = PAUSE_TAG if name == "pause" else layout.name.rsplit("-", 1)[-1]
    if not (_is_local(registry) and _has(registry, name, tag, digest)):
        report(f"pushing image {name}")
        secure = [] if not _is_local(registry) else ["--dest-tls-verify=false"]
        command = ["skopeo", "copy", "--quiet", "--preserve-digests", *secure, f"oci:{layout}:latest"]
        run([*command, f"docker://{repository}:{tag}"], layout.parents[1] / "images.log")
    return f"{repository}@{digest}"


def _is_local(registry: str) -> bool:
    return registry.startswith(LOOPBACK)


def _has(registry: str, name: str, tag: str, digest: str) -> bool:
    host, _, prefix = registry.partition("/")
    repository = "/".join(part for part in (prefix, "mlops", name) if part)
    try:
        answer = httpx.head(
            f"http://{host}/v2/{repository}/manifests/{tag}", headers={"Accept": MANIFEST_TYPE}, timeout=10
        )
    except httpx.HTTPError as error:
        raise ImageError(f"the registry {registry} does not answer: {error}. Is the node running?") from error
    return answer.status_code == httpx.codes.OK and answer.headers.get("Docker-Content-Digest") == digest
