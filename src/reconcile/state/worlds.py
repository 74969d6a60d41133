"""Whose world a folder records: the lineage of a state says from its birth whether it is a sandbox's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from reconcile.state.durable import files_in

#: How the lineage of a state of the sandbox begins.
SANDBOX = "sandbox-"

_LINEAGE = re.compile(rb'"lineage": ?"([^"]+)"')
#: Bytes that hold a file's first lineage: a snapshot's keys are sorted, a journal opens one before its first write.
_HEAD = 65_536


def recorded_lineages(folder: Path) -> Iterator[tuple[Path, str]]:
    """Each snapshot and journal of a state folder with the first lineage it names. One that names none is passed over:
    reading it for what it holds is what will say that it is damaged.

    Raises Problem STA06 for a folder that cannot be read.
    """
    for path in (*files_in(folder / "federations", ".json"), *files_in(folder / "runs", ".jsonl")):
        with path.open("rb") as file:
            found = _LINEAGE.search(file.read(_HEAD))
        if found:
            yield path, found[1].decode("utf-8", "replace")


def is_sandbox(lineage: str) -> bool:
    """Whether a state of that lineage tells of a sandbox."""
    return lineage.startswith(SANDBOX)
