"""Text that others wrote, made fit for a terminal. Pure."""

from __future__ import annotations

from rich.text import Text

_UNITS = (("d", 86400), ("h", 3600), ("m", 60))


def plain(text: str) -> str:
    """`text` on one line, without anything that moves a terminal's cursor or reorders what it shows."""
    return "".join(
        each if each.isprintable() else " " if each.isspace() else "\N{REPLACEMENT CHARACTER}"
        for each in text
    )


def cell(text: str, style: str = "") -> Text:
    """A table's cell that shows `text` as it is: brackets are no markup."""
    return Text(plain(text), style=style)


def age(seconds: float) -> str:
    """A length of time in its largest two units: `45s`, `12m`, `3h 5m`, `2d 4h`."""
    left = max(int(seconds), 0)
    if left < 60:
        return f"{left}s"
    parts: list[str] = []
    for unit, size in _UNITS:
        count, left = divmod(left, size)
        if count or parts:
            parts.append(f"{count}{unit}" if count else "")
    return " ".join(part for part in parts[:2] if part)
