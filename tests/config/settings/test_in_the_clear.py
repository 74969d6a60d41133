"""Nothing crosses a network in the clear unless the settings say so."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconcile.config.settings.load import load_settings
from reconcile.problem import Problem

EXAMPLE = (Path(__file__).parents[3] / "reconcile.toml").read_text(encoding="utf-8")

POWERDNS = """
[dns.hosted.ours]
service = "powerdns"
zones = ["spf54.org"]
options = {{host = "{host}"{more}}}
{word}
"""
COPIES = """
[copies]
database = "postgresql://reconcile@{host}/copies{more}"
{word}
"""
OLD = """
[legacy.other]
host = "{host}"
master_user = "copieur"
tls = {tls}
{word}
"""
STATE = 'state = "{address}"\n{word}\n'


def loaded(folder: Path, text: str) -> None:
    settings = folder / "reconcile.toml"
    settings.write_text(text, encoding="utf-8")
    load_settings([settings])


OPEN = [
    pytest.param(
        STATE.format(address="http://state.example/terraform", word="{word}"), "state_in_the_clear", id="state"
    ),
    pytest.param(
        STATE.format(address="postgresql://h.example/db", word="{word}"), "state_in_the_clear", id="state-sql"
    ),
    pytest.param(
        STATE.format(address="postgresql://h.example/db?sslmode=prefer", word="{word}"),
        "state_in_the_clear",
        id="prefer",
    ),
    pytest.param(OLD.format(host="imap.example", tls="false", word="{word}"), "in_the_clear", id="old host"),
    pytest.param(POWERDNS.format(host="dns.example", more="", word="{word}"), "in_the_clear", id="PowerDNS"),
    pytest.param(COPIES.format(host="db.example", more="", word="{word}"), "in_the_clear", id="copies"),
]


@pytest.mark.parametrize(("table", "word"), OPEN)
def test_what_would_cross_in_the_clear_wants_a_word(table: str, word: str, tmp_path: Path) -> None:
    top = table.startswith("state")
    for text, allowed in ((table.replace("{word}", ""), False), (table.replace("{word}", f"{word} = true"), True)):
        whole = text + EXAMPLE if top else EXAMPLE + text
        if allowed:
            loaded(tmp_path, whole)
        else:
            with pytest.raises(Problem, match="in the clear") as refused:
                loaded(tmp_path, whole)
            assert word in refused.value.message


@pytest.mark.parametrize(
    "table",
    [
        STATE.format(address="https://state.example/terraform", word=""),
        STATE.format(address="http://127.0.0.1:8080/terraform", word=""),
        STATE.format(address="http://[::1]:8080/terraform", word=""),
        STATE.format(address="postgresql://h.example/db?sslmode=verify-full", word=""),
        STATE.format(address="postgresql:///db", word=""),
        STATE.format(address="postgresql://localhost/db", word=""),
        OLD.format(host="127.0.0.1", tls="false", word=""),
        OLD.format(host="imap.example", tls="true", word=""),
        POWERDNS.format(host="localhost", more="", word=""),
        POWERDNS.format(host="dns.example", more=', scheme = "https"', word=""),
        COPIES.format(host="db.example", more="?sslmode=require", word=""),
    ],
)
def test_what_is_secured_or_stays_on_this_machine_wants_none(table: str, tmp_path: Path) -> None:
    loaded(tmp_path, table + EXAMPLE if table.startswith("state") else EXAMPLE + table)


def test_a_host_that_only_looks_like_this_machine_is_another(tmp_path: Path) -> None:
    for host in ("localhost.example", "127.0.0.1.example", "0.0.0.0"):
        with pytest.raises(Problem, match="in the clear"):
            loaded(tmp_path, EXAMPLE + OLD.format(host=host, tls="false", word=""))
