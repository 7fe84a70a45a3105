"""Policy documents of AWS in a resource's inputs: JSON text, or the same as an object. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mlops_policy.building import some
from mlops_policy.resources import Stack
from mlops_policy.rules import Framework, Rule, Severity, Subject, Where, always
from mlops_policy.views import View, WrongShape, shown


def statements(document: View) -> list[View]:
    """The statements of a policy document; none where there is no document.

    Raises:
        UnknownRead: the document is not known yet, as one with an ARN in it is before there is one.
        WrongShape: it is no JSON object.
    """
    found = _opened(document).key("Statement")
    return [found] if isinstance(found.raw, Mapping) else found.items()


def stating(
    name: str,
    says: str,
    kind: str,
    path: str,
    wanted: Callable[[View], bool],
    message: str,
    *,
    remedy: str,
    severity: Severity,
    where: Where = always,
    frameworks: tuple[Framework, ...] = (),
) -> Rule:
    """Every policy document at `path` has a statement that is wanted."""

    def judge(subject: Subject, stack: Stack, settings: Any) -> Iterator[str]:
        if not some(statements(subject.view.at(path)), wanted):
            yield f"{path} {message}"

    return Rule(
        name=name,
        says=says,
        remedy=remedy,
        severity=severity,
        kinds=(kind,),
        judge=judge,
        where=where,
        across=where is not always,
        path=path,
        frameworks=frameworks,
    )


def _opened(document: View) -> View:
    if not document.given or not isinstance(document.known, str):
        return document
    text = document.text()
    try:
        return View(json.loads(text), document.path)
    except ValueError as error:
        raise WrongShape(f"{document.path} is {shown(text)}, where a JSON object is expected") from error
