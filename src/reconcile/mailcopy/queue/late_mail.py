"""Mail that arrived in old mailboxes after their copies were queued, that is after the switch, by who sent it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from reconcile.mailcopy.queue.jobs import Job
from reconcile.mailcopy.storage.database import Database

if TYPE_CHECKING:  # who only asks for the senders speaks no IMAP
    from reconcile.mailcopy.survey.late_mail import Late


class LateMail:
    """Each message once, whatever becomes of its copy. ``database``: that of the list of copies."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, job: Job, arrivals: Sequence[Late]) -> None:
        """Durable when it returns; what is noted already stays as it is."""
        if not arrivals:
            return
        rows = [(job.key, one.folder, one.validity, one.uid, one.sender) for one in arrivals]
        with self._database.changing() as run:
            run.change_each("INSERT INTO late VALUES(?,?,?,?,?) ON CONFLICT DO NOTHING", rows)

    def senders(self) -> Mapping[str, Counter[str]]:
        """By federation (a slug): how many messages of each address, the empty one for those that name nobody."""
        if not self._database.exists():
            return {}
        found: dict[str, Counter[str]] = {}
        with self._database.looking() as run:
            for key, sender, messages in run.rows("SELECT key, sender, count(*) FROM late GROUP BY key, sender"):
                found.setdefault(key.partition("/")[0], Counter())[sender] += messages
        return found
