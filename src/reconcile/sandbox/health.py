"""Asking each server of a running sandbox whether it is well."""

from __future__ import annotations

import base64
import dataclasses
import socket
import ssl
from collections.abc import Callable, Mapping
from typing import Any

import dns.exception
import dns.message
import dns.query
import requests

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

_SECONDS = 5


@dataclasses.dataclass(frozen=True, slots=True)
class ServerHealth:
    """One server: what it is, where, whether it answers, and a description of what it holds."""

    name: str
    address: str
    up: bool
    holds: str


class ControlPage:
    """The tenant's own control page, from a sandbox's note."""

    def __init__(self, note: Mapping[str, Any]) -> None:
        self._address = note["control"]
        self._session = requests.Session()
        self._session.trust_env = False  # REQUESTS_CA_BUNDLE would beat the authority named here
        self._session.verify = note["control_ca"]

    def status(self) -> dict[str, Any]:
        """Counts of what the tenant holds. Raises Problem SBX02 when it does not answer."""
        return self._ask("GET", "status")

    def portal(self, settings: Mapping[str, Any]) -> None:
        """Change one object as somebody would by hand. Raises Problem SBX02, or SBX22 when the tenant refuses."""
        self._ask("POST", "portal", settings)

    def message(self, sender: str, message: bytes) -> bytes:
        """The message as it leaves the tenant's mail flow rules. Raises Problem SBX02, or SBX22 for a sender the tenant
        lacks."""
        asked = {"sender": sender, "message": base64.b64encode(message).decode()}
        return base64.b64decode(self._ask("POST", "message", asked)["message"])

    def behaviour(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """How hard the tenant makes it, after these settings. Raises Problem SBX02, or SBX22 for a name it lacks."""
        return self._ask("POST", "behaviour", settings)

    def _ask(self, method: str, page: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        try:
            answer = self._session.request(method, f"{self._address}/{page}", json=body, timeout=_SECONDS)
            found: dict[str, Any] = answer.json()
        except (requests.RequestException, ValueError, OSError):
            raise Problem("SBX02", "The sandbox does not answer.", "see: reconcile sandbox status") from None
        if answer.status_code != 200:
            # It answers with Python's message: KeyError: 'somebody@spf55.org'.
            reason = str(found.get("error", answer.status_code)).replace("KeyError:", "it does not know")
            raise Problem("SBX22", Phrase("The sandbox's tenant refused: {reason}.", reason=reason))
        return found


def health(note: Mapping[str, Any]) -> list[ServerHealth]:
    """Each server of the note, asked in turn; it never raises."""
    servers: Mapping[str, str] = note["servers"]
    try:
        counts = ControlPage(note).status()
        tenant = f"{counts['users']} users, {counts['mailboxes']} mailboxes"
    except Problem:
        counts, tenant = {}, ""
    old = f"{note['old_mailboxes']} mailboxes, {note['old_messages']} messages at the start"
    if unnamed := note.get("old_unnamed"):
        old += f"; {unnamed} more addresses that no file names"
    smtp = [
        (name, servers[key], holds)
        for key, name, holds in (
            ("smtp", "old host's SMTP", "receives, and its users send"),
            ("exchange", "tenant's SMTP", "receives, and hands on"),
        )
        if key in servers
    ]
    return [
        ServerHealth("tenant", servers["tenant"], bool(counts), tenant),
        ServerHealth("DNS", servers["dns"], _well(_asks_dns, servers["dns"]), f"{note['zones']} domains"),
        ServerHealth("old mail host", servers["old"], _well(_greets, servers["old"]), old),
        *(ServerHealth(name, at, _well(_greets_smtp, at), holds) for name, at, holds in smtp),
        ServerHealth("new mail host", servers["new"], _well(_greets, servers["new"]), "the tenant's mailboxes"),
    ]


def _well(ask: Callable[[str, int], bool], address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        return ask(host, int(port))
    except (OSError, dns.exception.DNSException):
        return False


def _asks_dns(host: str, port: int) -> bool:
    reply = dns.query.udp(dns.message.make_query(".", "SOA"), host, port=port, timeout=_SECONDS)
    return bool(reply.question)


def _greets_smtp(host: str, port: int) -> bool:
    with socket.create_connection((host, port), timeout=_SECONDS) as plain:
        return plain.recv(4) == b"220 "


def _greets(host: str, port: int) -> bool:
    """Whether an IMAP server greets. Its certificate is not the question here, and nothing is sent."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with socket.create_connection((host, port), timeout=_SECONDS) as plain, context.wrap_socket(plain) as secure:
        return secure.recv(4) == b"* OK"
