"""Programs of `examples/` as stacks beside the platform's: configured, brought up, destroyed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mlops_local import toolchain
from running_platform import CACHE, ROOT, Platform, eventually, mlops, run

SECRET = "storeSecretKey"


@dataclass(frozen=True)
class Example:
    """One stack of one program."""

    folder: Path
    stack: str
    config: Path

    def pulumi(self, *arguments: str, check: bool = True, stdin: str | None = None) -> str:
        """Standard output of `pulumi ...` on this stack, with the YAML language host on PATH."""
        # `pulumi stack ...` reads the state alone.
        config = [] if arguments[0] == "stack" else ["--config-file", str(self.config)]
        options = ["--cwd", str(self.folder), "--stack", self.stack, *config]
        return with_yaml("pulumi", *arguments, *options, check=check, stdin=stdin)


def with_yaml(*command: str, check: bool = True, stdin: str | None = None) -> str:
    """Run a command where the engine finds the YAML language host, which the official CLI brings along."""
    line = f'{exports()}\nexec "$@"'
    return run(["sh", "-c", line, "sh", *command], check=check, stdin=stdin).stdout


@cache
def exports() -> str:
    """Lines of a shell by which it has the engine of the platform, and the YAML language host."""
    host = toolchain.ensure(["pulumi-yaml"], CACHE, print)["pulumi-yaml"]
    return f'{mlops("engine", "e2e").stdout}\nexport PATH="$PATH:{host}"'


def access(platform: Platform) -> dict[str, str]:
    """Configuration of a program that serves the platform's model, with the key that only reads."""
    stack = ["--stack", platform.environment]
    images = json.loads(with_yaml("pulumi", "config", "get", "mlops:images", *stack))
    secrets = json.loads(with_yaml("pulumi", "config", "get", "mlops:secrets", *stack))
    return {
        "platform": "organization/mlops/e2e",
        "image": images["serving"],
        "storeKeyId": secrets["objectStoreReadOnlyKeyId"],
        "storeSecretKey": secrets["objectStoreReadOnlySecretKey"],
    }


@contextmanager
def initialized(folder: Path, stack: str, config: Path, values: Mapping[str, str]) -> Iterator[Example]:
    """A configured stack, destroyed at the end; the example's folder stays clean."""
    example = Example(folder, stack, config / f"Pulumi.{stack}.yaml")
    with_yaml("pulumi", "stack", "init", stack, "--cwd", str(folder), "--no-select")
    # The stack's salt goes into the file that `stack init` writes.
    (folder / f"Pulumi.{stack}.yaml").rename(example.config)
    try:
        plain = [f"--plaintext={name}={value}" for name, value in values.items() if name != SECRET]
        example.pulumi("config", "set-all", *plain)
        example.pulumi("config", "set", "--secret", SECRET, stdin=values[SECRET])
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
