"""Record the states anew: `python tests/upgrade/record.py`, or `make upgrade-states`.

The committed code is run over the old states first.  What it changes must be listed in
expected_changes.yaml; then the update is made, its state kept, and the list emptied.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

import recorded_states  # noqa: E402  # the path to it is set above
import upgrade_gate  # noqa: E402
from mlops_local.paths import Paths  # noqa: E402
from real_engine import RealStack  # noqa: E402

CODE = ("cli", "components", "local", "stacks")


def main() -> None:
    """Refuse, or write every state."""
    parser = argparse.ArgumentParser(description="Record the states that upgrades are tried on")
    parser.parse_args()
    if changed := _git("status", "--porcelain", *CODE):
        sys.exit(f"commit these first, a state is a commit's:\n{changed}")
    commit = _git("log", "-1", "--format=%H", "--", *CODE)
    cache = Paths.read(os.environ, ROOT).cache
    states, found = {}, {}
    for name in recorded_states.ENVIRONMENTS:
        with tempfile.TemporaryDirectory(prefix="mlops-upgrade-") as folder:
            stack = RealStack(name, Path(folder), cache)
            stack.configure()
            if (recorded_states.STATES / f"{name}.json.gz").exists():
                stack.start_from(recorded_states.read(name))
                found[name] = stack.preview()
            stack.up()
            states[name] = stack.state()
            stack.close()
    listed = recorded_states.expected()
    refused = [text for name, steps in found.items() for text in upgrade_gate.refusals(name, steps, listed)]
    if refused or (refused := upgrade_gate.unused(found, listed)):
        sys.exit("nothing was recorded:\n" + "\n".join(refused))
    for name, state in states.items():
        recorded_states.write(name, state, commit)
    recorded_states.EXPECTED.write_text(recorded_states.NONE_EXPECTED)
    sys.stdout.write(f"recorded {', '.join(states)} from {commit}\n")


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    main()
