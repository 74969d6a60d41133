"""From one version of the tables to the next: a migration outlives the release it began with.

The same statements serve SQLite and PostgreSQL. Each adds what the version before did not have, so that a worker of
that version which still runs can end its work.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """``table``: what changed; a file that does not hold it has nothing to change. ``statement``: how."""

    table: str
    statement: str


_LATE = """
CREATE TABLE IF NOT EXISTS late(
    key TEXT NOT NULL, folder TEXT NOT NULL, validity BIGINT NOT NULL, uid BIGINT NOT NULL, sender TEXT NOT NULL,
    PRIMARY KEY(key, folder, validity, uid))
"""

#: Version of the tables of this release.
VERSION = 7
#: Version → what makes the next one of it. What is older than the first was never released.
_STEPS = {
    2: (Step("job", "ALTER TABLE job ADD COLUMN public_folder TEXT NOT NULL DEFAULT ''"),),
    3: (
        Step("job", "ALTER TABLE job ADD COLUMN queued DOUBLE PRECISION NOT NULL DEFAULT 0"),
        Step("job", _LATE),
    ),
    # The columns ticket and admitted stay where they are: a worker of that version goes by them.
    4: (
        Step(
            "job",
            "CREATE INDEX job_next ON job(source, (coalesce(messages_total, 0) - messages), key) WHERE state='queued'",
        ),
        Step("job", "CREATE INDEX job_running ON job(source, destination) WHERE state='running'"),
        Step("job", "CREATE INDEX job_waiting ON job(not_before) WHERE state='waiting'"),
        Step("job", "CREATE TABLE begun(source TEXT NOT NULL, moment DOUBLE PRECISION NOT NULL)"),
    ),
    5: (
        Step("job", "ALTER TABLE job ADD COLUMN brought DOUBLE PRECISION NOT NULL DEFAULT 0"),
        Step("job", "ALTER TABLE job ADD COLUMN looked DOUBLE PRECISION NOT NULL DEFAULT 0"),
    ),
    6: (Step("job", "ALTER TABLE job ADD COLUMN made_of TEXT NOT NULL DEFAULT ''"),),
}


def upgradable(version: int) -> bool:
    """Whether tables of this version can be made into those of this release."""
    return all(number in _STEPS for number in range(version, VERSION)) and version < VERSION


def steps_from(version: int) -> Iterator[Step]:
    """What makes tables of this version into those of this release, in order."""
    for number in range(version, VERSION):
        yield from _STEPS[number]
