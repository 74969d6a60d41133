"""Which federations a branch touches, asked of git: for pull requests."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from reconcile.problem import Problem


def changed_since(reference: str, federations: Path, settings: Path) -> Sequence[str] | None:
    """The slugs whose file differs from ``reference``, deleted ones included; None for all of them, when the
    network-wide settings differ.

    Raises GIT01 when git cannot tell.
    """
    command = [
        "git",
        "diff",
        "--name-only",
        "-z",
        "--relative",
        "--no-renames",  # a file renamed is one federation gone and another come
        "--end-of-options",
        f"{reference}...",
        "--",
        str(federations),
        str(settings),
    ]
    try:
        asked = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        raise Problem("GIT01", "git is not installed, so nothing is known of what changed.") from None
    if asked.returncode != 0:
        words = asked.stderr.strip().splitlines()
        raise Problem("GIT01", f"git cannot compare with {reference}: {words[0] if words else 'no reason given'}.")
    paths = [Path(name) for name in asked.stdout.split("\0") if name]
    if settings in paths:
        return None
    return sorted({path.stem for path in paths if path.suffix in (".yaml", ".yml")})
