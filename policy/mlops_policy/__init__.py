"""Policies of an MLOps platform."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlops_policy.pack import serve

__all__ = ["serve"]


def __getattr__(name: str) -> Any:
    # Rules are judged without an engine too; what speaks to one takes 0.4 s to import.
    if name == "serve":
        from mlops_policy.pack import serve

        return serve
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
