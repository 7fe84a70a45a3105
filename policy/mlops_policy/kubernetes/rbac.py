"""Rights in the cluster: named one by one, and none that lead to all the others."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from mlops_policy.building import field
from mlops_policy.kubernetes.pods import cis
from mlops_policy.resources import Resource, Stack
from mlops_policy.rules import Framework, Rule, RuleConfig, Severity, Subject
from mlops_policy.views import View, shown
from mlops_policy.wanted import Wanted, all_texts, without

CLUSTER_ROLE = "kubernetes:rbac.authorization.k8s.io/*:ClusterRole"
ROLES = (CLUSTER_ROLE, "kubernetes:rbac.authorization.k8s.io/*:Role")
BINDINGS = (
    "kubernetes:rbac.authorization.k8s.io/*:ClusterRoleBinding",
    "kubernetes:rbac.authorization.k8s.io/*:RoleBinding",
)
_READS = frozenset({"get", "list", "watch"})
_LEAST_PRIVILEGE = Framework("NIST 800-53 rev 5", "AC-6")
_EVERYONE = ("system:anonymous", "system:unauthenticated", "system:authenticated", "system:masters")


class BindingConfig(RuleConfig):
    """Roles that nobody is bound to."""

    roles: tuple[str, ...] = Field(default=("cluster-admin",), description="Roles that must not be bound.")


def grants(role: Resource) -> Iterator[View]:
    """Each rule of a role."""
    yield from role.view.key("rules").items()


_NAMED = Wanted(
    "a list without *",
    lambda found: all_texts(found, lambda item: "*" not in item),
    cel=lambda value: f"{value}.all(each, !each.contains('*'))",
)


def _secrets(subject: Subject, stack: Stack, config: RuleConfig) -> Iterator[str]:
    resources = subject.view.key("resources")
    if "secrets" not in resources.texts() or subject.view.key("resourceNames").given:
        return
    if reads := sorted(_READS & set(subject.view.key("verbs").texts())):
        yield f"{resources.path} has secrets, of every namespace, to {', '.join(reads)}"


def _bound(subject: Subject, stack: Stack, config: BindingConfig) -> Iterator[str]:
    name = subject.view.at("roleRef.name")
    if name.text() in config.roles:
        yield f"{name.path} is {shown(name.raw)}, and must not be bound"


RULES: tuple[Rule, ...] = (
    *(
        field(
            f"rbac-named-{name}",
            f"A role names its {what} one by one.",
            ROLES,
            path,
            _NAMED,
            parts=grants,
            bad=["*"],
            severity=Severity.CRITICAL,
            frameworks=(*cis("4.1.3"), _LEAST_PRIVILEGE),
        )
        for name, what, path in (
            ("verbs", "verbs", "verbs"),
            ("resources", "resources", "resources"),
            ("groups", "API groups", "apiGroups"),
            ("urls", "URLs", "nonResourceURLs"),
        )
    ),
    field(
        "rbac-no-escalation",
        "No role lets its holder take or give rights that it does not have.",
        ROLES,
        "verbs",
        without(("bind", "escalate", "impersonate")),
        parts=grants,
        bad=["escalate"],
        severity=Severity.CRITICAL,
        frameworks=(*cis("4.1.8"), _LEAST_PRIVILEGE),
    ),
    Rule(
        name="rbac-no-secrets",
        says="No role reads the secrets of every namespace.",
        remedy="Use a Role in the namespace, or name the secrets in resourceNames.",
        severity=Severity.CRITICAL,
        kinds=(CLUSTER_ROLE,),
        judge=_secrets,
        parts=grants,
        frameworks=(*cis("4.1.2"), _LEAST_PRIVILEGE),
    ),
    Rule(
        name="rbac-no-cluster-admin",
        says="Nobody is bound to a role that may do everything.",
        remedy="Bind a role that names the rights.",
        severity=Severity.CRITICAL,
        kinds=BINDINGS,
        judge=_bound,
        path="roleRef.name",
        bad="cluster-admin",
        frameworks=(*cis("4.1.1"), _LEAST_PRIVILEGE),
        config=BindingConfig,
    ),
    field(
        "rbac-no-crowd",
        "Nobody is bound who has not been named: no anonymous or authenticated everyone, no masters.",
        BINDINGS,
        "subjects[].name",
        without(_EVERYONE),
        bad="system:unauthenticated",
        severity=Severity.CRITICAL,
        frameworks=(_LEAST_PRIVILEGE,),
    ),
)
