"""What goes wrong with policies themselves; each message says what to do next."""

from __future__ import annotations


class PolicyError(Exception):
    """Base of all errors of this package."""


class BadConfig(PolicyError):
    """A rule's configuration or an exemption is not allowed; the message names its key."""


class BadManifest(PolicyError):
    """A file or document cannot be read as Kubernetes objects; the message names it and the place."""


class RuleFault(PolicyError):
    """A rule itself failed. Nothing that it was to judge may pass, so who runs it must stop."""

    def __init__(self, rule: str, urn: str, error: BaseException) -> None:
        super().__init__(
            f"the policy {rule!r} itself failed on {urn}: {type(error).__name__}: {error}. This is a fault "
            f"of the policy, not of the resource: mend it, or disable {rule!r} in the pack's configuration."
        )
        self.rule = rule
