"""A list with many mailboxes queued, of one old host."""

from __future__ import annotations

from reconcile.mailcopy.queue.jobs import FIELDS
from reconcile.mailcopy.queue.location import PostgresLocation

SOURCE = "ovh"


def fill(location: PostgresLocation, mailboxes: int) -> None:
    """Mailboxes of up to 976 messages each, by the hundred to a federation."""
    # An earlier list knows no public folders.
    ends = [name for name in ("login", "destination", "folder", "public_folder") if name in FIELDS.split(", ")]
    columns = ", ".join(["key", "source", "messages_total", *ends])
    places = ",".join("?" * (3 + len(ends)))
    with location.database.changing() as run:
        run.change_each(
            f"INSERT INTO job({columns}) VALUES({places})",
            [
                (f"spfb{one // 100:03d}/copy/{one}@example.org", SOURCE, one % 977, *(str(one) for _ in ends))
                for one in range(mailboxes)
            ],
        )
