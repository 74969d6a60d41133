"""A report on disk: never half of one, and never in the place of something else."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.state.durable import PRIVATE_FOLDER, fsync_folder

#: Names the files of a report, so that nothing else is ever replaced.
_LIST = "report.json"


def replace_report(folder: Path, files: Mapping[str, bytes]) -> None:
    """Put these files, and no others, in the folder: they are written beside it, and it changes place with them.

    Whoever looks in finds the old report or the new one, or for an instant none: a folder is replaced by two renames.
    Killed between them, the old report stays beside it, its name begun by a dot. Raises ``Problem`` BRD01 when the
    folder holds anything that is no report's, BRD02 when it cannot be written; the old report is then as it was.
    """
    _refuse_others(folder)
    parent = folder.absolute().parent
    mark = secrets.token_hex(4)
    fresh, former = parent / f".{folder.name}.{mark}.new", parent / f".{folder.name}.{mark}.old"
    try:
        parent.mkdir(parents=True, exist_ok=True)
        fresh.mkdir(PRIVATE_FOLDER)
        listed = json.dumps({"format": 1, "files": sorted(files)}, indent=1).encode() + b"\n"
        for name, data in {**files, _LIST: listed}.items():
            with (fresh / name).open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        fsync_folder(fresh)
        # As readable as any folder made here: a pipeline's artefact is read by others.
        fresh.chmod(0o777 & ~_umask())
        _take_place(fresh, folder, former)
        fsync_folder(parent)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise Problem(
            "BRD02",
            Phrase("The report cannot be written to {folder} ({why}).", folder=folder, why=why),
            "make room, or choose another folder",
        ) from None
    finally:
        for left in (fresh, former):
            shutil.rmtree(left, ignore_errors=True)


def _take_place(fresh: Path, folder: Path, former: Path) -> None:
    if not folder.exists():
        fresh.rename(folder)
        return
    folder.rename(former)
    try:
        fresh.rename(folder)
    except OSError:
        with contextlib.suppress(OSError):
            former.rename(folder)
        raise


def _refuse_others(folder: Path) -> None:
    refused = Problem(
        "BRD01",
        Phrase("{folder} holds something else than a report, and would be lost.", folder=folder),
        "choose a new or an empty folder",
    )
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise refused
    try:
        names = {path.name for path in folder.iterdir()} if folder.exists() else set()
    except OSError as error:
        raise Problem(
            "BRD02",
            Phrase("Cannot read {folder} ({strerror}).", folder=folder, strerror=error.strerror),
            "choose another folder",
        ) from None
    if not names:
        return
    try:
        known = json.loads((folder / _LIST).read_bytes())
        listed = {str(name) for name in known["files"]}
    except (OSError, ValueError, TypeError, KeyError):
        raise refused from None
    if not names <= {*listed, _LIST}:
        raise refused


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
