"""The old host's mail, read back through the old host."""

from __future__ import annotations

import datetime as dt
import ssl
from pathlib import Path

import pytest
from imapclient import IMAPClient

from reconcile.problem import Problem
from reconcile.sandbox.corpus import EMPTY_FOLDERS, mail_from, sample_mail
from reconcile.sandbox.imap.maildir import StoredMessage, modified_utf7, write_maildir
from reconcile.sandbox.imap.old import OldHost

ADDRESS = "k0422"


def test_the_same_seed_gives_the_same_mail_and_another_gives_another() -> None:
    first, again, other = (list(sample_mail(ADDRESS, seed)) for seed in ("demo", "demo", "autre"))
    assert first == again
    assert first != other
    assert list(sample_mail("k0413", "demo")) != first


def test_a_mailbox_holds_fifteen_to_sixty_messages_or_as_many_as_asked() -> None:
    sizes = [len(list(sample_mail(f"k{n:04}", "demo"))) for n in range(40)]
    assert 15 <= min(sizes) <= max(sizes) <= 60
    assert len(set(sizes)) > 5
    assert len(list(sample_mail(ADDRESS, "demo", count=3))) == 3


def test_odd_messages_of_every_sort_are_among_them() -> None:
    contents = [message.content for n in range(20) for message in sample_mail(f"k{n:04}", "demo")]
    assert any(b"message-id" not in content.lower() for content in contents)
    assert any(content.count(b"\r") > content.count(b"\r\n") for content in contents)
    assert any(not content.endswith(b"\n") for content in contents)
    assert any(content.startswith(b"\n") for content in contents)
    assert any(max(map(len, content.split(b"\n"))) > 5000 for content in contents)
    assert any(byte > 127 for content in contents for byte in content.partition(b"\n\n")[0])
    assert any(b"filename*=utf-8''" in content for content in contents)
    one_box = [message.content for message in sample_mail(ADDRESS, "demo", count=80)]
    assert len(set(one_box)) < len(one_box), "an exact twin"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, runtime: Path) -> tuple[OldHost, list[StoredMessage]]:
    host = OldHost(runtime / "filled", [ADDRESS])
    messages = list(sample_mail(ADDRESS, "demo", count=80))
    write_maildir(host.maildir(ADDRESS), host.owner, messages, EMPTY_FOLDERS)
    host.start()
    yield host, messages
    host.stop()


def opened(host: OldHost) -> IMAPClient:
    client = IMAPClient("localhost", host.port, ssl_context=ssl.create_default_context(cafile=str(host.ca_file)))
    client.normalise_times = False
    client.login(f"{ADDRESS}*copier", host.master_password)
    return client


def as_sent(content: bytes) -> bytes:
    return content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def test_every_message_is_found_in_its_folder_with_its_flags_date_and_size(
    filled: tuple[OldHost, list[StoredMessage]],
) -> None:
    host, messages = filled
    with opened(host) as client:
        for folder in sorted({message.folder for message in messages}):
            expected = [message for message in messages if message.folder == folder]
            client.select_folder(".".join(folder), readonly=True)
            found = client.fetch(range(1, len(expected) + 1), ["FLAGS", "INTERNALDATE", "RFC822.SIZE", "BODY.PEEK[]"])
            assert client.folder_status(".".join(folder), ["MESSAGES"])[b"MESSAGES"] == len(expected)
            for uid, message in enumerate(expected, start=1):
                assert found[uid][b"BODY[]"] == as_sent(message.content)
                assert found[uid][b"RFC822.SIZE"] == len(as_sent(message.content))
                assert found[uid][b"INTERNALDATE"].astimezone(dt.UTC) == message.received
                assert {flag.decode() for flag in found[uid][b"FLAGS"]} - {"\\Recent"} == message.flags


def test_folders_are_nested_accented_quoted_and_some_are_empty(
    filled: tuple[OldHost, list[StoredMessage]],
) -> None:
    host, _ = filled
    with opened(host) as client:
        listed = {name: flags for flags, _, name in client.list_folders()}
        subscribed = {name for _, _, name in client.list_sub_folders()}
        assert {"Archives.2019.Été", 'Projets.Collecte "Don\'actions" & Cie', "R&D", "À classer"} <= set(listed)
        assert b"\\Noselect" in listed["Archives"] or b"\\NonExistent" in listed["Archives"]
        assert {"Archives.2019.Été", "R&D"} <= subscribed
        assert client.folder_status("À classer", ["MESSAGES"])[b"MESSAGES"] == 0
    errors = (host.maildir(ADDRESS).parents[2] / "dovecot.log").read_text()
    assert "Error" not in errors


def test_a_folder_of_eml_files_becomes_a_mailbox_byte_for_byte(runtime: Path, tmp_path: Path) -> None:
    sub = tmp_path / "Archives" / "v1.0 été"
    sub.mkdir(parents=True)
    (tmp_path / "un.eml").write_bytes(b"Date: Sat, 1 Feb 2020 10:00:00 +0400\r\nSubject: un\r\n\r\nbare\rcr\r\n")
    (sub / "deux.EML").write_bytes(b"Subject: deux\n\nsans date")
    (sub / "notes.txt").write_text("not a message")
    host = OldHost(runtime / "eml", [ADDRESS])
    assert write_maildir(host.maildir(ADDRESS), host.owner, mail_from(tmp_path)) == 2
    host.start()
    try:
        with opened(host) as client:
            client.select_folder("INBOX", readonly=True)
            message = client.fetch(1, ["BODY.PEEK[]", "INTERNALDATE"])[1]
            assert message[b"BODY[]"] == (tmp_path / "un.eml").read_bytes()
            assert message[b"INTERNALDATE"].astimezone(dt.UTC) == dt.datetime(2020, 2, 1, 6, tzinfo=dt.UTC)
            client.select_folder("Archives.v1_0 été", readonly=True)
            assert client.fetch(1, ["BODY.PEEK[]"])[1][b"BODY[]"] == b"Subject: deux\r\n\r\nsans date"
    finally:
        host.stop()


def test_a_folder_without_mail_is_reported(tmp_path: Path) -> None:
    empty = tmp_path / "vide"
    empty.mkdir()
    file = tmp_path / "fichier"
    file.write_text("x")
    for folder in (tmp_path / "absent", empty, file):
        with pytest.raises(Problem) as told:
            list(mail_from(folder))
        assert told.value.code == "SBX20"


@pytest.mark.parametrize(
    ("name", "encoded"), [("INBOX", "INBOX"), ("Été", "&AMk-t&AOk-"), ("R&D", "R&-D"), ("台北", "&U,BTFw-")]
)
def test_folder_names_in_modified_utf7(name: str, encoded: str) -> None:
    assert modified_utf7(name) == encoded


def test_forty_five_mailboxes_are_filled(runtime: Path) -> None:
    logins = [f"k{n:04}" for n in range(45)]
    host = OldHost(runtime / "many", logins)
    written = sum(
        write_maildir(host.maildir(login), host.owner, sample_mail(login, "demo", 25), EMPTY_FOLDERS)
        for login in logins
    )
    assert written == 45 * 25
