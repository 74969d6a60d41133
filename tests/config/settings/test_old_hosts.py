"""How an old host is reached and opened, as reconcile.toml says it."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconcile.config.settings.load import load_settings
from reconcile.config.settings.tables.legacy.legacy import LegacyServer
from reconcile.problem import Problem

EXAMPLE = (Path(__file__).parents[3] / "reconcile.toml").read_text(encoding="utf-8")
MASTER = 'master_user = "copieur"'


def host(folder: Path, *tables: str) -> LegacyServer:
    """``[legacy.other]`` as the files say it, each laid over the one before; the first is the example's."""
    paths = [folder / f"{number}.toml" for number in range(len(tables))]
    for number, (path, table) in enumerate(zip(paths, tables, strict=True)):
        path.write_text(
            f'{"" if number else EXAMPLE}\n[legacy.other]\nhost = "old.example"\n{table}\n', encoding="utf-8"
        )
    return load_settings(paths).legacy["other"]


@pytest.mark.parametrize(
    ("said", "tls", "port"),
    [
        ("", True, 993),
        ('tls = "starttls"', "starttls", 143),
        ('tls = "starttls"\nport = 1143', "starttls", 1143),
        ("tls = false\nin_the_clear = true\nport = 143", False, 143),
    ],
)
def test_starttls_has_a_port_of_its_own(tmp_path: Path, said: str, tls: object, port: int) -> None:
    shown = host(tmp_path, f"{MASTER}\n{said}")
    assert (shown.tls, shown.port) == (tls, port)


def test_starttls_is_not_in_the_clear(tmp_path: Path) -> None:
    assert not host(tmp_path, f'{MASTER}\ntls = "starttls"').in_the_clear


@pytest.mark.parametrize("opened", ["", f'{MASTER}\nmailbox_passwords_file = "old.csv"'])
def test_mailboxes_are_opened_in_one_way(tmp_path: Path, opened: str) -> None:
    with pytest.raises(Problem, match="either master_user or mailbox_passwords_file"):
        host(tmp_path, opened)


def test_a_later_file_replaces_the_way_of_the_earlier(tmp_path: Path) -> None:
    shown = host(tmp_path, 'mailbox_passwords_file = "old.csv"', MASTER)
    assert (shown.master_user, shown.mailbox_passwords_file) == ("copieur", None)
    shown = host(tmp_path, MASTER, 'mailbox_passwords_file = "old.csv"')
    assert (shown.master_user, shown.mailbox_passwords_file) == ("", tmp_path / "old.csv")
