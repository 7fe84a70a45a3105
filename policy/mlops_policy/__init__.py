"""Policies of an MLOps platform."""

from mlops_policy.pack import serve

__all__ = ["serve"]
