"""Labels every object of a component carries, and the subset that selects its pods. Pure."""

PART_OF = "mlops"


def selector(component: str, instance: str) -> dict[str, str]:
    """The two labels that pick one component's pods; immutable in workloads, so nothing else is in it."""
    return {"app.kubernetes.io/name": component, "app.kubernetes.io/instance": instance}


def labels(component: str, instance: str) -> dict[str, str]:
    """All labels of a component's objects: the selector, and who they belong to."""
    return selector(component, instance) | {"app.kubernetes.io/part-of": PART_OF}
