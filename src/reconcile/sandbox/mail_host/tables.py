"""The tables an old host's Postfix reads: which domains are its own, which it passes on, what each address becomes.

Texts that Postfix reads as it starts (``texthash``), so a change counts from the reload on, as at many a host.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

_KIND = "texthash"

#: Table → the parameter of main.cf that names it.
TABLES = {
    "virtual_domains": "virtual_mailbox_domains",
    "virtual_mailboxes": "virtual_mailbox_maps",
    "virtual_aliases": "virtual_alias_maps",
    "relay_domains": "relay_domains",
    "transport": "transport_maps",
}


class Tables:
    """The tables in ``folder``, one file each, readable and editable as any postmaster would by hand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def file(self, table: str) -> Path:
        """Where that table stands. Raises KeyError for one that Postfix does not have here."""
        return self.folder / {name: name for name in TABLES}[table]

    def read(self, table: str) -> dict[str, str]:
        """Its rows: key → value, in order."""
        rows = (line.split(None, 1) for line in self.file(table).read_text(encoding="utf-8").splitlines())
        return {row[0]: row[1] if len(row) > 1 else "" for row in rows if row and not row[0].startswith("#")}

    def write(self, table: str, rows: Mapping[str, str]) -> None:
        """Replace all its rows at once. Postfix sees them after its next reload."""
        draft = self.file(table).with_suffix(".part")
        draft.write_text("".join(f"{key} {value}\n" for key, value in rows.items()), encoding="utf-8")
        draft.chmod(0o644)
        draft.replace(self.file(table))

    def parameters(self) -> dict[str, str]:
        """What main.cf says of them."""
        return {parameter: f"{_KIND}:{self.file(table)}" for table, parameter in TABLES.items()}
