"""Containerfiles and the files that go into images, rendered from jinja2 templates. Pure."""

from __future__ import annotations

from pathlib import Path

import jinja2

from mlops_local.images.catalog import (
    IMAGE_WITH_CERTIFICATES,
    RECIPES,
    GoProgram,
    PythonPackages,
    Recipe,
    RootFilesystem,
)

SITE = "/usr/local/lib/python3.11/dist-packages/"
"""Debian's Python looks here without being told."""
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
"""Debian keeps them here, and Go's TLS looks here first."""

_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    undefined=jinja2.StrictUndefined,
    autoescape=jinja2.select_autoescape(()),
    trim_blocks=True,
    keep_trailing_newline=True,
)


def reference(name: str) -> str:
    """The name under which an image is known while those above it are built."""
    return f"localhost/mlops/{name}"


def containerfile(name: str) -> str:
    """The Containerfile of an image. The same on every machine: it names no path, time or revision."""
    recipe = RECIPES[name]
    return _TEMPLATES.get_template("Containerfile.j2").render(
        title=recipe.title,
        what=_what(recipe),
        parent=reference(recipe.parent) if recipe.parent else "scratch",
        copies=_copies(recipe),
        env=sorted(recipe.env.items()),
        labels=sorted(_labels(name, recipe).items()),
        user=recipe.user,
        stop_signal=recipe.stop_signal if isinstance(recipe, RootFilesystem) else None,
        entrypoint=list(recipe.entrypoint),
    )


def image_file(name: str) -> str:
    """A file that is copied to /usr/local/bin of an image."""
    return _TEMPLATES.get_template(f"{name}.j2").render()


def _labels(name: str, recipe: Recipe) -> dict[str, str]:
    labels = {"title": f"mlops/{name}", "description": recipe.title, "vendor": "pulumi-mlops"}
    return {f"org.opencontainers.image.{key}": value for key, value in labels.items()}


def _what(recipe: Recipe) -> str:
    if isinstance(recipe, RootFilesystem):
        return "Debian packages " + ", ".join(recipe.packages)
    if isinstance(recipe, GoProgram):
        return f"{recipe.program}, built from Go modules"
    if isinstance(recipe, PythonPackages):
        return "packages from uv.lock"
    return "wheels of this workspace"


def _copies(recipe: Recipe) -> list[tuple[str, str]]:
    """Sources, an option before them where they are not in the build context, and targets."""
    if isinstance(recipe, RootFilesystem):
        return [("rootfs/", "/"), *((name, f"/usr/local/bin/{name}") for name in recipe.files)]
    if isinstance(recipe, GoProgram):
        program = (recipe.program, recipe.entrypoint[0])
        origin = f"--from={reference(IMAGE_WITH_CERTIFICATES)}"
        return [program, *([(f"{origin} {CERTIFICATES}", CERTIFICATES)] if recipe.certificates else [])]
    return [("packages/", SITE)]
