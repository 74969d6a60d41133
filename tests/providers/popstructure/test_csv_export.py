"""PopStructure's export in the shapes people hand it on, and what is understood of each cell."""

from __future__ import annotations

import codecs
import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.config.structures.register import Register
from reconcile.problem import Problem
from reconcile.providers.popstructure.cells import Doubt, fact_of, line_of, number_of
from reconcile.providers.popstructure.csv_export import CsvExport, Reading
from reconcile.state.structures import decode, encode

NOW = dt.datetime(2025, 1, 6, 9, 30, tzinfo=dt.UTC)
USUAL = """\
Code structure;Nom;Adresse;Code postal;Ville;Site web;Facebook
FD CE 055 0 00000 002650;Siège;12 rue des Fontaines;55000;Bar-le-Duc;https://www.spf55.example;https://www.facebook.com/spf55/
ANT CE 055 0 00000 002689;Antenne de Verdun;3 quai des Tanneurs;55100;Verdun;;
"""


def read(folder: Path, data: str | bytes, columns: dict[str, list[str]] | None = None) -> Reading:
    file = folder / "export.csv"
    file.write_bytes(data if isinstance(data, bytes) else data.encode())
    return CsvExport(file, columns or {}).read(NOW)  # type: ignore[arg-type]


def test_the_usual_export_is_understood_whole(tmp_path: Path) -> None:
    reading = read(tmp_path, USUAL)
    seat, verdun = reading.register.structures[2650], reading.register.structures[2689]
    assert reading.doubts == ()
    assert (seat.department, seat.code) == ("055", "FD CE 055 0 00000 002650")
    assert dict(seat.facts) == {
        "name": "Siège",
        "street": "12 rue des Fontaines",
        "postal_code": "55000",
        "city": "Bar-le-Duc",
        "website": "https://www.spf55.example",
        "networks": "facebook.com/spf55",
    }
    assert verdun.lacks(["website", "networks", "city"]) == ("website", "networks")


@pytest.mark.parametrize(
    "data",
    [
        codecs.BOM_UTF8 + USUAL.encode(),
        USUAL.encode("cp1252"),
        codecs.BOM_UTF16_LE + USUAL.replace(";", "\t").encode("utf-16-le"),
        USUAL.replace("\n", "\r\n").encode(),
        f"sep=;\n{USUAL}".encode(),
        f"Export PopStructure du 06/01/2025, toutes structures, actives\n\n;;\n{USUAL}".encode(),
        USUAL.replace(";", ",").encode(),
        USUAL.replace("Code structure", "CODE  STRUCTURE ").replace("Ville", "Commune").encode(),
    ],
    ids=["utf-8 with its mark", "windows", "utf-16", "crlf", "sep=", "a heading", "commas", "other titles"],
)
def test_whatever_a_spreadsheet_makes_of_it_it_says_the_same(data: bytes, tmp_path: Path) -> None:
    assert read(tmp_path, data).register.structures == read(tmp_path, USUAL).register.structures


def test_columns_that_reconcile_toml_names_are_taken_and_several_make_one_line(tmp_path: Path) -> None:
    data = "Id;Où;Suite;Insta;Rézo\n2689;3 quai des Tanneurs;Bât. B;@spf55;x\n"
    own = {"code": ["Id"], "street": ["Où", "Suite"], "networks": ["Insta"]}
    reading = read(tmp_path, data, own)
    assert dict(reading.register.structures[2689].facts) == {
        "street": "3 quai des Tanneurs, Bât. B",
        "networks": "Insta : @spf55",
    }
    assert reading.register.columns == ("street", "networks")
    with pytest.raises(Problem, match="no column 'Voie'") as refused:
        read(tmp_path, data, {**own, "street": ["Voie"]})
    assert (refused.value.code, "Où" in refused.value.hint) == ("STR11", True)


def test_what_cannot_be_understood_is_said_with_its_line_and_left_out(tmp_path: Path) -> None:
    rows = [
        "Code structure;Nom;Code postal;Site web;Facebook",
        "Total;12;;;",
        "ANT CE 055 0 00000 002689;Verdun;Verdun;n'en a pas;",
        '2690.0;"Antenne\nde Stenay";1000.0;www.stenay.example;-',
        "ANT CE 055 0 00000 002689;Verdun bis;55100;;",
        f"2691;X;55200;https://{'a' * 60}.example;{'b' * 65}",
    ]
    reading = read(tmp_path, "\n".join(rows))
    lines = [doubt.removeprefix("export.csv:").partition(":")[0] for doubt in reading.doubts]
    assert lines == ["2", "3", "3", "6", "7", "7"]
    assert "stands there twice" in reading.doubts[3]
    assert dict(reading.register.structures[2690].facts) == {
        "name": "Antenne, de Stenay",
        "postal_code": "01000",
        "website": "https://www.stenay.example",
        "networks": None,
    }
    assert dict(reading.register.structures[2689].facts)["website"] is None


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no column of codes"),
        (b"Nom;Ville\nSiege;Bar-le-Duc\n", "no column of codes"),
        (b"PK\x03\x04rest", "it is a workbook"),
        (b"\xff\xfe\x00", "begins as UTF-16"),
        (b'Code structure;Nom\n2650;"' + b"x" * 200_000, "it is not CSV"),
    ],
)
def test_what_is_no_export_is_refused(data: bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(Problem, match=said) as refused:
        read(tmp_path, data)
    assert refused.value.code == "STR10"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="No such file"):
        CsvExport(tmp_path / "none.csv", {}).read(NOW)


@given(st.text(max_size=80))
def test_any_cell_becomes_one_printable_line(cell: str) -> None:
    line = line_of(cell)
    assert line.isprintable()
    assert line == line.strip()
    assert number_of(cell) is None or int(number_of(cell) or 0) > 0


@given(
    st.dictionaries(
        st.integers(1, 999_999_999), st.text(st.characters(codec="utf-8"), min_size=1, max_size=40), max_size=20
    )
)
def test_a_register_survives_being_kept(names: dict[int, str]) -> None:
    from reconcile.config.structures.register import RegisteredStructure

    kept = {
        number: RegisteredStructure(number, "", "055", {"name": line_of(name) or None, "city": None})
        for number, name in names.items()
    }
    register = Register(NOW, "export.csv", ("name", "city"), kept)
    assert decode(encode(register), Path("x.json")) == register
    assert encode(decode(encode(register), Path("x.json"))) == encode(register)


def test_a_cell_of_dashes_is_empty_and_one_of_words_no_web_address() -> None:
    assert fact_of("website", [("Site", " – ")]) is None
    with pytest.raises(Doubt, match="no web address"):
        fact_of("website", [("Site", "pas de site")])
