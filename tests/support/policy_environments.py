"""Every environment as policies see it in a preview, and what they say of it."""

from __future__ import annotations

import datetime
import functools
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import yaml

import aws_environments
from mlops_cli.render import placeholders
from mlops_policy.catalog import RULES
from mlops_policy.documents import resources
from mlops_policy.judging import Finding, Judge, Outcome, configured
from mlops_policy.resources import Resource, Stack
from mlops_policy.rules import Rule
from mlops_policy.stack_config import from_stack
from mlops_policy.testing import changed
from mlops_stacks import program
from mlops_stacks.recording import document_of, record
from mlops_stacks.settings import NAMESPACE

ON_AWS = aws_environments.ENVIRONMENTS
LOCAL = ("local", "e2e", "scaling")
ALL = (*LOCAL, *ON_AWS)
TODAY = datetime.date(2026, 12, 1)


@functools.cache
def resources_of(name: str) -> tuple[Resource, ...]:
    """Every resource of an environment; on AWS it is published, too."""
    if name in ON_AWS:
        return resources(aws_environments.document(name, preview=True).model_dump(by_alias=True))
    values = aws_environments.config(name)
    with tempfile.TemporaryDirectory() as folder:
        kubeconfig = Path(folder) / "kubeconfig"
        kubeconfig.write_text(yaml.safe_dump(placeholders.kubeconfig(placeholders.context_of(values))))
        made = record(
            program.main,
            project=NAMESPACE,
            stack=name,
            config=placeholders.as_engine_config(placeholders.completed(values, {}, str(kubeconfig))),
            preview=True,
        )
    return resources(document_of(name, made, ()).model_dump(by_alias=True))


def judge(name: str, rules: Sequence[Rule]) -> Judge:
    """The rules as the environment's own settings configure them."""
    config = placeholders.as_engine_config(placeholders.with_prefix(aws_environments.config(name)))
    _, given = from_stack(config, RULES)
    asked = {rule.name for rule in rules}
    return Judge(configured(rules, {key: given[key] for key in given if key in asked}), TODAY)


def said(name: str, rules: Sequence[Rule]) -> list[Finding]:
    """What the rules say of an environment."""
    return judge(name, rules).all(resources_of(name))


def broken(name: str, rules: Sequence[Rule], of: str, path: str, value: object) -> set[str]:
    """Names of the rules that find a violation after one field of one resource is another.

    The environment must meet all rules: only what is changed is judged again, and all that looks across.

    Args:
        of: the resource's name, after its kind and a space where that is needed.
        path: see `mlops_policy.testing.changed`; `MISSING` as value takes the field away.
    """
    *kind, own = of.split()
    found = [
        each for each in resources_of(name) if each.name == own and each.type.endswith(tuple(kind) or "")
    ]
    assert len(found) == 1, (of, [each.type for each in found])
    new = changed(found[0], path, value)
    made = [new if each is found[0] else each for each in resources_of(name)]
    judging = judge(name, rules)
    return _violated([*judging.resource(new), *judging.stack(Stack(made, TODAY))])


def without(name: str, rules: Sequence[Rule], of: str) -> set[str]:
    """The same after one resource is not there."""
    left = [each for each in resources_of(name) if each.name != of]
    assert len(left) < len(resources_of(name))
    return _violated(judge(name, rules).stack(Stack(left, TODAY)))


def _violated(found: Iterable[Finding]) -> set[str]:
    return {each.rule.name for each in found if each.outcome is Outcome.VIOLATION}
