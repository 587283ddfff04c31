"""Where commands print their tables."""

from __future__ import annotations

from rich.console import Console

WIDE = 1000
"""Columns where nobody looks: in a file or a pipe every row is one line, and nothing is cut."""


def table_console() -> Console:
    """A console as wide as the terminal, or wide enough for anything."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=WIDE)
