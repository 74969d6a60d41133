"""What former versions wrote, brought into today's format as it is read; the next write keeps it so. Pure.

To change the format of a record: raise ``FORMAT`` and add the step from the format before. Nothing else knows old ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

#: Version of the format of snapshots, and of the records in journals.
FORMAT = 2

Entry = Mapping[str, Any]


def readable(version: object, path: PurePath) -> int:
    """The version a file says it has. Raises Problem STA03 when it is newer than this tool, ValueError for nonsense."""
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ValueError(f"format {version!r}")
    if version > FORMAT:
        raise Problem(
            "STA03",
            Phrase(
                "{path} was written by a newer version (format {version}; this one reads up to {format}).",
                path=path,
                version=version,
                format=FORMAT,
            ),
            "update this command; nothing was changed",
        )
    return version


def upgraded(record: Entry, version: int) -> Entry:
    """A record as JSON in the format of ``version``, in today's. Raises KeyError or TypeError when it has neither."""
    for step in range(version, FORMAT):
        record = _STEPS[step](record)
    return record


def _protection_is_a_field(record: Entry) -> Entry:
    """1 → 2: a protection stood beside the fields too, where nothing set it."""
    kept = {name: value for name, value in record.items() if name != "protected"}
    return {**kept, "fields": {**record["fields"], "protected": True}} if record["protected"] else kept


_STEPS: Mapping[int, Callable[[Entry], Entry]] = {1: _protection_is_a_field}
