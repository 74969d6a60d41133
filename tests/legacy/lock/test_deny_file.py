"""Dovecot's list of refused users: real sign-ins before, during and after a lock."""

from __future__ import annotations

import imaplib
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.legacy.lock.conftest import CAMILLE, CANARY, LOGINS, LOU, HostMaker, locked_host, sessions

from reconcile.problem import Problem
from reconcile.providers.legacy.lock.deny_file import DenyFile
from reconcile.sandbox.mail_host.old_smtp import OldHostWithSmtp


@pytest.fixture
def refused(host: OldHostWithSmtp) -> Iterator[Path]:
    """The list, with somebody the administrator refuses already; empty again afterwards."""
    host.refused.write_bytes(b"ancien@spf55.org:\n")
    yield host.refused
    host.refused.write_bytes(b"")


def signed_in(host: OldHostWithSmtp, login: str) -> imaplib.IMAP4_SSL:
    context = ssl.create_default_context(cafile=str(host.ca_file))
    client = imaplib.IMAP4_SSL("127.0.0.1", host.port, ssl_context=context)
    try:
        client.login(login, host.passwords[login])
    except imaplib.IMAP4.error:
        client.shutdown()
        raise
    return client


def test_users_are_out_the_copier_is_in_mail_arrives_and_all_is_put_back(host: OldHostWithSmtp, refused: Path) -> None:
    before = refused.read_bytes()
    old_host = locked_host(host, DenyFile(refused))
    inside = signed_in(host, LOU)
    old_host.lock("spf55", "spf55.org", LOGINS)
    assert old_host.locked("spf55", LOGINS) == tuple(sorted(LOGINS))
    assert old_host.locked("spf88", LOGINS) == ()
    assert inside.readline().partition(b" ")[2][:3] in (b"", b"BYE"), "its session was ended"
    inside.shutdown()
    with pytest.raises(imaplib.IMAP4.error):
        signed_in(host, CAMILLE)
    old_host.lock("spf55", "spf55.org", LOGINS)  # again changes nothing
    old_host.unlock("spf55", "spf55.org", LOGINS)
    assert refused.read_bytes() == before
    signed_in(host, LOU).logout()
    old_host.unlock("spf55", "spf55.org", LOGINS)
    assert refused.read_bytes() == before


def test_who_leaves_the_federations_list_gets_back_in_alone(host: OldHostWithSmtp, refused: Path) -> None:
    driver = DenyFile(refused)
    driver.lock("spf55", (*LOGINS, CANARY))
    driver.release("spf55", (LOU,))
    assert driver.locked("spf55", (*LOGINS, CANARY)) == {CAMILLE, CANARY}
    driver.unlock("spf55", ())
    assert driver.locked("spf55", (*LOGINS, CANARY)) == frozenset()


def test_a_master_user_that_goes_on_to_the_other_passdbs_is_locked_out_too(make_host: HostMaker) -> None:
    host = make_host(passdb__masters={"result_success": "continue"})
    driver = DenyFile(host.refused)
    with pytest.raises(Problem) as told:
        locked_host(host, driver, patience=5).lock("spf55", "spf55.org", LOGINS)
    assert told.value.code == "LCK02"
    assert "the copier is refused" in told.value.message
    assert driver.locked("spf55", LOGINS) == set(LOGINS), "users stay locked out"


def test_a_host_that_refuses_nobody_is_found_out(host: OldHostWithSmtp, tmp_path: Path) -> None:
    (tmp_path / "another").touch()
    with pytest.raises(Problem) as told:
        locked_host(host, DenyFile(tmp_path / "another"), patience=3).lock("spf55", "spf55.org", LOGINS)
    assert told.value.code == "LCK01"
    assert f"{CANARY} still gets in by IMAP" in told.value.message


