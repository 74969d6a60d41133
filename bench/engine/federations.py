"""Invented federations by the hundred, the same for every run."""

from __future__ import annotations

from pathlib import Path


def write_federations(folder: Path, federations: int, boxes: int) -> None:
    """``federations`` files of ``boxes`` mailboxes each: 85 % people, 15 % shared with three delegates."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(federations):
        code = f"b{number:03d}"
        (folder / f"spf{code}.yaml").write_text(_federation(code, boxes), encoding="utf-8")


def _federation(code: str, boxes: int) -> str:
    domain = f"spf{code}.org"
    people = boxes * 85 // 100
    lines = [
        "schema: 1",
        f'code: "{code}"',
        f"name: Fédération {code}",
        f"domain: {domain}",
        "atrium_id: 2650",
        "migration: {date: 2025-01-20, rehearsed: 2025-01-08, confirmed: 2025-01-15,",
        "            surcharge_told: {date: 2025-01-14, monthly: '100000.00'}}",
        "overrides: {SPF502: essai, GAT02: essai, GAT03: essai, GAT06: essai, GAT07: essai, GAT08: essai}",
        "legacy: {server: mutualise}",
        "mailboxes:",
    ]
    for place in range(people):
        lines += [
            f"  prenom{place}.nom{place}@{domain}:",
            f"    licence: {'E3' if place % 3 == 0 else 'E1'}",
            f"    aliases: [p{place}@{domain}]",
            "    directory:",
            f"      last_name: Nom{place}",
            f"      first_name: Prénom{place}",
            "      job_title: Bénévole",
            f'      phone: "01 99 00 {place // 100:02d} {place % 100:02d}"',
        ]
    for place in range(boxes - people):
        lines += [
            f"  boite{place}@{domain}:",
            "    licence: Partagée",
            f"    display_name: Boîte {place}",
            "    delegates:",
            *(
                f"      - prenom{(place * 3 + step) % people}.nom{(place * 3 + step) % people}@{domain}"
                for step in range(3)
            ),
        ]
    return "\n".join(lines) + "\n"
