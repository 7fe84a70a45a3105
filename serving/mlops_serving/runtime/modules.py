"""The Python files of one artifact as modules that nobody else sees.

All of them are found beneath one package with a name of its own, so two versions with equally named
modules share nothing. Only files that the manifest lists, and whose digests were therefore checked, can
be imported, always from their source.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from itertools import count
from pathlib import Path
from types import CodeType, ModuleType
from typing import Final

from mlops_serving.artifact import Manifest

_NUMBERS: Final = count(1)


class ArtifactModules(MetaPathFinder):
    """Finds the modules of one artifact from now until `forget`."""

    def __init__(self, manifest: Manifest, folder: Path) -> None:
        self._folder = folder
        self._files = frozenset(file.path for file in manifest.files)
        plain = manifest.name.replace("-", "_")
        self.package = f"mlops_model_{plain}_{manifest.version}_{next(_NUMBERS)}"
        sys.meta_path.append(self)

    def load(self, module: str) -> ModuleType:
        """Import a module by its dotted name in the artifact; raises whatever its code raises."""
        return import_module(f"{self.package}.{module}")

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Asked by `import`."""
        package, _, module = fullname.partition(".")
        if package != self.package:
            return None
        stem = module.replace(".", "/")
        start = f"{stem}/" if stem else ""
        if f"{start}__init__.py" in self._files:
            return self._spec(fullname, f"{start}__init__.py", is_package=True)
        if f"{stem}.py" in self._files:
            return self._spec(fullname, f"{stem}.py", is_package=False)
        if any(file.startswith(start) for file in self._files):
            return ModuleSpec(fullname, None, is_package=True)
        return None

    def forget(self) -> None:
        """Let the modules go; whoever holds an object of theirs keeps it."""
        sys.meta_path.remove(self)
        # The list is made at once, for other threads may import meanwhile.
        for name in list(sys.modules):
            if name.partition(".")[0] == self.package:
                del sys.modules[name]

    def _spec(self, fullname: str, file: str, is_package: bool) -> ModuleSpec | None:
        path = str(self._folder / file)
        locations: list[str] | None = [] if is_package else None
        return spec_from_file_location(
            fullname, path, loader=_Source(fullname, path), submodule_search_locations=locations
        )


class _Source(SourceFileLoader):
    """Compiles the file that was verified, and neither reads nor leaves compiled files beside it."""

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.get_data(self.path), self.path)
