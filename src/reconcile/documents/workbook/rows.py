"""One row for each address of a federation: what the old host held, what its file decides. Pure."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
from collections.abc import Mapping

from reconcile.config.federation.federation import Federation
from reconcile.config.federation.models import Alias, Mailbox, NotMigrated
from reconcile.config.inventory.inventory import Inventory, LegacyAddress
from reconcile.documents.workbook.columns import ALIAS, DROP, MERGE, NO, SHARED, YES, Key


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """``cells``: what is written, by column; a column without text is left out. ``size`` in bytes and ``last_used`` are
    of the old mailbox; None when there is none or nobody knows."""

    cells: Mapping[Key, str]
    size: int | None = None
    last_used: dt.date | None = None

    def __getitem__(self, key: Key) -> str:
        return self.cells.get(key, "")


def rows_of(federation: Federation, inventory: Inventory | None) -> tuple[Row, ...]:
    """Every address of the old host and of the file, in alphabetical order, each once.

    What the file decides is filled in, and nothing else: a suggestion would come back as an answer. An address that was
    renamed stands under its new name.
    """
    found = dict(inventory.addresses) if inventory is not None else {}
    decided = _decided(federation)
    renamed = {box.was for box in federation.file.mailboxes.values() if box.was}
    addresses = (found.keys() | decided.keys()) - renamed
    rows = []
    for address in sorted(addresses, key=_alphabetical):
        legacy = found.get(address)
        if legacy is not None and legacy.kind == "catch_all":
            continue
        decision = decided.get(address)
        old = legacy
        if isinstance(decision, Mailbox) and decision.was:
            old = found.get(decision.was)
        cells: dict[Key, str] = {"address": address, "today": _today(old, decision)}
        cells |= _filled(decision, federation)
        holds = old is not None and old.kind == "mailbox"
        rows.append(
            Row(
                {key: text for key, text in cells.items() if text},
                old.size if old is not None and holds else None,
                old.last_used if old is not None and holds else None,
            )
        )
    return tuple(rows)


def digest(rows: tuple[Row, ...]) -> str:
    """What was asked and pre-filled, as one short word: equal for two workbooks that say the same."""
    said = [[row["address"], *(row.cells[key] for key in sorted(row.cells) if key != "today")] for row in rows]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()[:16]


_Decision = Mailbox | tuple[str, Alias] | NotMigrated


def _decided(federation: Federation) -> dict[str, _Decision]:
    decided: dict[str, _Decision] = {one.address: one for one in federation.file.not_migrated}
    for address, mailbox in federation.file.mailboxes.items():
        decided |= {alias.address: (address, alias) for alias in mailbox.aliases}
    return decided | dict(federation.file.mailboxes)


def _filled(decision: _Decision | None, federation: Federation) -> Mapping[Key, str]:
    if decision is None:
        return {}
    if isinstance(decision, NotMigrated):
        return {"keep": NO, "remarks": decision.why or ""}
    if isinstance(decision, tuple):
        target, alias = decision
        old_mail = {"merge": MERGE, "drop": DROP, None: ""}[alias.legacy_mail]
        return {"keep": YES, "licence": ALIAS, "target": target, "old_mail": old_mail}
    shared = decision.licence == "shared"
    directory = decision.directory
    atrium_id = directory.atrium_id or federation.file.atrium_id
    return {
        "keep": YES,
        "licence": SHARED if shared else decision.licence,
        "people": " ; ".join(one.who for one in decision.delegates),
        "last_name": (decision.display_name or "") if shared else (directory.last_name or ""),
        "first_name": "" if shared else (directory.first_name or ""),
        "job_title": directory.job_title or "",
        "phone": directory.phone or "",
        "atrium_id": str(int(atrium_id)) if atrium_id else "",
    }


def _today(legacy: LegacyAddress | None, decision: _Decision | None) -> str:
    """What the address is on the old host, in words."""
    if legacy is None:
        new = isinstance(decision, Mailbox) and decision.new
        return "Nouvelle adresse" if new else ""
    to = ", ".join(legacy.targets)
    renamed = isinstance(decision, Mailbox) and decision.was == legacy.address
    if legacy.kind == "mailbox":
        count = "" if legacy.messages is None else f", {legacy.messages:,} message{'s' if legacy.messages > 1 else ''}"
        text = f"Boîte{count}".replace(",", "\N{NARROW NO-BREAK SPACE}").replace("\N{NARROW NO-BREAK SPACE} ", ", ")
        text += f", copie à {to}" if to else ""
        return f"{text} (s’appelait {legacy.address})" if renamed else text
    words = {"alias": "Alias de", "forward": "Redirigée à l’extérieur vers", "list": "Liste :"}
    return f"{words[legacy.kind]} {to}" if to else words[legacy.kind].rstrip(" :").removesuffix(" de")


def _alphabetical(address: str) -> tuple[str, str]:
    """By domain, then by name: a town's addresses stand together."""
    local, _, domain = address.rpartition("@")
    return domain, local
