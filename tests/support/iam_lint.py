"""What the policy linter parliament has to say of a document."""

from __future__ import annotations

import importlib
import sys
import types
import warnings
from collections.abc import Collection
from pathlib import Path


def findings(document: str, *, accepted: Collection[str] = ()) -> list[str]:
    """Every finding once, as `ISSUE: title (detail)`, sorted; empty for a document without faults.

    Left out are those in which one of `accepted` occurs: what is no fault in this kind of document, such as
    `RESOURCE_STAR` in the policy of a key, whose `*` is the key itself.
    """
    parliament = _parliament()
    found = {
        f"{finding.issue}: {parliament.enhance_finding(finding).title} ({finding.detail})"
        for finding in parliament.analyze_policy_string(document).findings
    }
    return sorted(each for each in found if not any(text in each for text in accepted))


def _parliament() -> types.ModuleType:
    """The linter looks up its data by `pkg_resources`, which newer versions of setuptools do not have."""
    if "parliament" not in sys.modules and "pkg_resources" not in sys.modules:
        stand_in = types.ModuleType("pkg_resources")
        stand_in.resource_filename = _resource  # type: ignore[attr-defined]  # made here, so untyped
        sys.modules["pkg_resources"] = stand_in
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return importlib.import_module("parliament")
        finally:
            del sys.modules["pkg_resources"]
    return importlib.import_module("parliament")


def _resource(package: str, name: str) -> str:
    found = sys.modules[package].__file__
    assert found is not None
    return str(Path(found).with_name(name))
