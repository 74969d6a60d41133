"""What a machine is told that has no Dovecot, half of one, or one of a release nobody tried."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from reconcile.problem import Problem
from reconcile.sandbox.imap.dovecot import MailOwner
from reconcile.sandbox.imap.installed import Installed
from reconcile.sandbox.imap.old import OldHost


def a_dovecot(prefix: Path, version: str, *parts: str) -> Path:
    """One that tells its version and nothing else, with these files below lib/dovecot."""
    program = prefix / "sbin" / "dovecot"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho '{version}'\n")
    program.chmod(0o755)
    for part in parts:
        place = prefix / "lib" / "dovecot" / part
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    return program


IMAP, SQLITE = "imap", "modules/libdriver_sqlite.so"


@pytest.mark.parametrize(
    ("version", "release"),
    [("2.3.19.1 (9b53102964)", (2, 3)), ("2.4.1-4 (7d8c0e5759)", (2, 4)), ("2.4.10 (0)", (2, 4))],
)
def test_both_releases_will_do(version: str, release: tuple[int, int], tmp_path: Path) -> None:
    assert Installed.found(a_dovecot(tmp_path, version, IMAP, SQLITE)).release == release


@pytest.mark.parametrize("version", ["2.2.36", "2.5.0", "3.1.0", "2.30.1", "", "Segmentation fault"])
def test_another_release_is_named_and_where_one_that_will_do_comes_from(version: str, tmp_path: Path) -> None:
    with pytest.raises(Problem) as told:
        Installed.found(a_dovecot(tmp_path, version, IMAP, SQLITE))
    assert told.value.code == "SBX10"
    assert version in told.value.message
    assert "2.3 or 2.4" in told.value.message
    for system in ("Debian 12", "Debian 13", "Ubuntu"):
        assert system in told.value.hint


@pytest.mark.parametrize(("there", "package"), [(IMAP, "dovecot-sqlite"), (SQLITE, "dovecot-imapd")])
def test_half_a_dovecot_is_told_the_other_half(there: str, package: str, tmp_path: Path) -> None:
    with pytest.raises(Problem) as told:
        Installed.found(a_dovecot(tmp_path, "2.4.1-4", there))
    assert package in told.value.message
    assert told.value.hint == f"as root: apt-get install --no-install-recommends {package}"


def test_without_dovecot_one_is_told_what_to_install(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(Problem) as told:
        OldHost(runtime / "missing", []).start()
    assert told.value.code == "SBX10"
    assert "dovecot-imapd dovecot-sqlite" in told.value.hint


#: Each hint that a mail host of the sandbox can give when it cannot start, and what it names.
HINTS = {
    "SBX10 nothing installed": "as root: apt-get install --no-install-recommends dovecot-imapd dovecot-sqlite",
    "SBX10 no IMAP": "as root: apt-get install --no-install-recommends dovecot-imapd",
    "SBX10 no SQLite": "as root: apt-get install --no-install-recommends dovecot-sqlite",
    "SBX10 another release": "Debian 12 and Ubuntu 24.04 come with 2.3, Debian 13 comes with 2.4",
    "SBX12": "letters, digits and . _ @ + ' & -",
    "SBX14": "run as root, or as a user listed in /etc/passwd",
    "SBX15": "set TMPDIR to a folder open to all, such as /tmp",
}


def provoke(case: str, folder: Path, patch: pytest.MonkeyPatch) -> None:
    if case == "SBX10 nothing installed":
        patch.setattr("shutil.which", lambda *_, **__: None)
        Installed.found()
    elif case == "SBX10 no IMAP":
        Installed.found(a_dovecot(folder, "2.4.1-4", SQLITE))
    elif case == "SBX10 no SQLite":
        Installed.found(a_dovecot(folder, "2.3.19.1 (9b53102964)", IMAP))
    elif case == "SBX10 another release":
        Installed.found(a_dovecot(folder, "2.2.36", IMAP, SQLITE))
    elif case == "SBX12":
        OldHost(folder / "host", ["../root"])
    elif case == "SBX14":
        patch.setattr("os.geteuid", lambda: 4_000_000)
        MailOwner.of_this_process()
    else:
        patch.setattr("os.geteuid", lambda: 0)
        closed = folder / "closed"
        closed.mkdir(mode=0o700)
        MailOwner(8, 8, "mail", "mail").must_reach(closed / "host")


@pytest.mark.parametrize("case", HINTS)
def test_each_hint_is_one_that_helps(case: str, runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = runtime / case.replace(" ", "-")
    folder.mkdir(mode=0o711)
    with pytest.raises(Problem) as told, monkeypatch.context() as patch:
        provoke(case, folder, patch)
    assert told.value.code == case[:5]
    assert told.value.hint == HINTS[case]


def test_the_packages_that_hints_name_are_what_this_release_calls_them() -> None:
    """On a machine where ``scripts/setup`` ran, each of them is installed under that very name."""
    named = {name for hint in HINTS.values() for name in re.findall(r"\bdovecot-[a-z0-9]+", hint)}
    assert named == {"dovecot-imapd", "dovecot-sqlite"}
    for name in named:
        status = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Status}", name], capture_output=True, text=True)
        assert status.stdout == "installed", name
