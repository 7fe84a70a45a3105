"""Images: a catalog, builds from package registries, and pushes by digest."""

from mlops_local.images.build import build
from mlops_local.images.catalog import (
    GO_GROUPS,
    IMAGES_OF_KEDA,
    IMAGES_OF_MONITORING,
    IMAGES_OF_NODE,
    IMAGES_OF_STACK,
    IMAGES_OF_STORES,
    RECIPES,
    ImageName,
    groups_of,
)
from mlops_local.images.inputs import ImageSource
from mlops_local.images.push import push

__all__ = [
    "GO_GROUPS",
    "IMAGES_OF_KEDA",
    "IMAGES_OF_MONITORING",
    "IMAGES_OF_NODE",
    "IMAGES_OF_STACK",
    "IMAGES_OF_STORES",
    "RECIPES",
    "ImageName",
    "ImageSource",
    "build",
    "groups_of",
    "push",
]
