"""The code as it is over the states of an earlier commit, on the real engine."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

import recorded_states
from aws_environments import ROOT
from mlops_cli.render import placeholders
from mlops_stacks.settings import SECRET_NAMES
from real_engine import RealStack
from upgrade_gate import Step, refusals, unused

pytestmark = pytest.mark.timeout(900)
Open = Callable[..., RealStack]


@pytest.fixture(scope="module")
def previewed() -> dict[str, list[Step]]:
    """What each environment's preview would change, as far as the tests have got."""
    return {}


def of_the_code(name: str, open_stack: Open, previewed: dict[str, list[Step]]) -> list[Step]:
    """What the code by itself changes in an environment."""
    if name not in previewed:
        stack = open_stack(name)
        stack.configure()
        stack.start_from(recorded_states.read(name))
        previewed[name] = stack.preview()
    return previewed[name]


def beyond(steps: list[Step], of_code: list[Step]) -> list[Step]:
    """What values change: steps without those of the code, and without the code's inputs in the others."""
    code = {(step.operation, step.urn): step.keys for step in of_code}
    left = [
        Step(step.operation, step.urn, tuple(key for key in step.keys if key not in code[identity]))
        if (identity := (step.operation, step.urn)) in code
        else step
        for step in steps
    ]
    return [step for step in left if step.keys or (step.operation, step.urn) not in code]


@pytest.mark.parametrize("name", recorded_states.ENVIRONMENTS)
def test_the_code_changes_nothing_that_is_not_listed(
    name: str, open_stack: Open, previewed: dict[str, list[Step]]
) -> None:
    steps = of_the_code(name, open_stack, previewed)
    refused = refusals(name, steps, recorded_states.expected())
    assert refused == [], "docs/upgrades.md says what to do:\n" + "\n".join(refused)


def test_every_listed_change_is_one_that_happens(open_stack: Open, previewed: dict[str, list[Step]]) -> None:
    steps = {name: of_the_code(name, open_stack, previewed) for name in recorded_states.ENVIRONMENTS}
    assert unused(steps, recorded_states.expected()) == []


def test_values_change_in_place_and_nothing_else_does(
    open_stack: Open, previewed: dict[str, list[Step]]
) -> None:
    of_code = of_the_code("local", open_stack, previewed)
    stack = open_stack("local")
    endpoint = {"name": "mortgage", "model": "mortgage", "version": "release", "nodePort": 30080}
    scale = {"minReplicas": 1, "maxReplicas": 4, "targetCpuPercent": 70}
    digest = f"registry.example/server@sha256:{'1' * 64}"
    changes = {"mlops:endpoints": [{**endpoint, **scale}], "mlops:images": {"serving": digest}}
    stack.configure(changes)
    stack.start_from(recorded_states.read("local"))
    endpoint_of = "urn:pulumi:local::mlops::mlops:index:Platform$mlops:index:ModelEndpoint$kubernetes"
    assert beyond(stack.preview(), of_code) == [
        Step(
            "update",
            f"{endpoint_of}:apps/v1:Deployment::mlops-mortgage-endpoint-server",
            ("spec.template.spec.containers[0].image",),
        ),
        Step(
            "update",
            f"{endpoint_of}:autoscaling/v2:HorizontalPodAutoscaler::mlops-mortgage-endpoint-autoscaler",
            ("spec.maxReplicas",),
        ),
    ]


def test_a_pool_changes_in_place_and_other_system_nodes_are_new_ones(
    open_stack: Open, previewed: dict[str, list[Step]]
) -> None:
    of_code = of_the_code("dev", open_stack, previewed)
    stack = open_stack("dev")
    cluster = {"systemNodes": {"instanceTypes": ["m7i.xlarge"]}, "pools": {"cpu": {"cpuLimit": 32}}}
    stack.configure({"mlops:cluster": cluster})
    stack.start_from(recorded_states.read("dev"))
    steps = beyond(stack.preview(), of_code)
    of_cluster = "urn:pulumi:dev::mlops::mlops:index:EksCluster$"
    pool = f"{of_cluster}kubernetes:karpenter.sh/v1:NodePool::mlops-eks-cpu-pool"
    nodes = f"{of_cluster}aws:eks/nodeGroup:NodeGroup::mlops-eks-system-nodes"
    assert [step for step in steps if step.kind != "replace"] == [Step("update", pool, ("spec.limits.cpu",))]
    assert refusals("dev", [step for step in steps if step.kind == "replace"]) == [
        f"dev: replace {nodes} (instanceTypes[0], instanceTypes[1]): keep these inputs as they were, or list"
        " it if the old one may be deleted"
    ]


@pytest.mark.parametrize("name", recorded_states.ENVIRONMENTS)
def test_a_recorded_state_holds_no_secret_and_nothing_of_the_machine(name: str) -> None:
    text = json.dumps(recorded_states.read(name))
    secrets = ["plaintext", *(placeholders.secret(each) for each in SECRET_NAMES)]
    machine = ["sourcePosition", "stackTrace", str(ROOT), str(Path.home()), f"{tempfile.gettempdir()}/mlops-"]
    assert [each for each in (*secrets, *machine) if each in text] == []
    assert recorded_states.recorded_from()[name] != ""
