"""The tables that say where an old host is read from: what they refuse, and that the sandbox's stand alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconcile.config.settings.load import load_settings
from reconcile.problem import Problem

ROOT = Path(__file__).resolve().parents[3]


def written(folder: Path, table: str, name: str = "reconcile.toml") -> Path:
    file = folder / name
    base = (ROOT / "reconcile.toml").read_text(encoding="utf-8") if name == "reconcile.toml" else ""
    file.write_text(f"{base}\n[legacy.mutualise.inventory.{table}\n", encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('sql]\nmailboxes = "SELECT 1"', "either database or database_file is expected"),
        ('sql]\ndatabase = "mysql://h/d"\nmailboxes = "SELECT 1"', "does not begin with postgresql://"),
        ('sql]\ndatabase = "postgresql://u:sesame@h/d"\nmailboxes = "SELECT 1"', "holds a password"),
        ('sql]\ndatabase_file = "x.db"', "a query is expected"),
        ('doveadm]\nurl = "https://admin:sesame@imap.example:8080"', "is not like https://imap.mutualise.example:8080"),
        ('doveadm]\nurl = "imap.example"', "is not like https://imap.mutualise.example:8080"),
        ('doveadm]\nurl = "https://imap.example"\nkey = "sesame"', "no such key is known"),
        ("command]\ncommand = []", "the list is empty"),
        ('csv]\nfil = "x.csv"', "it is missing"),
        ('cvs]\nfile = "x.csv"', "no such key is known"),
    ],
)
def test_what_makes_no_source_is_refused_with_its_place_and_no_secret(table: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(Problem, match=words) as refused:
        load_settings([written(tmp_path, table)])
    assert refused.value.code == "CFG02"
    assert f"legacy.mutualise.inventory.{table.partition(']')[0]}" in refused.value.message
    assert "sesame" not in str(refused.value)


def test_files_are_beside_the_settings_that_name_them(tmp_path: Path) -> None:
    settings = load_settings([written(tmp_path, 'csv]\nfile = "adresses.csv"')])
    source = settings.legacy["mutualise"].inventory.csv
    assert source is not None
    assert source.file == tmp_path / "adresses.csv"


def test_a_sandbox_is_never_read_from_a_live_source(tmp_path: Path) -> None:
    live = written(tmp_path, 'csv]\nfile = "adresses.csv"')
    overlay = written(tmp_path, 'sql]\ndatabase_file = "x.sqlite"\nmailboxes = "SELECT 1"', "settings.toml")
    sources = load_settings([live, overlay]).legacy["mutualise"].inventory
    assert (sources.csv, sources.sql is not None) == (None, True)
