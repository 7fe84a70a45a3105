from __future__ import annotations

from typing import Any

from pulumi.automation import EngineEvent

from mlops_cli.progress import StackProgress, describe
from mlops_policy.judging import LATER

TYPES = "mlops:index:Platform$mlops:index:ModelEndpoint$kubernetes:apps/v1:Deployment"
URN = f"urn:pulumi:local::mlops::{TYPES}::mortgage"


def step(kind: str, op: str, urn: str = URN) -> EngineEvent:
    metadata: dict[str, Any] = {
        "op": op,
        "urn": urn,
        "type": urn.split("::")[2].rsplit("$", 1)[-1],
        "provider": "",
    }
    return EngineEvent.from_json({"sequence": 1, "timestamp": 1, kind: {"metadata": metadata}})


def diagnostic(severity: str, message: str, **more: Any) -> EngineEvent:
    event = {"message": message, "color": "never", "severity": severity, **more}
    return EngineEvent.from_json({"sequence": 1, "timestamp": 1, "diagnosticEvent": event})


def played(*events: EngineEvent) -> tuple[StackProgress, list[str], list[str]]:
    now: list[str] = []
    done: list[str] = []
    progress = StackProgress(now.append, done.append)
    for event in events:
        progress.on_event(event)
    return progress, now, done


def test_a_resource_is_described_by_kind_and_name() -> None:
    assert describe(URN) == "Deployment mortgage"


def test_a_change_is_announced_then_kept_with_its_time() -> None:
    progress, now, done = played(step("resourcePreEvent", "create"), step("resOutputsEvent", "create"))
    assert now == ["creating Deployment mortgage"]
    assert done == ["  created Deployment mortgage (0.0 s)"]
    assert progress.changes == 1


def test_unchanged_resources_and_the_stack_itself_say_nothing() -> None:
    stack = "urn:pulumi:local::mlops::pulumi:pulumi:Stack::mlops-local"
    progress, now, done = played(
        step("resourcePreEvent", "same"),
        step("resOutputsEvent", "same"),
        step("resourcePreEvent", "create", stack),
        step("resOutputsEvent", "create", stack),
    )
    assert (progress.changes, now, done) == (0, [], [])


def test_errors_are_printed_and_kept_with_the_resource_they_are_about() -> None:
    progress, now, done = played(
        diagnostic("error", "pod mortgage-1: CrashLoopBackOff", urn=URN),
        diagnostic("info#err", "waiting for 1 of 2 pods", ephemeral=True),
    )
    assert progress.errors == ["Deployment mortgage: pod mortgage-1: CrashLoopBackOff"]
    assert now == ["waiting for 1 of 2 pods"]
    assert done == ["  error: Deployment mortgage: pod mortgage-1: CrashLoopBackOff"]


def policy(level: str, **more: Any) -> EngineEvent:
    event = {
        "message": "<{%fg 13%}>A pod has limits.\nspec.a is absent\nSet spec.a.<{%reset%}>\n",
        "policyName": "pod-limits",
        "enforcementLevel": level,
        **more,
    }
    return EngineEvent.from_json({"sequence": 1, "timestamp": 1, "policyEvent": event})


def test_a_broken_policy_is_kept_and_one_that_advises_is_printed() -> None:
    progress, now, done = played(policy("mandatory", resourceUrn=URN), policy("advisory"))
    said = "A pod has limits. spec.a is absent Set spec.a."
    assert progress.errors == [f"policy pod-limits: Deployment mortgage: {said}"]
    assert (now, done) == ([], [f"  policy pod-limits: {said}"])


def test_what_a_preview_cannot_decide_is_left_to_the_engines_report() -> None:
    event = {"message": f"spec.a is not known yet; {LATER}", "enforcementLevel": "advisory"}
    progress, now, done = played(EngineEvent.from_json({"sequence": 1, "timestamp": 1, "policyEvent": event}))
    assert (progress.errors, now, done) == ([], [], [])
