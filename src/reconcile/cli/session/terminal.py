"""The console that everything is written to, on a terminal or into a pipe."""

from __future__ import annotations

import sys

from rich.console import Console


def console(*, plain: bool, forced: bool, stderr: bool) -> Console:
    """``plain``: without colour. ``forced``: with it though this is no terminal."""
    # A pipe or a log has no width of its own, and nothing must be cut to eighty columns for it.
    width = None if (sys.stderr if stderr else sys.stdout).isatty() else 240
    return Console(
        stderr=stderr,
        no_color=plain,
        color_system=None if plain else "auto",
        force_terminal=True if forced else None,
        width=width,
        highlight=False,
        soft_wrap=True,
    )
