"""Rows → decisions: what each address becomes, and what was remarked on the way. Pure.

A row with an error decides nothing: what the file of the federation says of that address stays.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from reconcile.answers.cells.address import address as read_address
from reconcile.answers.cells.address import people as read_people
from reconcile.answers.cells.atrium import atrium as read_atrium
from reconcile.answers.cells.licence import keep as read_keep
from reconcile.answers.cells.licence import licence as read_licence
from reconcile.answers.cells.licence import old_mail as read_old_mail
from reconcile.answers.cells.names import names as read_names
from reconcile.answers.cells.phone import phone as read_phone
from reconcile.answers.cells.text import clean, folded, is_ditto
from reconcile.answers.finding import Finding, Said
from reconcile.answers.table import Record, Table
from reconcile.config.federation.federation import Federation
from reconcile.config.inventory.inventory import Inventory
from reconcile.documents.workbook.columns import ALIAS, COLUMNS, SHARED, Key
from reconcile.documents.workbook.rows import Row

Outcome = Literal["mailbox", "alias", "given_up", "undecided"]


@dataclasses.dataclass(frozen=True, slots=True)
class Decision:
    """What one row decides. ``fields``: what it says of a mailbox, by column; a column that is not in it was not filled
    in, or says what was pre-filled. ``people``: None when that is so of them."""

    address: str
    outcome: Outcome
    licence: str = ""
    target: str = ""
    old_mail: str | None = None
    people: tuple[str, ...] | None = None
    fields: Mapping[Key, str | int | None] = dataclasses.field(default_factory=dict)
    why: str = ""
    new: bool = False
    row: int = -1


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """Everything a returned file says. ``undecided``: addresses nobody decided on, in it or in the YAML."""

    decisions: tuple[Decision, ...]
    findings: tuple[Finding, ...]
    records: tuple[Record, ...]
    undecided: tuple[str, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(one for one in self.findings if one.level == "error")


def understand(table: Table, federation: Federation, inventory: Inventory | None, rows: Sequence[Row]) -> Answer:
    """``rows``: what a workbook made today would ask."""
    reading = _Reading(table, federation, inventory, rows)
    return reading.answer()


@dataclasses.dataclass(slots=True)
class _Row:
    """A record on its way."""

    record: Record
    address: str
    said: list[tuple[Key, Said]]
    decision: Decision | None = None

    @property
    def wrong(self) -> bool:
        return any(told.level == "error" for _, told in self.said)

    def say(self, key: Key, *told: Said) -> None:
        self.said += [(key, one) for one in told]


class _Reading:
    def __init__(self, table: Table, federation: Federation, inventory: Inventory | None, rows: Sequence[Row]) -> None:
        self.table = table
        self.federation = federation
        self.inventory = inventory
        self.asked = {row["address"]: row for row in rows}
        self.domains = federation.domains
        code = federation.file.code
        self.department = code.zfill(3) if code[:1].isdigit() else ""
        self.external = frozenset(federation.file.external_members)
        self.rows: list[_Row] = []
        self.findings: list[Finding] = list(table.findings)

    def answer(self) -> Answer:
        self._addresses()
        self._twice()
        persons = self._persons()
        above: Mapping[Key, str] = {}
        for one in self.rows:
            cells = self._dittos(one, above)
            above = cells
            if one.address:
                self._decide(one, cells, persons)
        self._links()
        missing = self._missing()
        decisions = tuple(one.decision for one in self.rows if one.decision is not None and not one.wrong)
        return Answer(decisions, (*self.findings, *self._told()), tuple(one.record for one in self.rows), missing)

    # --- which address each row is about ---

    def _addresses(self) -> None:
        for record in self.table.records:
            one = _Row(record, "", list(record.said))
            self.rows.append(one)
            written = record.cells.get("address", "")
            if not written:
                one.say("address", Said("WBK33", "error", "Cette ligne est remplie et n’a pas d’adresse."))
                continue
            exact = written.lower()
            if exact in self.asked:
                one.address = exact
                continue
            found = read_address(written, self.domains)
            one.say("address", *found.said)
            one.address = found.value or ""

    def _twice(self) -> None:
        counts = Counter(one.address for one in self.rows if one.address)
        firsts: dict[str, _Row] = {}
        for one in self.rows:
            if counts[one.address] < 2 or not one.address:
                continue
            first = firsts.setdefault(one.address, one)
            if first is one:
                continue
            if all(first.record.cells.get(key) == text for key, text in one.record.cells.items() if key != "address"):
                told = f"{one.address} est deux fois dans le fichier, avec les mêmes réponses."
                one.say("address", Said("WBK32", "corrected", told))
            else:
                told = f"{one.address} est deux fois dans le fichier, avec des réponses différentes : gardez une ligne."
                first.say("address", Said("WBK32", "error", told))
                one.say("address", Said("WBK32", "error", told))
            one.address = ""

    def _persons(self) -> Mapping[str, list[str]]:
        """Names, folded, in either order → the addresses of this file that bear them."""
        found: dict[str, list[str]] = {}
        for one in self.rows:
            last, first = one.record.cells.get("last_name", ""), one.record.cells.get("first_name", "")
            if not one.address or read_licence_word(one.record) in (SHARED, ALIAS):
                continue
            for name in {folded(f"{first} {last}"), folded(f"{last} {first}"), folded(first), folded(last)}:
                if name:
                    found.setdefault(name, []).append(one.address)
        return {name: list(dict.fromkeys(addresses)) for name, addresses in found.items()}

    def _dittos(self, one: _Row, above: Mapping[Key, str]) -> Mapping[Key, str]:
        cells = dict(one.record.cells)
        for key in ("job_title", "phone", "atrium_id"):
            written = cells.get(key, "")
            if not is_ditto(written):
                continue
            if above.get(key):
                cells[key] = above[key]
                told = f"« {written} » a été lu {above[key]}, comme à la ligne du dessus : confirmez."
                one.say(key, Said("WBK59", "confirm", told))
            else:
                one.say(key, Said("WBK59", "error", f"« {written} » ne dit rien : la ligne du dessus est vide."))
                cells[key] = ""
        return cells

    # --- what a row decides ---

    def _decide(self, one: _Row, cells: Mapping[Key, str], persons: Mapping[str, Sequence[str]]) -> None:
        asked = self.asked.get(one.address)
        known = self._current(one.address)
        self._remarks(one, cells, asked)
        if asked is not None and all(
            cells.get(key, "") == clean(asked[key]) for key in _ANSWERED if key in one.record.columns
        ):
            if known:
                return  # as it was handed out: what the file decides stays
            one.decision = Decision(one.address, "undecided", row=one.record.row)
            return
        self._shifted(one, cells)
        faults = [(key, told.code) for key, told in one.said if told.level == "error"]
        if any(key in ("keep", "licence") or code == "WBK16" for key, code in faults):
            return  # one cause, one remark
        kept, chosen = read_keep(cells.get("keep", "")), read_licence(cells.get("licence", ""))
        one.say("keep", *kept.said)
        one.say("licence", *chosen.said)
        keep, licence = kept.value, chosen.value.licence if chosen.value else ""
        target = cells.get("target", "") or (chosen.value.target if chosen.value else "")
        if not target and not licence and not chosen.said and "alias de " in folded(cells.get("remarks", "")):
            licence, target = ALIAS, folded(cells["remarks"]).partition("alias de ")[2].split()[0]
            told = f"D’après la remarque, un alias de {target} : confirmez."
            one.say("remarks", Said("WBK41", "confirm", told))
        if keep is False:
            self._given_up(one, cells, asked, licence)
            return
        if keep is None and not kept.said and licence:
            if asked is not None and not asked["keep"]:
                told = f"« {COLUMNS['keep'].title} » est vide et une licence est choisie : lu Oui, confirmez."
                one.say("keep", Said("WBK38", "confirm", told))
            keep = True
        if keep is None:
            if not kept.said and not chosen.said:
                one.decision = Decision(one.address, "undecided", row=one.record.row)
            return
        if not licence:
            if not chosen.said:
                told = "L’adresse est conservée et n’a pas de licence : choisissez E1, E3, Partagée ou Alias."
                one.say("licence", Said("WBK39", "error", told))
            return
        new = asked is None or (not known and one.address not in (self.inventory.addresses if self.inventory else {}))
        if asked is None:
            self._nearly(one)
        if licence == ALIAS:
            self._alias(one, cells, target, new)
        else:
            self._mailbox(one, cells, licence, persons, asked, new)

    def _remarks(self, one: _Row, cells: Mapping[Key, str], asked: Row | None) -> None:
        remark = cells.get("remarks", "")
        if remark and (asked is None or remark != clean(asked["remarks"])):
            one.say("remarks", Said("WBK60", "confirm", f"Remarque à lire : « {remark} »."))
        if one.record.note:
            one.say("address", Said("WBK60", "confirm", f"Commentaire de cellule à lire : « {one.record.note} »."))

    def _shifted(self, one: _Row, cells: Mapping[Key, str]) -> None:
        """A licence or an answer in a column where none belongs: the row was written, or pasted, beside itself."""
        for key in ("keep", "target", "people", "phone", "atrium_id", "last_name", "first_name"):
            word = cells.get(key, "")
            strange = word in ("E1", "E3", SHARED, ALIAS) or (key != "keep" and word in ("Oui", "Non"))
            if strange or (key in ("keep", "phone", "atrium_id", "last_name") and "@" in word):
                told = f"« {word} » est dans la colonne {COLUMNS[key].title} : les cases de cette ligne sont décalées."
                one.say(key, Said("WBK16", "error", told))

    def _nearly(self, one: _Row) -> None:
        absent = [address for address in self.asked if address not in {row.address for row in self.rows}]
        if near := difflib.get_close_matches(one.address, absent, 1, 0.87):
            told = f"{one.address} n’existe pas aujourd’hui, et {near[0]} manque : est-ce bien une nouvelle adresse ?"
            one.say("address", Said("WBK36", "confirm", told))

    def _given_up(self, one: _Row, cells: Mapping[Key, str], asked: Row | None, licence: str) -> None:
        if asked is None:
            told = f"{one.address} n’existe pas aujourd’hui et n’est pas à conserver : ligne sans effet."
            one.say("keep", Said("WBK64", "corrected", told))
            return
        if licence and licence != asked["licence"]:
            told = "L’adresse n’est pas conservée et une licence est choisie : lequel des deux ?"
            one.say("licence", Said("WBK38", "error", told))
            return
        why = cells.get("remarks", "")
        one.decision = Decision(one.address, "given_up", why=why, row=one.record.row)

    def _alias(self, one: _Row, cells: Mapping[Key, str], target: str, new: bool) -> None:
        if not target:
            one.say("target", Said("WBK42", "error", "Un alias renvoie vers une adresse : indiquez laquelle."))
            return
        found = read_address(target, self.domains)
        domain = found.value.rpartition("@")[2] if found.value else ""
        if found.value is None:
            outside = any(told.code == "WBK35" for told in found.said)
            told = (
                f"Un alias ne peut renvoyer vers {target}, qui est hors de votre domaine."
                if outside
                else found.said[0].sentence
            )
            one.say("target", Said("WBK43" if outside else "WBK42", "error", told))
            return
        if domain != one.address.rpartition("@")[2]:
            told = f"Un alias est dans le même domaine que son adresse cible : {found.value} est dans un autre."
            one.say("target", Said("WBK43", "error", told))
            return
        if found.value == one.address:
            one.say("target", Said("WBK42", "error", "Cet alias renvoie vers lui-même."))
            return
        one.say("target", *(told for told in found.said if told.level != "corrected"))
        decided = read_old_mail(cells.get("old_mail", ""))
        one.say("old_mail", *decided.said)
        box = self.inventory.mailbox(one.address) if self.inventory else None
        if box is not None and box.holds_mail and decided.value is None and not decided.said:
            told = f"{one.address} a sa propre boîte aujourd’hui : fusionner ou abandonner ses anciens messages ?"
            one.say("old_mail", Said("WBK44", "error", told))
        value = decided.value if box is not None else None
        one.decision = Decision(one.address, "alias", target=found.value, old_mail=value, new=new, row=one.record.row)

    def _mailbox(
        self,
        one: _Row,
        cells: Mapping[Key, str],
        licence: str,
        persons: Mapping[str, Sequence[str]],
        asked: Row | None,
        new: bool,
    ) -> None:
        fields: dict[Key, str | int | None] = {}
        same = {key for key in _FIELDS if asked is not None and cells.get(key, "") == clean(asked[key])}
        was_shared = asked is not None and asked["licence"] == SHARED
        if was_shared != (licence == SHARED):
            same -= {"last_name", "first_name"}
        if asked is None or not asked["licence"]:
            same = {key for key in same if asked is not None and asked[key]}
        self._names(one, cells, licence, same, fields)
        if "job_title" not in same:
            fields["job_title"] = cells.get("job_title", "") or None
        if "phone" not in same:
            raw = one.record.raw.get("phone")
            number = raw is not None and raw.kind == "number"
            text = raw.shown if raw is not None and number and raw.shown else cells.get("phone", "")
            found = read_phone(text, number=number)
            one.say("phone", *found.said)
            fields["phone"] = found.value
        if "atrium_id" not in same:
            raw = one.record.raw.get("atrium_id")
            read = read_atrium(cells.get("atrium_id", ""), raw.kind if raw is not None else "text", self.department)
            one.say("atrium_id", *read.said)
            fields["atrium_id"] = read.value
        self._emptied(one, cells, asked, fields)
        who = self._people(one, cells, licence, persons, asked)
        one.decision = Decision(
            one.address, "mailbox", licence=licence, people=who, fields=fields, new=new, row=one.record.row
        )

    def _names(
        self, one: _Row, cells: Mapping[Key, str], licence: str, same: set[Key], fields: dict[Key, str | int | None]
    ) -> None:
        last, first = cells.get("last_name", ""), cells.get("first_name", "")
        if licence == SHARED:
            if "last_name" in same and "first_name" in same:
                return
            shown = clean(f"{first} {last}") if first else last
            fields["last_name"] = shown or None
            if not shown:
                told = "Une adresse partagée a un nom à afficher : indiquez-le dans Nom."
                one.say("last_name", Said("WBK48", "confirm", told))
            return
        if {"last_name", "first_name"} <= same and last and first:
            return
        found = read_names(last, first)
        one.say("last_name", *found.said)
        if found.value is None or not found.value.last or not found.value.first:
            lacks = "nom" if found.value is None or not found.value.last else "prénom"
            one.say(
                "last_name",
                Said("WBK48", "error", f"Une adresse personnelle a un nom et un prénom : il manque le {lacks}."),
            )
            return
        fields |= {"last_name": found.value.last, "first_name": found.value.first}

    def _emptied(
        self, one: _Row, cells: Mapping[Key, str], asked: Row | None, fields: Mapping[Key, str | int | None]
    ) -> None:
        for key in ("job_title", "phone", "atrium_id"):
            emptied = asked is not None and asked[key] and key in one.record.columns and not cells.get(key)
            if emptied and asked and key in fields and asked[key] != str(self.federation.file.atrium_id):
                told = f"{COLUMNS[key].title} : « {asked[key]} » a été effacé, confirmez."
                one.say(key, Said("WBK61", "confirm", told))

    def _people(
        self, one: _Row, cells: Mapping[Key, str], licence: str, persons: Mapping[str, Sequence[str]], asked: Row | None
    ) -> tuple[str, ...] | None:
        written = one.record.raw["people"].text if "people" in one.record.raw else ""
        if licence != SHARED:
            if clean(written) and not (asked is not None and clean(written) == clean(asked["people"])):
                told = "Une adresse personnelle n’a pas d’autres personnes : est-elle partagée ?"
                one.say("people", Said("WBK64", "confirm", told))
            return None
        if not clean(written):
            one.say(
                "people",
                Said("WBK45", "error", "Une adresse partagée a au moins une personne : indiquez leurs adresses."),
            )
            return None
        if asked is not None and asked["licence"] == SHARED and clean(written) == clean(asked["people"]):
            return None
        found = read_people(written, self.domains, persons, self.external)
        one.say("people", *found.said)
        if found.value == () and not found.said:
            one.say("people", Said("WBK45", "error", "Une adresse partagée a au moins une personne."))
        return found.value

    # --- what rows owe each other ---

    def _links(self) -> None:
        """An alias needs its target, a shared mailbox the people it names: in this file, or decided already."""
        while True:
            personal, boxes = self._standing()
            said = []
            for one in self.rows:
                decision = one.decision
                if decision is None or one.wrong:
                    continue
                if decision.outcome == "alias" and decision.target not in boxes:
                    told = f"{decision.target} n’est pas une adresse conservée : un alias ne peut y renvoyer."
                    said.append((one, "target", Said("WBK42", "error", told)))
                for who in decision.people or ():
                    if who not in personal and who not in self.external:
                        told = f"{who} n’a pas d’adresse personnelle (E1 ou E3) dans ce fichier."
                        said.append((one, "people", Said("WBK46", "error", told)))
            if not said:
                return
            for one, key, told_of in said:
                one.say(key, told_of)  # type: ignore[arg-type]

    def _standing(self) -> tuple[set[str], set[str]]:
        """The personal mailboxes, and all mailboxes, once these decisions are taken."""
        licences = {address: box.licence for address, box in self.federation.file.mailboxes.items()}
        for one in self.rows:
            if one.decision is None or one.wrong or one.decision.outcome == "undecided":
                continue
            licences.pop(one.decision.address, None)
            if one.decision.outcome == "mailbox":
                licences[one.decision.address] = "shared" if one.decision.licence == SHARED else "E1"
        return {address for address, word in licences.items() if word != "shared"}, set(licences)

    def _current(self, address: str) -> bool:
        """Whether the federation's file decides on it."""
        row = self.asked.get(address)
        return row is not None and bool(row["keep"])

    def _missing(self) -> tuple[str, ...]:
        present = {row.address for row in self.rows}
        undecided = {
            one.address for one in self.rows if one.decision is not None and one.decision.outcome == "undecided"
        }
        for address in sorted(self.asked):
            if address in undecided:
                where = next(one.record for one in self.rows if one.address == address)
                told = f"{address} : rien n’est décidé. Répondez Oui ou Non."
                self.findings.append(Finding("WBK30", "error", told, where.sheet, where.at("keep"), address))
            elif address not in present:
                stays = self._current(address)
                told = f"{address} n’est plus dans le fichier : " + (
                    "rien n’y change." if stays else "répondez Oui ou Non."
                )
                self.findings.append(Finding("WBK31", "confirm" if stays else "error", told, address=address))
                if not stays:
                    undecided.add(address)
        wrong = {one.address for one in self.rows if one.wrong and one.address and not self._current(one.address)}
        return tuple(sorted(undecided | (wrong & self.asked.keys())))

    def _told(self) -> Iterable[Finding]:
        for one in self.rows:
            for key, told in dict.fromkeys(one.said):
                yield Finding(
                    told.code,
                    told.level,
                    told.sentence,
                    one.record.sheet,
                    one.record.at(key),
                    one.address,
                    one.record.raw[key].text if key in one.record.raw else "",
                    _understood(one.decision, key) if not one.wrong else "",
                )


#: Columns that are compared with what was handed out.
_ANSWERED: tuple[Key, ...] = (
    "keep",
    "licence",
    "target",
    "old_mail",
    "people",
    "last_name",
    "first_name",
    "job_title",
    "phone",
    "atrium_id",
)
_FIELDS: tuple[Key, ...] = ("last_name", "first_name", "job_title", "phone", "atrium_id")


def read_licence_word(record: Record) -> str:
    chosen = read_licence(record.cells.get("licence", "")).value
    return chosen.licence if chosen else ""


def _understood(decision: Decision | None, key: Key) -> str:
    if decision is None:
        return ""
    match key:
        case "licence":
            return ALIAS if decision.outcome == "alias" else decision.licence
        case "keep":
            return {"given_up": "Non", "undecided": ""}.get(decision.outcome, "Oui")
        case "target":
            return decision.target
        case "people":
            return " ; ".join(decision.people or ())
        case "address":
            return decision.address
        case _:
            return str(decision.fields.get(key) or "")
