"""An invented federation of some hundred addresses, its inventory, and its completed workbook: the same every run."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import openpyxl

from reconcile.config.inventory.inventory import Inventory, LegacyAddress
from reconcile.documents.workbook.columns import FIRST_ROW, KEYS
from reconcile.state.inventory import InventoryFolder

_TAKEN = dt.datetime(2025, 1, 6, tzinfo=dt.UTC)


def write_project(folder: Path, slug: str, addresses: int) -> None:
    """The federation's file and what its old host holds: of ten addresses six are people's, one is shared, one an
    alias, one given up, and one nobody has decided on."""
    code, domain = slug.removeprefix("spf"), f"{slug}.org"
    people = [f"prenom{n}.nom{n}@{domain}" for n in range(addresses * 6 // 10)]
    tenth = addresses // 10
    lines = [
        f'schema: 1\ncode: "{code}"\nname: Fédération {code}\ndomain: {domain}\natrium_id: 2650',
        "migration: {date: 2025-01-20}\nlegacy: {server: mutualise}\nmailboxes:",
    ]
    for n, address in enumerate(people):
        alias = f"\n    aliases: [alias{n}@{domain}]" if n < addresses - len(people) - 3 * tenth else ""
        lines.append(
            f"  {address}:\n    licence: {'E3' if n % 3 == 0 else 'E1'}{alias}\n    directory: {{last_name: Nom{n}, "
            f'first_name: Prénom, job_title: Bénévole, phone: "01 99 00 {n // 100:02d} {n % 100:02d}"}}'
        )
    for n in range(tenth):
        who = ", ".join(people[(n * 3 + step) % len(people)] for step in range(3))
        lines.append(
            f"  boite{n}@{domain}:\n    licence: Partagée\n    display_name: Boîte {n}\n    delegates: [{who}]\n"
            f"    directory: {{phone: null}}"
        )
    lines.append("not_migrated:\n" + "\n".join(f"  - parti{n}@{domain}" for n in range(tenth)))
    (folder / "federations").mkdir(parents=True, exist_ok=True)
    (folder / "federations" / f"{slug}.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    names = [*people, *(f"{word}{n}@{domain}" for word in ("boite", "parti", "ancien") for n in range(tenth))]
    held = {
        name: LegacyAddress(name, "mailbox", name, (), 80_000_000 + n, 400 + n, dt.date(2025, 1, 4))
        for n, name in enumerate(names)
    }
    inventory = Inventory(slug, "mutualise", _TAKEN, (domain,), ("csv",), held)
    InventoryFolder(folder / "spfstate" / "inventory", sandbox=False).write(inventory)


def complete(workbook: Path, returned: Path) -> None:
    """What comes back: every open address answered, one row in five written as people write."""
    book = openpyxl.load_workbook(workbook)
    sheet = book["Adresses"]
    at = {key: place for place, key in enumerate(KEYS, 1)}
    for number, row in enumerate(range(FIRST_ROW + 1, sheet.max_row + 1)):
        address = str(sheet.cell(row, 1).value or "")
        if address.startswith("ancien"):
            filled: dict[str, Any] = {"keep": "oui", "licence": "e1", "last_name": "ROY", "first_name": f"Léa {number}"}
        elif address.startswith("prenom") and number % 5 == 0:
            filled = {"licence": "E 1", "phone": 199010000 + number, "remarks": "à revoir"}
        elif number % 50 == 1 and address:
            filled = {"licence": "E1/E3"}
        else:
            continue
        for key, value in filled.items():
            sheet.cell(row, at[key]).value = value  # type: ignore[index]
    book.save(returned)


def cells_of(workbook: Path, target: Path) -> None:
    """Every cell of the workbook, sheet by sheet, as JSON."""
    book = openpyxl.load_workbook(workbook)
    sheets = {
        sheet.title: [
            [cell.row - 1, cell.column - 1, str(cell.value) if isinstance(cell.value, dt.date) else cell.value]
            for row in sheet.iter_rows()
            for cell in row
            if cell.value is not None
        ]
        for sheet in book
    }
    target.write_text(json.dumps(sheets, ensure_ascii=False), encoding="utf-8")
