"""Any federation with any inventory of its old host, as Hypothesis draws them: valid, and as odd as the rules allow."""

from __future__ import annotations

import dataclasses
import datetime as dt
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

from reconcile.config.federation.federation import Federation
from reconcile.config.inventory.inventory import Inventory, LegacyAddress
from reconcile.config.load import load_federations
from reconcile.config.settings.tables.tenant.prices import Prices
from reconcile.documents.workbook.identity import Identity
from reconcile.documents.workbook.rows import digest, rows_of
from reconcile.documents.workbook.workbook import Workbook, write

DOMAINS = ("spf55.org", "verdun.spf55.org")
_DAY = dt.date(2025, 1, 20)
#: Words that mean something to whoever reads a workbook, or to a spreadsheet.
_WORDS = (
    "idem", "E1", "Oui", "Alias", "=1+1", "+33", "-", "'", "#REF!", "1/2", "0612", "Fonction", "Nom", "x@y.fr",
    "DUPONT", "d’Aumale", "Zoé", "Zoe\u0301", "&", "<b>", "a  b", "\u00a0", "日本", "\U0001f469", ";", "12,5",
)  # fmt: skip

_printable = st.characters(exclude_categories=("C", "Z"), include_characters=" ")
lines = (
    st.lists(st.one_of(st.sampled_from(_WORDS), st.text(_printable, max_size=6)), min_size=1, max_size=3)
    .map(" ".join)
    .map(str.strip)
    .filter(lambda text: text and text.replace("\u00a0", " ").isprintable())
)
_locals = st.from_regex(r"[a-z][a-z0-9]{0,5}([.'_-][a-z0-9]{1,4})?", fullmatch=True)
phones = st.sampled_from(
    ("03 53 01 00 01", "0353010001", "+33 3 53 01 00 01", "0596 11 22 33", "3919", "39 19", "+32 2 555 12 12", "115")
)
atrium_ids = st.sampled_from(("2650", "2689", "000012", "ANT CE 055 0 00000 002689", "ANT CE 088 0 00000 002700"))


@dataclasses.dataclass(frozen=True)
class Place:
    """A federation's file, as text and as it is understood, and what its old host held."""

    text: str
    federation: Federation
    inventory: Inventory | None

    def workbook(self) -> bytes:
        rows = rows_of(self.federation, self.inventory)
        made = Identity("spf55", "1", "", digest(rows), "2025-01-06T09:00:00+00:00")
        structures = {int(one.atrium_id): one.name or "" for one in self.federation.file.structures}
        name = self.federation.file.name
        return write(Workbook(made, name, rows, _DAY, None, Prices(), _DAY, structures=structures))


