"""What the errors of a destroy mean: whether AWS will let go by itself, and what to do when not. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_ID = re.compile(r"\b(?:sg|subnet|vpc|eni|igw|vol|eipalloc|nat|i)-[0-9a-f]{8,17}\b")


@dataclass(frozen=True)
class Violation:
    """One error: its kind, whether waiting helps, what to do else, and the AWS ids in its text."""

    kind: str
    waits: bool
    text: str
    remedy: str
    ids: tuple[str, ...]

    def told(self) -> str:
        """Error and remedy."""
        return f"{self.text}\n    -> {self.remedy}"


@dataclass(frozen=True)
class _Rule:
    kind: str
    waits: bool
    pattern: re.Pattern[str]
    remedy: str


def _rule(kind: str, waits: bool, remedy: str, *texts: str) -> _Rule:
    return _Rule(kind, waits, re.compile("|".join(texts), re.IGNORECASE | re.DOTALL), remedy)


# The first rule that matches holds, so what waiting never mends comes before what it may.
_RULES = (
    _rule(
        "protected",
        False,
        "`pulumi state unprotect URN` lets this one resource go; `mlops:aws.production: false` and `mlops up`"
        " let all of them go",
        r"cannot be deleted\s+because it is protected",
        r"marked for protection",
    ),
    _rule(
        "deletion-protection",
        False,
        "set mlops:aws.production to false, `mlops up`, then destroy again",
        r"cannot delete protected (db instance|cluster)",
        r"deletion ?protection is (currently )?(enabled|on)",
        r"deletion protection enabled",
        r"modify its 'disableApiTermination' instance attribute",
    ),
    _rule(
        "expired-credentials",
        False,
        "sign in again (`aws sso login`), then destroy again; it goes on from here",
        r"\bExpiredToken(Exception)?\b",
        r"security token included in the request is expired",
        r"InvalidClientTokenId",
        r"no valid credential sources",
        r"failed to refresh cached credentials",
    ),
    _rule(
        "denied",
        False,
        "the role lacks the action that is named; add it, then destroy again",
        r"not authorized to perform",
        r"\bAccessDenied(Exception)?\b",
        r"\bUnauthorizedOperation\b",
    ),
    _rule(
        "stack-locked",
        False,
        "wait for the other command; if its process is gone, `pulumi cancel`",
        r"stack is currently locked by",
    ),
    _rule(
        "bucket-not-empty",
        False,
        "its content is kept on purpose; set mlops:aws.production to false and `mlops up`, so that the"
        " destroy may empty it, or empty all its versions yourself",
        r"\bBucketNotEmpty\b",
        r"\bRepositoryNotEmptyException\b",
    ),
    _rule(
        "cluster-unreachable",
        False,
        "run where the private endpoint answers (`mlops doctor aws`); only when the cluster is gone for good,"
        " set PULUMI_K8S_DELETE_UNREACHABLE=true and destroy again",
        r"configured Kubernetes cluster is unreachable",
        r"unable to load schema information from the API server",
    ),
    _rule(
        "finalizers",
        False,
        "an object waits for a controller that is gone: `kubectl get NAME -o yaml` shows its finalizers and"
        " what they wait for; the report of leftovers names what it owned in AWS",
        r"finalizers?\b.*(timed out|remain)",
        r"(timed out|remain).*\bfinalizers?\b",
    ),
    _rule(
        "attached-to-role",
        False,
        "something outside the stack uses it; `aws iam list-instance-profiles-for-role` and"
        " `aws iam list-attached-role-policies` name what",
        r"\bDeleteConflict\b",
    ),
    _rule(
        "dependency",
        True,
        "what holds it is named above; delete that, then destroy again",
        r"\bDependencyViolation\b",
        r"has a dependent object",
        r"has dependencies and cannot be deleted",
        r"has some mapped public address",
        r"\bInvalidGroup\.InUse\b",
        r"\bInvalidNetworkInterface\.InUse\b",
        r"network interface .* is (currently )?in use",
        r"\bVolumeInUse\b",
        r"\bInvalidIPAddress\.InUse\b",
        # AWS's words for an elastic address whose network load balancer is still going.
        r"AuthFailure: You do not have permission to access the specified resource",
    ),
    _rule(
        "in-use",
        True,
        "what uses it is being deleted; look at it in the console if that has stopped",
        r"\bResourceInUse(Exception|Fault)?\b",
        r"cluster has (nodegroups|fargate profiles) attached",
        r"\bInvalidDB(Instance|Cluster|SubnetGroup|ParameterGroup)State(Fault)?\b",
        r"\bOperationNotPermittedException\b",
        r"\bConflictException\b",
    ),
    _rule(
        "throttled",
        True,
        "AWS limits the calls of this account; destroy again later",
        r"\bThrottl(ing|ed)(Exception)?\b",
        r"\bRequestLimitExceeded\b",
        r"\bTooManyRequestsException\b",
        r"rate exceeded",
    ),
    _rule(
        "slow",
        True,
        "AWS took longer than the provider waits; look at the resource in the console",
        r"timeout while waiting for",
        r"context deadline exceeded",
        r"connection reset by peer",
        r"request send failed",
    ),
)
_SUMMARY = re.compile(
    r"^(\S+ \S+: )?(update|destroy|resource plugin|step application) failed\.?$", re.IGNORECASE
)


def classify(text: str) -> Violation:
    """What one error means; an unknown one does not wait, so that nobody waits for nothing."""
    ids = tuple(dict.fromkeys(_ID.findall(text)))
    for rule in _RULES:
        if rule.pattern.search(text):
            return Violation(rule.kind, rule.waits, text, rule.remedy, ids)
    return Violation(
        "unknown", False, text, "mend what it names, then destroy again; it goes on from here", ids
    )


def classify_all(errors: Sequence[str]) -> list[Violation]:
    """Every distinct error, without the engine's closing line that some step failed."""
    distinct = dict.fromkeys(error.strip() for error in errors)
    told = [text for text in distinct if text and not _SUMMARY.match(text)]
    return [classify(text) for text in told or distinct]