def test_a_host_that_does_not_answer_proves_nothing(host: OldHostWithSmtp, refused: Path) -> None:
    old_host = locked_host(host, DenyFile(refused), patience=1)
    host.postfix.stop()
    try:
        with pytest.raises(Problem) as told:
            old_host.lock("spf55", "spf55.org", LOGINS)
    finally:
        host.postfix.start(host._lmtp_port, host._sasl_port)
    assert told.value.code == "LCK03"
    assert "SMTP submission does not answer" in told.value.message


def test_sessions_are_listed_and_ended(host: OldHostWithSmtp) -> None:
    client, another = signed_in(host, LOU), signed_in(host, CAMILLE)
    of_host = sessions(host)
    assert of_host.open(LOGINS) == [CAMILLE, LOU]
    of_host.end(LOGINS)
    assert of_host.open(LOGINS) == []
    of_host.end(LOGINS)  # nobody there is no failure
    client.shutdown()
    another.shutdown()


def test_forty_federations_lock_at_once_and_none_loses_anothers_lines(tmp_path: Path) -> None:
    file = tmp_path / "refused"
    file.write_bytes(b"# list of the host\nancien@spf01.org:\n")
    before = file.read_bytes()
    driver = DenyFile(file)
    slugs = [f"spf{number:02}" for number in range(40)]

    def together(move: str) -> None:
        threads = [threading.Thread(target=getattr(driver, move), args=(slug, [f"a@{slug}.org"])) for slug in slugs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    together("lock")
    assert all(driver.locked(slug, [f"a@{slug}.org"]) for slug in slugs)
    together("unlock")
    assert file.read_bytes() == before


def test_a_full_disk_leaves_the_list_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno
    import os

    file = tmp_path / "refused"
    file.write_bytes(b"ancien@spf01.org:\n")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("reconcile.providers.legacy.shared_file.os.fsync", full)
    with pytest.raises(Problem) as told:
        DenyFile(file).lock("spf55", LOGINS)
    assert told.value.code == "LCK10"
    assert "No space left" in told.value.message
    assert file.read_bytes() == b"ancien@spf01.org:\n"
    assert [one.name for one in tmp_path.iterdir()] == ["refused"]


def test_it_keeps_its_readers(tmp_path: Path) -> None:
    file = tmp_path / "refused"
    file.touch()
    file.chmod(0o640)
    DenyFile(file).lock("spf55", LOGINS)
    assert file.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("login", ["a b", "a:b", "a\nroot", "#a", ""])
def test_a_login_that_would_be_another_line_is_refused(tmp_path: Path, login: str) -> None:
    file = tmp_path / "refused"
    file.touch()
    with pytest.raises(Problem):
        DenyFile(file).lock("spf55", [login])
    assert file.read_bytes() == b""


def test_a_missing_list_is_said(tmp_path: Path) -> None:
    for move in (
        lambda: DenyFile(tmp_path / "none").locked("spf55", LOGINS),
        lambda: DenyFile(tmp_path / "none").lock("spf55", LOGINS),
    ):
        with pytest.raises(Problem) as told:
            move()
        assert told.value.code == "LCK10"


@given(content=st.binary(max_size=200), others=st.lists(st.sampled_from(["spf01", "spf5", "spf555"]), max_size=3))
def test_unlocking_gives_back_the_very_bytes(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, others: list[str]
) -> None:
    file = tmp_path_factory.mktemp("list") / "refused"
    file.write_bytes(content)
    driver = DenyFile(file)
    for other in others:
        driver.lock(other, ["x@y.org"])
    before = file.read_bytes()
    driver.lock("spf55", LOGINS)
    assert driver.locked("spf55", LOGINS) == set(LOGINS)
    driver.unlock("spf55", LOGINS)
    assert file.read_bytes() == before


def test_the_canary_alone_is_not_the_whole_proof(host: OldHostWithSmtp, refused: Path) -> None:
    """The copier must open a mailbox in use as well; one that is not there is no mailbox."""
    with pytest.raises(Problem) as told:
        locked_host(host, DenyFile(refused), patience=5).lock("spf55", "spf55.org", ("personne@spf55.org",))
    assert told.value.code == "LCK03"
    assert "when the copier opens personne@spf55.org" in told.value.message