def federation_of(text: str) -> Federation:
    """What a file of this text means; an AssertionError says why it is not valid."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "spf55.yaml").write_text(text, encoding="utf-8")
        loaded = load_federations(Path(folder))
        assert not loaded.errors, "\n".join(f"{one.code}: {one.message}" for one in loaded.errors) + text
        return loaded.select(["55"])[0]


@st.composite
def places(draw: st.DrawFn) -> Place:
    """A federation of up to fourteen addresses."""
    addresses = draw(
        st.lists(st.builds("{}@{}".format, _locals, st.sampled_from(DOMAINS)), min_size=1, max_size=14, unique=True)
    )
    parts = _dealt(draw, addresses, 5)
    persons, shared, aliases, given_up, unknown = parts
    boxes: dict[str, Any] = {address: _person(draw) for address in persons}
    for address in shared if persons else ():
        boxes[address] = _shared(draw, persons)
    for address in aliases:
        if owners := [box for box in boxes if box.endswith("@" + address.partition("@")[2])]:
            _add_alias(draw, boxes[draw(st.sampled_from(owners))], address)
    tree: dict[str, Any] = {
        "schema": "1",
        "code": "55",
        "name": draw(lines),
        "domain": DOMAINS[0],
        "subdomains": [DOMAINS[1]],
        "migration": {"date": _DAY.isoformat()},
        "legacy": {"server": "mutualise"},
        "external_members": ["national@secourspopulaire.example"],
    }
    if draw(st.booleans()):
        tree["atrium_id"] = draw(atrium_ids)
    if draw(st.booleans()):
        tree["structures"] = [{"atrium_id": "2689", "name": draw(lines)}]
    tree["mailboxes"] = boxes
    if given_up:
        tree["not_migrated"] = [
            {"address": one, "why": draw(lines)} if draw(st.booleans()) else one for one in given_up
        ]
    text = yaml.safe_dump(tree, sort_keys=False, allow_unicode=True, width=1000)
    return Place(text, federation_of(text), draw(st.one_of(st.none(), inventories(addresses, unknown))))


def _dealt(draw: st.DrawFn, addresses: Sequence[str], count: int) -> list[list[str]]:
    hands: list[list[str]] = [[] for _ in range(count)]
    for place, address in enumerate(addresses):
        hands[0 if place == 0 else draw(st.integers(0, count - 1))].append(address)
    return hands


def _person(draw: st.DrawFn) -> dict[str, Any]:
    box: dict[str, Any] = {"licence": draw(st.sampled_from(("E1", "E3")))}
    if draw(st.integers(0, 4)) == 0:
        box["new"] = "true"
    if draw(st.integers(0, 4)) == 0:
        box["display_name"] = draw(lines)
    if draw(st.integers(0, 4)) == 0:
        box["single_user"] = "true"
    box["directory"] = {
        "last_name": draw(lines.filter(lambda text: len(text) < 60)),
        "first_name": draw(lines.filter(lambda text: len(text) < 60)),
        **_more(draw),
    }
    return box


def _more(draw: st.DrawFn) -> dict[str, Any]:
    more: dict[str, Any] = {}
    if draw(st.booleans()):
        more["job_title"] = draw(lines)
    if draw(st.booleans()):
        more["phone"] = draw(st.one_of(st.none(), phones))
    if draw(st.integers(0, 3)) == 0:
        more["atrium_id"] = draw(atrium_ids)
    return more


def _shared(draw: st.DrawFn, persons: Sequence[str]) -> dict[str, Any]:
    box: dict[str, Any] = {"licence": draw(st.sampled_from(("shared", "Partagée")))}
    if draw(st.booleans()):
        box["display_name"] = draw(lines)
    who = [*draw(st.lists(st.sampled_from(persons), min_size=1, max_size=3, unique=True))]
    if draw(st.integers(0, 5)) == 0:
        who.append("national@secourspopulaire.example")
    box["delegates"] = [{"who": one, "rights": ["read"]} if draw(st.integers(0, 3)) == 0 else one for one in who]
    if draw(st.integers(0, 4)) == 0:
        box["hidden"] = "true"
    if more := _more(draw):
        box["directory"] = more
    return box


def _add_alias(draw: st.DrawFn, box: dict[str, Any], address: str) -> None:
    old_mail = draw(st.sampled_from((None, "merge", "drop")))
    box.setdefault("aliases", []).append({"address": address, "legacy_mail": old_mail} if old_mail else address)


@st.composite
def inventories(draw: st.DrawFn, addresses: Sequence[str], unknown: Sequence[str]) -> Inventory:
    """Some of the file's addresses, and others that it says nothing of."""
    found = {}
    for address in addresses:
        if address in unknown or draw(st.booleans()):
            kind = draw(st.sampled_from(("mailbox", "mailbox", "alias", "forward", "list")))
            box = kind == "mailbox"
            found[address] = LegacyAddress(
                address,
                kind,
                address.partition("@")[0] if box else "",
                () if box else ("x@example.net",),
                draw(st.one_of(st.none(), st.integers(0, 10**11))) if box else None,
                draw(st.one_of(st.none(), st.integers(0, 10**6))) if box else None,
                draw(st.one_of(st.none(), st.dates(dt.date(2000, 1, 1), _DAY))) if box else None,
            )
    if draw(st.booleans()):
        found["@spf55.org"] = LegacyAddress("@spf55.org", "catch_all", "", ("x@example.net",))
    taken = dt.datetime(2025, 1, 6, tzinfo=dt.UTC)
    return Inventory("spf55", "mutualise", taken, DOMAINS, ("csv",), found)
