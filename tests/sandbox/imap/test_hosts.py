"""The two mail hosts, as a copying client meets them."""

from __future__ import annotations

import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError, LoginError

from reconcile.problem import Problem
from reconcile.sandbox.imap import dovecot
from reconcile.sandbox.imap.new import CAPABILITY, NewHost
from reconcile.sandbox.imap.old import OldHost
from reconcile.sandbox.processes import free_port, stop_orphan

Token = Callable[..., str]
_START_AND_DIE = """
import os, pathlib, signal, sys
from reconcile.sandbox.imap.old import OldHost
OldHost(pathlib.Path(sys.argv[1]), ["k0412"]).start()
os.kill(os.getpid(), signal.SIGKILL)
"""
GUID = "5f1a0c52-0000-4000-8000-000000000001"


def connect(host: Any, name: str = "localhost") -> IMAPClient:
    context = ssl.create_default_context(cafile=str(host.ca_file))
    return IMAPClient(name, host.port, ssl_context=context, timeout=30)


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def folders(client: IMAPClient) -> dict[str, set[bytes]]:
    return {name: set(flags) for flags, _, name in client.list_folders()}


class TestOldHost:
    def test_a_user_signs_in_with_her_own_password(self, old: OldHost) -> None:
        with connect(old) as client:
            client.login("k0412", old.passwords["k0412"])
            assert {"INBOX", "Éléments envoyés", "Brouillons", "Corbeille", "Indésirables"} <= set(folders(client))
            assert b"\\Sent" in folders(client)["Éléments envoyés"]

    def test_the_master_user_opens_every_mailbox(self, old: OldHost) -> None:
        for login in ("k0412", "contact@spf55.example", "o'neill@spf88.example"):
            with connect(old, "127.0.0.1") as client:
                client.login(f"{login}*copier", old.master_password)
                client.append("INBOX", f"Subject: {login}\r\n\r\n".encode())
                assert old.maildir(login).is_dir()

    @pytest.mark.parametrize("login", ["k0412", "k0412*copier", "nobody*copier", "nobody", "k0412*k0412"])
    def test_a_wrong_password_or_an_unknown_login_is_refused(self, old: OldHost, login: str) -> None:
        password = old.master_password if login == "nobody*copier" else "wrong"
        with connect(old) as client, pytest.raises(LoginError):
            client.login(login, password)

    def test_a_port_that_another_server_took_meanwhile_is_left_to_it(
        self, old: OldHost, runtime: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        taken = [old.port, old.port]  # one for IMAP, one for doveadm
        free = free_port
        monkeypatch.setattr(dovecot, "free_port", lambda: taken.pop() if taken else free())
        late = OldHost(runtime / "late", ["k0412"])
        try:
            late.start()
            assert late.port != old.port
            with connect(late) as client:
                client.login("k0412", late.passwords["k0412"])
        finally:
            late.stop()

    def test_it_speaks_as_a_stock_dovecot(self, old: OldHost) -> None:
        with connect(old) as client:
            client.login("k0412", old.passwords["k0412"])
            capabilities = set(client.capabilities())
            assert {b"LITERAL+", b"MULTIAPPEND", b"UIDPLUS", b"SPECIAL-USE", b"CONDSTORE"} <= capabilities
            assert client.namespace().personal[0] == ("", ".")

    def test_no_password_can_be_read_in_its_files(self, old: OldHost) -> None:
        secrets = [old.master_password, *old.passwords.values()]
        files = [path for path in old.maildir("k0412").parents[2].rglob("*") if path.is_file()]
        assert files
        for path in files:
            text = path.read_bytes()
            assert not [secret for secret in secrets if secret.encode() in text], path

    def test_a_login_no_host_would_have_is_reported(self, runtime: Path) -> None:
        with pytest.raises(Problem) as told:
            OldHost(runtime / "odd", ["../root"])
        assert told.value.code == "SBX12"


class TestNewHost:
    def test_the_copier_opens_a_provisioned_mailbox_by_any_of_its_addresses(self, new: NewHost, token: Token) -> None:
        new.mailbox_exists(GUID, ["contact@spf55.example", "l'accueil@spf55.example"], open_to_copier=True)
        with connect(new) as client:
            client.oauth2_login("contact@spf55.example", token())
            client.append("INBOX", b"Subject: bonjour\r\n\r\n")
        with connect(new) as client:
            client.oauthbearer_login("L'Accueil@SPF55.example", token())
            assert client.select_folder("INBOX")[b"EXISTS"] == 1
            assert set(folders(client)) == {
                "INBOX", "Sent Items", "Drafts", "Deleted Items", "Junk Email", "Archive", "Outbox"
            }  # fmt: skip
            assert client.namespace().personal[0] == ("", "/")

    def test_it_announces_what_exchange_online_announces(self, new: NewHost, token: Token) -> None:
        new.mailbox_exists(GUID, ["contact@spf55.example"], open_to_copier=True)
        with connect(new) as client:
            before = {word.decode() for word in client.capabilities()}
            assert before == {*CAPABILITY.upper().split(), "LOGINDISABLED", "AUTH=XOAUTH2", "AUTH=OAUTHBEARER"} - {"x"}
            client.oauth2_login("contact@spf55.example", token())
            assert {word.decode() for word in client.capabilities()} == set(CAPABILITY.upper().split())

    def test_a_mailbox_not_yet_provisioned_or_not_open_is_refused(self, new: NewHost, token: Token) -> None:
        guid = GUID[:-1] + "2"
        for make_ready, opens in (
            (lambda: None, False),
            (lambda: new.mailbox_exists(guid, ["tard@spf55.example"], open_to_copier=False), False),
            (lambda: new.mailbox_exists(guid, ["tard@spf55.example"], open_to_copier=True), True),
            (lambda: new.mailbox_gone(guid), False),
        ):
            make_ready()
            with connect(new) as client:
                if opens:
                    client.oauth2_login("tard@spf55.example", token())
                else:
                    with pytest.raises(LoginError):
                        client.oauth2_login("tard@spf55.example", token())

    def test_mail_is_still_there_when_a_mailbox_comes_back(self, new: NewHost, token: Token) -> None:
        guid = GUID[:-1] + "3"
        new.mailbox_exists(guid, ["revenu@spf55.example"], open_to_copier=True)
        with connect(new) as client:
            client.oauth2_login("revenu@spf55.example", token())
            client.append("INBOX", b"Subject: garde\r\n\r\n")
        new.mailbox_gone(guid)
        new.mailbox_exists(guid, ["autre@spf55.example"], open_to_copier=True)
        with connect(new) as client:
            client.oauth2_login("autre@spf55.example", token())
            assert client.select_folder("INBOX")[b"EXISTS"] == 1

    def test_an_address_moved_to_another_mailbox_opens_that_one(self, new: NewHost, token: Token) -> None:
        first, second = GUID[:-1] + "4", GUID[:-1] + "5"
        new.mailbox_exists(first, ["un@spf55.example", "info@spf55.example"], open_to_copier=True)
        new.mailbox_exists(second, ["deux@spf55.example", "info@spf55.example"], open_to_copier=True)
        with connect(new) as client:
            client.oauth2_login("info@spf55.example", token())
            client.append("INBOX", b"Subject: a deux\r\n\r\n")
        with connect(new) as client:
            client.oauth2_login("deux@spf55.example", token())
            assert client.select_folder("INBOX")[b"EXISTS"] == 1

    @pytest.mark.parametrize(
        "claims",
        [
            {"exp": 1_000_000_000},
            {"aud": "https://graph.microsoft.com"},
            {"iss": "https://login.example.net/v2.0"},
            {"sandbox_imap": "00000000-0000-4000-8000-00000000ffff"},
            {"sandbox_imap": "", "roles": ["Exchange.ManageAsApp"]},
            {"azp": "00000000-0000-4000-8000-00000000ffff"},
        ],
        ids=[
            "expired",
            "for Graph",
            "of another tenant",
            "of another principal",
            "without IMAP",
            "of another application",
        ],
    )
    def test_a_token_that_is_not_ours_is_refused(self, new: NewHost, token: Token, claims: dict[str, Any]) -> None:
        new.mailbox_exists(GUID, ["contact@spf55.example"], open_to_copier=True)
        with connect(new) as client, pytest.raises(LoginError):
            client.oauth2_login("contact@spf55.example", token(**claims))

    def test_a_token_signed_by_somebody_else_is_refused(self, new: NewHost, token: Token) -> None:
        stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        with connect(new) as client, pytest.raises(LoginError):
            client.oauth2_login("contact@spf55.example", token(key=stranger))

    def test_passwords_are_not_taken(self, new: NewHost) -> None:
        with connect(new) as client, pytest.raises(IMAPClientError):
            client.login("contact@spf55.example", "password")


class TestLifeOfAHost:
    def test_it_listens_on_loopback_alone(self, old: OldHost) -> None:
        with socket.socket() as probe:
            probe.settimeout(1)
            assert probe.connect_ex((_own_address(), old.port)) != 0

    def test_two_start_side_by_side(self, runtime: Path) -> None:
        hosts = [OldHost(runtime / f"beside-{n}", ["k0412"]) for n in range(2)]
        for host in hosts:
            host.start()
        try:
            for host in hosts:
                with connect(host) as client:
                    client.login("k0412", host.passwords["k0412"])
        finally:
            for host in hosts:
                host.stop()
                assert not host.running
                assert not accepts(host.port)

    def test_one_left_behind_by_a_killed_sandbox_is_found_and_ended(self, runtime: Path) -> None:
        folder = runtime / "left-behind"
        killed = subprocess.run([sys.executable, "-c", _START_AND_DIE, str(folder)])
        assert killed.returncode == -signal.SIGKILL
        _, port, *_ = [
            int(line.split()[-1]) for line in (folder / "dovecot.conf").read_text().splitlines() if " port = " in line
        ]
        assert accepts(port)
        assert stop_orphan(folder, "dovecot.conf")
        assert not accepts(port)
        assert not stop_orphan(folder, "dovecot.conf")


def _own_address() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unconnected:
        try:
            unconnected.connect(("192.0.2.1", 9))
            address: str = unconnected.getsockname()[0]
        except OSError:
            return "127.0.0.2"
    return address
