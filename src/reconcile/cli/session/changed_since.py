"""Which federations a branch touches, asked of git: for pull requests."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem


def changed_since(reference: str, federations: Path, settings: Path) -> Sequence[str] | None:
    """The slugs whose file differs from where this branch left ``reference``, committed or not, deleted ones included;
    None for all of them, when the network-wide settings differ.

    Raises GIT01 when git cannot tell.
    """
    # Elsewhere git diff compares files, and takes the words for something else.
    _git(reference, "rev-parse", "--git-dir")
    # A file renamed is one federation gone and another come.
    diff = ("diff", "--name-only", "-z", "--relative", "--no-renames", "--merge-base", "--end-of-options", reference)
    untracked = ("ls-files", "--others", "--exclude-standard", "-z")
    paths = {
        Path(name)
        for question in (diff, untracked)
        for name in _git(reference, *question, "--", str(federations), str(settings)).split("\0")
        if name
    }
    if settings in paths:
        return None
    return sorted({path.stem for path in paths if path.suffix in (".yaml", ".yml")})


def _git(reference: str, *words: str) -> str:
    try:
        asked = subprocess.run(["git", *words], capture_output=True, text=True, check=False)
    except OSError:
        raise Problem("GIT01", "git is not installed, so nothing is known of what changed.") from None
    if asked.returncode != 0:
        said = asked.stderr.strip().splitlines()
        raise Problem(
            "GIT01",
            Phrase(
                "git cannot compare with {reference}: {said}.",
                reference=reference,
                said=said[0] if said else Phrase("no reason given"),
            ),
        )
    return asked.stdout
