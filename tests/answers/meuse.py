"""The Meuse of the repository, with two old mailboxes: what it understands of a file, and what that changes."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from reconcile.answers.federation_file import decided_tree
from reconcile.answers.reading.read import read
from reconcile.answers.table import table
from reconcile.answers.understanding.answer import Answer
from reconcile.answers.understanding.understand import understand
from reconcile.config.document.document import read_document
from reconcile.config.document.edit import edited
from reconcile.config.federation.federation import Federation
from reconcile.config.inventory.inventory import Inventory, LegacyAddress
from reconcile.documents.workbook.rows import rows_of

LUCIE, ANCIEN = "lucie.haas@spf55.org", "ancien@spf55.org"

OLD = Inventory(
    "spf55",
    "mutualise",
    dt.datetime(2025, 1, 6, tzinfo=dt.UTC),
    ("spf55.org",),
    ("csv",),
    {
        one.address: one
        for one in (
            LegacyAddress("ancien@spf55.org", "mailbox", "ancien", (), 82_000, 12, dt.date(2019, 1, 4)),
            LegacyAddress("lucie.haas@spf55.org", "mailbox", "lucie", (), 82_000, 12, dt.date(2025, 1, 4)),
        )
    },
)


def understood(meuse: Federation, data: bytes) -> Answer:
    return understand(table(read(data)), meuse, OLD, rows_of(meuse, OLD))


def difference(meuse: Federation, answer: Answer) -> tuple[set[str], set[str]]:
    """The lines that go from the federation's file, and those that come."""
    before = meuse.path.read_text(encoding="utf-8")
    after = edited(before, decided_tree(read_document(before).tree, meuse, answer.decisions), "spf55.yaml")
    old, new = (Counter(line.strip() for line in text.splitlines() if line.strip()) for text in (before, after))
    return set(old - new), set(new - old)
