"""Readings of the outside world kept in a folder: one file each, named after the moment it was taken."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from reconcile.state.durable import files_in

_NAME = "%Y-%m-%dT%H%M%SZ"


def dated_file(folder: Path, taken: dt.datetime, suffix: str) -> Path:
    """Where the reading of that moment lies. Two of the same second are one: the later."""
    return folder / f"{taken.astimezone(dt.UTC):{_NAME}}{suffix}"


def dated_files(folder: Path, suffix: str) -> list[tuple[dt.datetime, Path]]:
    """The readings, each with its moment, the earliest first; none when there is no folder. Whatever else lies there is
    left out. Raises Problem STA06 when the folder cannot be listed."""
    dated = ((_moment(path.name.removesuffix(suffix)), path) for path in files_in(folder, suffix))
    return [(taken, path) for taken, path in dated if taken is not None]


def _moment(name: str) -> dt.datetime | None:
    try:
        return dt.datetime.strptime(name, _NAME).replace(tzinfo=dt.UTC)
    except ValueError:
        return None
