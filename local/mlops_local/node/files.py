"""Writing the node's files: whole or not at all, and never readable by others."""

from collections.abc import Mapping
from pathlib import Path

_LAST_BYTES = 65536


def write_private(path: Path, text: str) -> bool:
    """Put `text` into `path` with mode 0600, atomically. Returns whether anything changed."""
    if path.exists() and path.read_text() == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    beside.touch(mode=0o600)
    beside.write_text(text)
    beside.replace(path)
    return True


def differ(files: Mapping[Path, str]) -> tuple[Path, ...]:
    """Those of `files` whose content on disk is another, or absent."""
    return tuple(path for path, text in files.items() if not path.exists() or path.read_text() != text)


def last_lines(path: Path, count: int) -> str:
    """The last lines of a log, or "" when there is none."""
    if not path.exists():
        return ""
    with path.open("rb") as log:
        size = log.seek(0, 2)
        log.seek(max(0, size - _LAST_BYTES))
        return "\n".join(log.read().decode(errors="replace").splitlines()[-count:])
