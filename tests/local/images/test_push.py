"""Pushes to a real registry process: by digest, once."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from mlops_local.errors import ImageError
from mlops_local.images import ImageSource, build, push
from mlops_local.images.layouts import manifest_digest
from mlops_local.images.push import MANIFEST_TYPE, is_loopback, tag_of

DEADLINE_SECONDS = 30.0
CONFIG = """
version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {folder}}}}}
http: {{addr: {address}, secret: test}}
"""


def free_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture
def registry(binaries: Callable[[str], Path], tmp_path: Path) -> Iterator[str]:
    """Address of an empty registry."""
    address = free_address()
    config = tmp_path / "registry.yaml"
    config.write_text(CONFIG.format(folder=tmp_path / "registry", address=address))
    process = subprocess.Popen(
        [binaries("registry") / "registry", "serve", config], env={"OTEL_TRACES_EXPORTER": "none"}
    )
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not answers(address):
        assert time.monotonic() < deadline
        assert process.poll() is None
    yield address
    process.terminate()
    process.wait(DEADLINE_SECONDS)


def answers(address: str) -> bool:
    try:
        return httpx.get(f"http://{address}/v2/", trust_env=False).is_success
    except httpx.TransportError:
        return False


@pytest.mark.cluster
def test_pushed_image_is_there_by_digest_and_a_second_push_does_nothing(
    small: ImageSource, registry: str, tmp_path: Path
) -> None:
    layouts = build(["coredns", "pause"], small, tmp_path / "cache", print)
    lines: list[str] = []
    references = push(layouts, registry, lines.append)
    assert references == {
        name: f"{registry}/mlops/{name}@{manifest_digest(layout)}" for name, layout in layouts.items()
    }
    assert sorted(lines) == ["pushing image coredns", "pushing image pause"]
    for reference in references.values():
        name, _, digest = reference.removeprefix(f"{registry}/").partition("@")
        url = f"http://{registry}/v2/{name}/manifests/{digest}"
        answer = httpx.get(url, headers={"Accept": MANIFEST_TYPE}, trust_env=False)
        assert answer.headers["Docker-Content-Digest"] == digest
    assert push(layouts, registry, lines.append) == references
    assert len(lines) == 2


@pytest.mark.cluster
def test_pause_is_there_by_the_tag_that_containerd_asks_for(
    small: ImageSource, registry: str, tmp_path: Path
) -> None:
    push(build(["pause"], small, tmp_path / "cache", print), registry, print)
    tags = httpx.get(f"http://{registry}/v2/mlops/pause/tags/list", trust_env=False).json()
    assert tags == {"name": "mlops/pause", "tags": ["3.10"]}


@pytest.mark.cluster
def test_a_registry_that_does_not_answer_is_said(small: ImageSource, tmp_path: Path) -> None:
    layouts = build(["pause"], small, tmp_path / "cache", print)
    address = free_address()
    with pytest.raises(ImageError, match=rf"the registry {address} does not answer: .* Is the node running"):
        push(layouts, address, print)


@pytest.mark.parametrize(
    ("registry", "loopback"),
    [
        ("127.0.0.1:30500", True),
        ("localhost:5000/team", True),
        ("[::1]:5000", True),
        ("localhost.example.com", False),
        ("127.0.0.10.example.com:5000", False),
        ("registry.example.com/team", False),
    ],
)
def test_plain_http_is_for_this_machine_only(registry: str, loopback: bool) -> None:
    assert is_loopback(registry) is loopback


def test_images_are_tagged_by_their_inputs_and_pause_by_its_version() -> None:
    assert tag_of("serving", Path("/c/images/serving-0123456789abcdef")) == "0123456789abcdef"
    assert tag_of("pause", Path("/c/images/pause-0123456789abcdef")) == "3.10"
