"""What `mlops bootstrap aws` prints: what it found and did, and the lines to use from now on. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from mlops_cli.aws.bootstrap import Keys
from mlops_cli.aws.settling import State, Step
from mlops_cli.aws.state_backend import StateBackend, operator_policy, reader_policy


def step_line(step: Step, *, check: bool) -> str:
    """One line for one setting."""
    verb = step.state if step.state is State.UNCHANGED or not check else f"would be {step.state}"
    was = f" (is {step.before})" if step.before else ""
    return f"{verb:<16} {step.what}{was}"


def usage(backend: StateBackend, stacks: Sequence[str]) -> str:
    """The commands with which the backend is used."""
    lines = ["# Once on each machine, with AWS_PROFILE or other credentials of AWS set:"]
    lines.append(f"pulumi login '{backend.login_url}'")
    for stack in stacks:
        lines += [
            f"# Once for stack {stack}:",
            f"pulumi stack init {stack} --secrets-provider='{backend.secrets_provider(stack)}'",
        ]
    return "\n".join(lines)


def document(
    backend: StateBackend, keys: Keys, stacks: Sequence[str], steps: Sequence[Step]
) -> dict[str, Any]:
    """Everything as one JSON document."""
    return {
        "bucket": backend.bucket,
        "stateKey": keys.state,
        "secretsKey": keys.secrets,
        "login": backend.login_url,
        "stacks": {
            stack: {
                "secretsProvider": backend.secrets_provider(stack),
                "operatorPolicy": json.loads(
                    operator_policy(backend, stack, state_key=keys.state, secrets_key=keys.secrets)
                ),
                "readerPolicy": json.loads(reader_policy(backend, stack, state_key=keys.state)),
            }
            for stack in stacks
        },
        "steps": [{"what": step.what, "state": step.state, "before": step.before} for step in steps],
    }


def policies(backend: StateBackend, keys: Keys, stacks: Sequence[str]) -> str:
    """The least-privilege policies, each under a line that says whom it is for."""
    parts = []
    for stack in stacks:
        operator = operator_policy(backend, stack, state_key=keys.state, secrets_key=keys.secrets)
        reader = reader_policy(backend, stack, state_key=keys.state)
        parts.append(f"# Policy of whoever brings up {stack} (state only; AWS rights come on top):")
        parts.append(json.dumps(json.loads(operator), indent=2))
        parts.append(f"# Policy of whoever reads the outputs of {stack} by a StackReference:")
        parts.append(json.dumps(json.loads(reader), indent=2))
    return "\n".join(parts)
