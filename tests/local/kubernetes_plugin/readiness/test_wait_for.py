from __future__ import annotations

import re
from typing import Any

import pytest

from mlops_local.kubernetes_plugin.errors import PluginError
from mlops_local.kubernetes_plugin.readiness.states import READY, State, Waiting
from mlops_local.kubernetes_plugin.readiness.wait_for import own_rule
from scripted_cluster import condition, made


def thing(wait_for: str | None, generation: int = 1, **status: Any) -> dict[str, Any]:
    annotations = {} if wait_for is None else {"pulumi.com/waitFor": wait_for}
    metadata = {"annotations": annotations, "generation": generation}
    return made("example.com/v1", "Thing", metadata=metadata, status=status)


def judged(obj: dict[str, Any]) -> State:
    rule = own_rule(obj)
    assert rule is not None
    return rule(obj)


def test_without_the_annotation_the_kind_keeps_its_rule() -> None:
    assert own_rule(thing(None)) is None


SYNCED = [condition("Ready"), condition("Synced", "False", message="quota")]


@pytest.mark.parametrize(
    ("wait_for", "status", "expected"),
    [
        ("condition=Ready", {}, Waiting("no condition Ready yet")),
        ("condition=Ready", {"conditions": SYNCED}, READY),
        ("condition=ready=true", {"conditions": SYNCED}, READY),
        ("condition=Synced", {"conditions": SYNCED}, Waiting("condition Synced is False, not True: quota")),
        ("condition=Synced=False", {"conditions": SYNCED}, READY),
        ("jsonpath={.status.phase}=Running", {}, Waiting("nothing at {.status.phase} yet")),
        (
            "jsonpath={.status.phase}=Running",
            {"phase": "Pending"},
            Waiting("{.status.phase} is Pending, not Running"),
        ),
        ("jsonpath={.status.phase}=Running", {"phase": "Running"}, READY),
        ("jsonpath={.status.phase}", {"phase": ""}, READY),
        ("jsonpath={.status.count}=2", {"count": 2}, READY),
        ("jsonpath={.status.done}=true", {"done": True}, READY),
        ('jsonpath={.status.conditions[?(@.type=="Ready")].status}=True', {"conditions": SYNCED}, READY),
        ('["condition=Ready", "jsonpath={.status.a}"]', {"conditions": SYNCED, "a": 1}, READY),
        (
            '["condition=Ready", "jsonpath={.status.a}"]',
            {"conditions": SYNCED},
            Waiting("nothing at {.status.a} yet"),
        ),
    ],
)
def test_expressions_must_all_hold(wait_for: str, status: dict[str, Any], expected: State) -> None:
    assert judged(thing(wait_for, **status)) == expected


@pytest.mark.parametrize("of_condition", [True, False])
def test_condition_of_an_older_generation_does_not_count(of_condition: bool) -> None:
    ready = condition("Ready") | ({"observedGeneration": 1} if of_condition else {})
    observed = {} if of_condition else {"observedGeneration": 1}
    obj = thing("condition=Ready", generation=2, conditions=[ready], **observed)
    assert judged(obj) == Waiting("condition Ready is of generation 1, not 2")


@pytest.mark.parametrize(
    ("wait_for", "why"),
    [
        ("Ready", "'Ready': it is neither"),
        ("condition=", "it is neither"),
        ("jsonpath=.status.phase=Running", "it is neither"),
        ("jsonpath={.a}={.b}", "cannot read '={.b'"),
        ("jsonpath={..a}", "cannot read '..a'"),
        ("[]", "must be a list of one or more strings"),
        ("[1]", "must be a list of one or more strings"),
        ('"condition=Ready"', "must be a list of one or more strings"),
    ],
)
def test_expression_that_cannot_be_read_is_refused_with_what_is_allowed(wait_for: str, why: str) -> None:
    with pytest.raises(PluginError, match=re.escape(why)) as caught:
        own_rule(thing(wait_for))
    assert str(caught.value).startswith("pulumi.com/waitFor: cannot read ")
    assert str(caught.value).endswith(
        "use condition=<Type>[=<Status>], jsonpath={.path}[=<value>], or a JSON list of these"
    )
