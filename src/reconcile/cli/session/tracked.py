"""Whether git tracks what this command takes for its own record: whoever opens a pull request could then write it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.state.snapshot.authenticity import Key, key_from

_PLANS = Path("plans")
_HARMLESS = frozenset({".gitkeep", ".gitignore", "README.md"})


def authenticity_key(session: Session) -> Key | None:
    """The key over plans and snapshots: RECONCILE_STATE_KEY, else the age identity that alone opens the state; None
    without either, and towards the sandbox. Raises ``Problem`` STA18."""
    if session.sandbox:
        return None
    secret = session.environment.get("RECONCILE_STATE_KEY", "").strip()
    if not secret and len(session.settings.seal_to) == 1:
        secret = session.environment.get("RECONCILE_STATE_IDENTITY", "").strip()
    return key_from(secret)


def refuse_tracked(session: Session, *plans: Path) -> None:
    """Raise ``Problem`` STA19 when git tracks a file of the state, or a plan, that bears nobody's mark.

    ``plans``: those about to be read, besides the folder plans/. With a key, snapshots and plans bear its mark and may
    be tracked; journals and the rest never. The sandbox's record can harm nothing.
    """
    if session.sandbox:
        return
    signed = authenticity_key(session) is not None
    here = {session.state: _tracked(session.state), _PLANS: _tracked(_PLANS)}
    here |= {plan: _tracked(plan) for plan in plans}
    for place, names in here.items():
        for name in names:
            marked = name.suffix == ".json" and (place != session.state or name.parent.name == "federations")
            if name.name in _HARMLESS or (signed and marked) or _is_reviewed(session.state, name):
                continue
            raise Problem(
                "STA19",
                Phrase(
                    "git tracks {name}, so a pull request could change what is taken for our own record.", name=name
                ),
                Phrase(
                    "take it out of git (git rm -r --cached {place}) and keep {place} in .gitignore, "
                    "or set RECONCILE_STATE_KEY"
                    if marked
                    else "take it out of git (git rm -r --cached {place}) and keep {place} in .gitignore",
                    place=place,
                ),
                4,
            )


def _is_reviewed(state: Path, name: Path) -> bool:
    """Whether a file of the state says no more than a federation's file may, and is reviewed like one: what
    PopStructure says of structures, and which tokens a probe proved."""
    return name.parent in (state / "structures", state / "signature") and name.suffix == ".json"


def _tracked(place: Path) -> list[Path]:
    """The files at or below ``place`` that git tracks; none where nothing is or no repository is."""
    if not os.path.lexists(place) or not _in_a_repository(place):
        return []
    words = [
        "git",
        "-c",
        "safe.directory=*",
        "-c",
        "core.fsmonitor=false",
        "ls-files",
        "-z",
        "--",
        str(place.resolve()),
    ]
    if place.is_symlink():
        words[-1] = str(place.absolute())
    try:
        asked = subprocess.run(words, capture_output=True, check=False, cwd=place.absolute().parent)
    except OSError:
        asked = None
    if asked is None or asked.returncode != 0:
        raise Problem(
            "STA19",
            Phrase("There is a git repository around {place}, and git cannot tell whether it tracks it.", place=place),
            "install git, or set RECONCILE_STATE_KEY",
            4,
        )
    return [Path(name) for name in os.fsdecode(asked.stdout).split("\0") if name]


def _in_a_repository(place: Path) -> bool:
    return any((folder / ".git").exists() for folder in place.absolute().parents)
