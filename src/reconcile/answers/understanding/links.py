"""What rows owe each other, and which addresses nobody has decided on."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

from reconcile.answers.finding import Finding, Said
from reconcile.answers.understanding.answer import Decision
from reconcile.answers.understanding.known import Known
from reconcile.answers.understanding.row import AnsweredRow
from reconcile.documents.workbook.columns import SHARED, Key


def check_links(rows: Sequence[AnsweredRow], known: Known) -> None:
    """An alias needs its target, a shared mailbox the people it names: in this file, or decided already. A row is wrong
    that lacks one, and so is a row that takes away what an address needs of which nothing new is said."""
    while True:
        live = {
            row.decision.address: row
            for row in rows
            if row.decision is not None and not row.wrong and row.decision.outcome != "undecided"
        }
        said = [*_lacking(live, _standing(live, known), known)]
        if not said:
            return
        for row, key, remark in said:
            row.say(key, remark)


@dataclasses.dataclass(slots=True)
class _Standing:
    """What there will be: mailboxes and whether each is shared, aliases → their targets, mailboxes → their people."""

    shared: dict[str, bool]
    targets: dict[str, str]
    people: dict[str, tuple[str, ...]]


def _standing(live: Mapping[str, AnsweredRow], known: Known) -> _Standing:
    boxes = known.federation.file.mailboxes
    there = _Standing(
        {address: box.licence == "shared" for address, box in boxes.items()},
        {alias.address: address for address, box in boxes.items() for alias in box.aliases},
        {address: tuple(one.who for one in box.delegates) for address, box in boxes.items()},
    )
    for address, row in live.items():
        assert row.decision is not None  # noqa: S101 - by which it is live
        decision: Decision = row.decision
        before = there.people.pop(address, ())
        there.shared.pop(address, None)
        there.targets.pop(address, None)
        if decision.outcome == "mailbox":
            there.shared[address] = decision.licence == SHARED
            if there.shared[address]:
                there.people[address] = before if decision.people is None else decision.people
        elif decision.outcome == "alias":
            there.targets[address] = decision.target
    return there


def _lacking(
    live: Mapping[str, AnsweredRow], there: _Standing, known: Known
) -> Iterator[tuple[AnsweredRow, Key, Said]]:
    for alias, target in there.targets.items():
        if target in there.shared:
            continue
        if alias in live:
            told = f"{target} n’est pas une adresse conservée : un alias ne peut y renvoyer."
            yield live[alias], "target", Said("WBK42", "error", told)
        elif target in live:
            told = f"L’alias {alias} renvoie vers {target}, qui ne serait plus une boîte : décidez d’abord de {alias}."
            yield live[target], "keep", Said("WBK42", "error", told)
    for box, people in there.people.items():
        for who in people:
            if there.shared.get(who) is False or who in known.outsiders:
                continue
            row = live.get(box)
            if row is not None and row.decision is not None and row.decision.people is not None:
                told = f"{who} n’a pas d’adresse personnelle (E1 ou E3) dans ce fichier."
                yield row, "people", Said("WBK46", "error", told)
            elif who in live:
                told = f"{who} a accès à {box}, qui attend une adresse personnelle : corrigez d’abord {box}."
                yield live[who], "keep", Said("WBK46", "error", told)


def undecided(rows: Sequence[AnsweredRow], known: Known) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """The addresses asked about that neither this file nor the federation's decides on, and what is said of those left
    open and of those whose row is gone."""
    present = {row.address for row in rows}
    open_rows = {
        row.address: row.record
        for row in reversed(rows)
        if row.decision is not None and row.decision.outcome == "undecided"
    }
    left, findings = set(open_rows), []
    for address in sorted(known.asked):
        if record := open_rows.get(address):
            told = "Rien n’est décidé : répondez Oui ou Non."
            findings.append(Finding("WBK30", "error", told, record.sheet, record.at("keep"), address))
        elif address not in present:
            stays = known.decided(address)
            told = "Cette adresse n’est plus dans le fichier : "
            told += "rien n’y change." if stays else "répondez Oui ou Non."
            findings.append(Finding("WBK31", "confirm" if stays else "error", told, address=address))
            if not stays:
                left.add(address)
    wrong = {row.address for row in rows if row.wrong and row.address and not known.decided(row.address)}
    return tuple(sorted(left | (wrong & known.asked.keys()))), tuple(findings)
