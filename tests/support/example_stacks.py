"""Programs of `examples/` as stacks beside the platform's: configured, brought up, destroyed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mlops_local import toolchain
from running_platform import CACHE, ROOT, Platform, eventually, mlops, pulumi, run


@dataclass(frozen=True)
class Example:
    """One stack of one program."""

    folder: Path
    stack: str
    config: Path

    def pulumi(self, *arguments: str, check: bool = True, stdin: str | None = None) -> str:
        """Standard output of `pulumi ...` on this stack, with the YAML language host on PATH."""
        options = ["--cwd", str(self.folder), "--stack", self.stack, "--config-file", str(self.config)]
        return with_yaml("pulumi", *arguments, *options, check=check, stdin=stdin)


def with_yaml(*command: str, check: bool = True, stdin: str | None = None) -> str:
    """Run a command where the engine finds the YAML language host, which the official CLI brings along."""
    host = toolchain.ensure(["pulumi-yaml"], CACHE, print)["pulumi-yaml"]
    line = f'{mlops("engine", "e2e").stdout}\nexport PATH="$PATH:{host}"\nexec "$@"'
    return run(["sh", "-c", line, "sh", *command], check=check, stdin=stdin).stdout


def access(platform: Platform) -> dict[str, str]:
    """Configuration of a program that serves the platform's model, with the key that only reads."""
    images = json.loads(pulumi("config", "get", "mlops:images", "--stack", "e2e").stdout)
    return {
        "platform": "organization/mlops/e2e",
        "image": images["serving"],
        "storeKeyId": platform.secret("objectStoreReadOnlyKeyId"),
        "storeSecretKey": platform.secret("objectStoreReadOnlySecretKey"),
    }


@contextmanager
def initialized(folder: Path, stack: str, config: Path, values: Mapping[str, str]) -> Iterator[Example]:
    """A configured stack, destroyed at the end; the example's folder stays clean."""
    example = Example(folder, stack, config / f"Pulumi.{stack}.yaml")
    with_yaml("pulumi", "stack", "init", stack, "--cwd", str(folder), "--no-select")
    # The stack's salt goes into the file that `stack init` writes.
    (folder / f"Pulumi.{stack}.yaml").rename(example.config)
    try:
        for name, value in values.items():
            secret = ["--secret"] if "Secret" in name else []
            example.pulumi("config", "set", *secret, name, stdin=value)
        yield example
    finally:
        example.pulumi("destroy", "--yes", "--non-interactive", "--remove", check=False)


def gone(platform: Platform, *namespaces: str) -> None:
    """Wait until none of the namespaces is left."""
    eventually(
        lambda: platform.kubectl("get", "namespace", *namespaces, "--ignore-not-found") == "",
        60,
        f"{', '.join(namespaces)} gone",
    )


def folder_of(name: str) -> Path:
    """Folder of the example called `name`."""
    return ROOT / "examples" / name
