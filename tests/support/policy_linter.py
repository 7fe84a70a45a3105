"""The IAM policy linter `parliament`, of which every document of this project must be free of findings."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import warnings
from collections.abc import Collection
from pathlib import Path
from types import ModuleType
from typing import Any


def findings(document: str) -> list[str]:
    """What the linter finds in an identity policy: its kinds of finding, each once, sorted."""
    analyzed = parliament().analyze_policy_string(document, ignore_private_auditors=True)
    return sorted({found.issue for found in analyzed.findings})


def details(document: str, *, accepted: Collection[str] = ()) -> list[str]:
    """The same with what each is about, cut to a line, for a person who looks into a failure.

    Left out are those in which one of `accepted` occurs: what is no fault in this kind of document, such as
    `RESOURCE_STAR` in the policy of a key, whose `*` is the key itself.
    """
    analyzed = parliament().analyze_policy_string(document, ignore_private_auditors=True)
    lines = {f"{found.issue} {str(found.detail)[:300]}" for found in analyzed.findings}
    return sorted(line for line in lines if not any(text in line for text in accepted))


def size(document: str) -> int:
    """The characters that AWS counts: all but white space. A managed policy may have 6144."""
    return len("".join(document.split()))


def parliament() -> Any:
    """The linter's own package."""
    if "pkg_resources" not in sys.modules and importlib.util.find_spec("pkg_resources") is None:
        # parliament looks up two files of its own by a module that setuptools no longer ships.
        resources: Any = ModuleType("pkg_resources")
        resources.resource_filename = _file_of
        sys.modules["pkg_resources"] = resources
    with warnings.catch_warnings():
        # Its own: old escapes in strings, and files that it leaves to be closed.
        warnings.simplefilter("ignore")
        return importlib.import_module("parliament")


def _file_of(package: str, name: str) -> str:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return str(Path(spec.origin).parent / name)
