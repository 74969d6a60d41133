"""``reconcile structures`` and what the federation files are judged by once PopStructure was read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.scenarios.stage import Stage

TITLES = "Code structure;Nom;Adresse;Code postal;Ville;Site web;Réseaux sociaux"
SEAT = (
    "FD CE 055 0 00000 002650;Siège;12 rue des Fontaines;55000;Bar-le-Duc;https://www.spf55.example;facebook.com/spf55"
)
VERDUN = "ANT CE 055 0 00000 002689;Antenne de Verdun;;55100;Verdun;;"


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """The Meuse alone, which describes no structure itself."""
    made = Stage.examples(tmp_path)
    for other in ("spf88", "spf971"):
        (tmp_path / "federations" / f"{other}.yaml").unlink()
    text = (tmp_path / "federations" / "spf55.yaml").read_text(encoding="utf-8")
    start, end = text.index("# Ce que l'annuaire"), text.index("contact:\n")
    made.write("spf55", text[:start] + text[end:])
    with (tmp_path / "reconcile.toml").open("a", encoding="utf-8") as settings:
        settings.write('\n[structures.csv]\nfile = "popstructure.csv"\n')
    export(made, SEAT, VERDUN)
    return made


def export(stage: Stage, *rows: str) -> None:
    (stage.folder / "popstructure.csv").write_text("\n".join([TITLES, *rows, ""]), encoding="cp1252")


def test_a_federation_names_identifiers_and_its_addresses_show_what_popstructure_says(stage: Stage) -> None:
    said = stage.run("--live", "structures", "read", expect=0)
    assert "2 structures read from popstructure.csv; 1 without a whole postal address" in said.out
    (kept,) = (stage.folder / "spfstate" / "structures").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    shown = json.loads(stage.run("--live", "structures", "show", "55", "--json", expect=0).out)["structures"]
    assert [(one["atrium_id"], one["members"]["spf55"], one["lacking"]) for one in shown] == [
        (2650, 12, []),
        (2689, 4, ["street", "website", "networks"]),
    ]
    table = stage.run("--live", "structures", "show", "--incomplete", expect=0).out
    assert "✗ no street (SPF404)" in table
    assert "Siège" not in table


def test_an_incomplete_structure_is_an_error_at_j_5_and_the_file_s_own_words_mend_it(stage: Stage) -> None:
    stage.run("--live", "structures", "read", expect=0)
    early = stage.run("--live", "validate", "--as-of", "2025-01-02", expect=0).out
    assert "SPF404" not in early
    warned = stage.run("--live", "validate", "--as-of", "2025-01-07", expect=0).out
    assert "SPF404 warning: the structure 2689 (Antenne de Verdun) has no street" in warned
    stage.run("--live", "validate", "--as-of", "2025-01-15", expect=3)
    stage.edit("spf55", "contact:\n", "structures: [{atrium_id: 2689, street: 3 quai des Tanneurs}]\ncontact:\n")
    stage.run("--live", "validate", "--as-of", "2025-01-15", expect=0)
    (mended,) = json.loads(stage.run("--live", "structures", "show", "2689", "55", "--json").out)["structures"][1:]
    assert (mended["street"], mended["city"]) == ("3 quai des Tanneurs", "Verdun")


def test_what_popstructure_does_not_know_is_refused_and_a_neighbour_s_is_doubted(stage: Stage) -> None:
    export(stage, SEAT.replace(" 055 ", " 088 "))
    stage.run("--live", "structures", "read", expect=0)
    said = stage.run("--live", "validate", "--as-of", "2025-01-07", expect=3).out
    assert "SPF402 error: PopStructure knows no structure 2689 (read on" in said
    assert "SPF403 warning: the structure 2650 is of the department 088" in said


def test_two_readings_are_compared_and_a_cut_export_is_refused(stage: Stage) -> None:
    stage.run("--live", "structures", "read", expect=0)
    assert "STR21" in stage.run("--live", "structures", "compare", expect=1).err
    export(stage, SEAT)
    assert "STR12" in stage.run("--live", "structures", "read", expect=1).err
    assert len(list((stage.folder / "spfstate" / "structures").iterdir())) == 1
    (first,) = (stage.folder / "spfstate" / "structures").iterdir()
    first.rename(first.with_name("2025-01-02T080000Z.json"))
    export(stage, SEAT.replace("12 rue", "14 rue"), VERDUN, "2700;Stenay;1 place X;55700;Stenay;;")
    stage.run("--live", "structures", "read", expect=0)
    found = json.loads(stage.run("--live", "structures", "compare", "--json", "--detailed-exitcode", expect=2).out)
    assert (found["appeared"], found["gone"]) == ([2700], [])
    assert [(one["atrium_id"], one["fact"], one["after"]) for one in found["changed"]] == [
        (2650, "street", "14 rue des Fontaines")
    ]
    assert "~ 2650" in stage.run("--live", "structures", "compare", expect=0).out
    export(stage, SEAT)
    stage.run("--live", "structures", "read", "--fewer", expect=0)


def test_a_damaged_reading_stops_whoever_needs_it_and_says_what_to_do(stage: Stage) -> None:
    stage.run("--live", "structures", "read", expect=0)
    (kept,) = (stage.folder / "spfstate" / "structures").iterdir()
    whole = kept.read_bytes()
    newer = whole.replace(b'"format": 1', b'"format": 2')
    for data, code in ((whole[:-40], "STR01"), (newer, "STR02"), (b"[]", "STR01")):
        kept.write_bytes(data)
        assert code in stage.run("--live", "validate", expect=None).err
    kept.unlink()
    stage.run("--live", "validate", expect=0)


def test_without_a_source_or_a_reading_it_says_so(stage: Stage) -> None:
    assert "STR21" in stage.run("--live", "structures", "show", expect=1).err
    stage.settings('[structures.csv]\nfile = "popstructure.csv"\n', "")
    assert "STR20" in stage.run("--live", "structures", "read", expect=1).err
