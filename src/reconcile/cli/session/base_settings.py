"""The settings of the branch a pull request goes to: a pull request does not choose where our secrets go."""

from __future__ import annotations

import os
import subprocess
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem


def default_reference(environment: Mapping[str, str]) -> str:
    """The branch or commit that this job's pull request goes to, as GitHub or GitLab tell it; "" outside of one."""
    if branch := environment.get("GITHUB_BASE_REF"):
        return f"origin/{branch}"
    return environment.get("CI_MERGE_REQUEST_DIFF_BASE_SHA", "")


def settings_text(reference: str, path: Path) -> str:
    """The settings file as it is at that revision. Raises ``Problem`` CFG06 when git cannot tell, GIT01 without git."""
    commit = _git("rev-parse", "--verify", "--end-of-options", f"{reference}^{{commit}}")
    shown = None if commit is None else _git("show", f"{commit.decode().strip()}:./{path.as_posix()}")
    if shown is None:
        raise Problem(
            "CFG06",
            Phrase(
                "{path} of {reference} cannot be read, so this branch alone would say where secrets go.",
                path=path,
                reference=reference,
            ),
            "fetch that branch (fetch-depth: 0), or name another with --settings-from",
            3,
        )
    return shown.decode("utf-8", "replace")


def refuse_changed_files(reference: str, settings: Path, files: Iterable[Path]) -> None:
    """Raise ``Problem`` CFG06 when this branch changes a file that the settings name: an authority, a key.

    What is outside of the repository, such as the machine's own authorities, no branch can change.
    """
    root = _git("rev-parse", "--show-toplevel")
    for file in files:
        if root is not None and _outside(file, Path(os.fsdecode(root).removesuffix("\n"))):
            continue
        changed = _git("diff", "--name-only", "-z", reference, "--", str(file))
        if changed is None or changed:
            raise Problem(
                "CFG06",
                Phrase(
                    "{file}, which {settings} names, is not as {reference} has it.",
                    file=file,
                    settings=settings,
                    reference=reference,
                ),
                "nothing was contacted; files of keys and authorities change in a pull request of their own",
                3,
            )


def _outside(file: Path, root: Path) -> bool:
    """Neither by its name nor by what it leads to."""
    named = Path(os.path.normpath(Path.cwd() / file))
    return not any(one.is_relative_to(root) for one in (named, file.resolve()))


def named_files(tree: Mapping[str, Any], folder: Path) -> Iterator[Path]:
    """Every file that settings name and that is there."""
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from named_files(value, folder)
        elif isinstance(value, str) and (key.endswith("_file") or key == "file") and (folder / value).exists():
            yield folder / value


def changed_keys(before: str, after: str) -> list[str]:
    """The keys that differ between two settings files, as ``tenant.authority``; all when one is not TOML."""
    try:
        old, new = (dict(_leaves(tomllib.loads(text))) for text in (before, after))
    except (tomllib.TOMLDecodeError, RecursionError):
        return [] if before == after else ["all"]
    return sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))


def _leaves(tree: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _git(*words: str) -> bytes | None:
    """What git says; None when it refuses."""
    try:
        asked = subprocess.run(["git", "-c", "core.fsmonitor=false", *words], capture_output=True, check=False)
    except OSError:
        raise Problem("GIT01", "git is not installed, so the settings of the base branch cannot be read.") from None
    return asked.stdout if asked.returncode == 0 else None
