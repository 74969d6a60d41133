"""Whatever a federation's file says: its workbook comes back with the same answers, and each edit as that edit."""

from __future__ import annotations

import io
from collections.abc import Mapping
from types import MappingProxyType

import openpyxl
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.answers.any_answer import Filled, answers
from tests.answers.any_dirt import Dirt, delete, dirt
from tests.answers.any_federation import Place, federation_of, places
from tests.answers.corpus import free_row, put, row_of

from reconcile.answers.cells.phone import phone
from reconcile.answers.cells.text import clean
from reconcile.answers.federation_file import decided_tree
from reconcile.answers.reading.read import read
from reconcile.answers.table import table
from reconcile.answers.understanding.answer import Answer
from reconcile.answers.understanding.understand import understand
from reconcile.config.document.document import read_document
from reconcile.config.document.edit import edited
from reconcile.documents.workbook.columns import KEYS, Key
from reconcile.documents.workbook.rows import rows_of


def filled_in(place: Place, filled: Mapping[str, Filled], dirty: Mapping[str, Dirt] = MappingProxyType({})) -> bytes:
    """The workbook of a federation, completed in another program; then some of the rows made dirty."""
    book = openpyxl.load_workbook(io.BytesIO(place.workbook()))
    sheet = book["Adresses"]
    asked = {row["address"] for row in rows_of(place.federation, place.inventory)}
    for address, cells in filled.items():
        row = row_of(sheet, address) if address in asked else free_row(sheet)
        put(sheet, row, address=address, **{key: value or None for key, value in cells.items()})
    for row, soil in [(row_of(sheet, address), soil) for address, soil in dirty.items()]:
        soil(sheet, row)
    output = io.BytesIO()
    book.save(output)
    return output.getvalue()


def taken(place: Place, data: bytes) -> tuple[Answer, str]:
    """What came back, and the file once it is taken."""
    rows = rows_of(place.federation, place.inventory)
    answer = understand(table(read(data)), place.federation, place.inventory, rows)
    tree = decided_tree(read_document(place.text).tree, place.federation, answer.decisions)
    return answer, edited(place.text, tree, "spf55.yaml")


Said = Mapping[Key, str]


def said(place: Place, text: str) -> Mapping[str, Said]:
    """What a workbook made of this file says of each address, in the columns that are filled in."""
    return {row["address"]: meant(row.cells) for row in rows_of(federation_of(text), place.inventory)}


def meant(cells: Mapping[Key, str]) -> Said:
    """A row's answers, without what makes no difference: blanks, ways to write a phone, why what is kept was not."""
    answers = KEYS[KEYS.index("keep") : KEYS.index("control")]
    shown = {key: clean(str(cells.get(key, ""))) for key in answers}
    shown["phone"] = str(phone(shown["phone"]).value or "")
    return {key: text for key, text in shown.items() if text and (key != "remarks" or shown["keep"] == "Non")}


def expected(place: Place, filled: Mapping[str, Filled]) -> Mapping[str, Said]:
    """What the workbook made afterwards is to say: each answer in the place of what stood there, and nothing else."""
    rows = {row["address"]: row.cells for row in rows_of(place.federation, place.inventory)}
    return {address: meant({**rows.get(address, {}), **filled.get(address, {})}) for address in (*rows, *filled)}


@settings(max_examples=40)
@given(places())
def test_a_workbook_that_nobody_touched_changes_nothing(place: Place) -> None:
    answer, after = taken(place, place.workbook())
    assert after == place.text
    asked = {row["address"] for row in rows_of(place.federation, place.inventory) if not row["keep"]}
    assert {(one.code, one.address) for one in answer.findings} == {("WBK30", address) for address in asked}
    assert set(answer.undecided) == asked


@settings(max_examples=40)
@given(st.data())
def test_each_answer_becomes_that_change_or_an_error_on_its_row(data: st.DataObject) -> None:
    place = data.draw(places())
    filled = data.draw(answers(place))
    answer, after = taken(place, filled_in(place, filled))
    before, now, wanted = said(place, place.text), said(place, after), expected(place, filled)
    wrong = {one.address for one in answer.errors}
    for address in wanted:
        assert now.get(address, {}) == (before.get(address, {}) if address in wrong else wanted[address]), address


@settings(max_examples=40)
@given(st.data())
def test_a_row_made_dirty_says_the_same_or_is_remarked_on(data: st.DataObject) -> None:
    place = data.draw(places())
    filled = data.draw(answers(place))
    everyone = [*expected(place, filled)]
    dirty = data.draw(st.dictionaries(st.sampled_from(everyone), dirt(), max_size=4))
    answer, after = taken(place, filled_in(place, filled, dirty))
    before, now, wanted = said(place, place.text), said(place, after), expected(place, filled)
    remarked = {one.address for one in answer.findings if one.level != "corrected"}
    wrong = {one.address for one in answer.errors}
    if "" in remarked:  # a row whose address can no longer be read
        remarked |= dirty.keys()
    for address in (*wanted, *now):
        if address in remarked or (address not in before and dirty.get(address) is delete):
            continue  # of a new row that is gone nothing tells
        meant_by = before if address in wrong else wanted
        assert now.get(address, {}) == meant_by.get(address, {}), address
