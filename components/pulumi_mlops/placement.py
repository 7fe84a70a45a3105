"""Where a component's Kubernetes objects go and what they are called. Pure."""

from dataclasses import dataclass
from typing import Any

from pulumi_mlops.labels import labels, selector
from pulumi_mlops.manifests import Object, metadata


@dataclass(frozen=True)
class Placement:
    """One component's place: its kind (`object-store`), object name and namespace.

    The namespace may be an output that is not known yet, so nothing here looks into it.
    """

    component: str
    name: str
    namespace: Any

    @property
    def labels(self) -> dict[str, str]:
        """Labels of all its objects."""
        return labels(self.component, self.name)

    @property
    def selector(self) -> dict[str, str]:
        """Labels that select its pods."""
        return selector(self.component, self.name)

    def metadata(self, suffix: str = "") -> Object:
        """Metadata of the object called after the component, or `<name>-<suffix>`."""
        return metadata(self.named(suffix), self.namespace, self.labels)

    def named(self, suffix: str = "") -> str:
        """The object name with an optional suffix."""
        return f"{self.name}-{suffix}" if suffix else self.name
