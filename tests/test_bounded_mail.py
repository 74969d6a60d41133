"""Servers that drip, that never end, or that announce more than there is, on a socket of our own."""

from __future__ import annotations

import contextlib
import imaplib
import poplib
import smtplib
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from reconcile import bounded_mail
from reconcile.bounded_imap_client import BoundedImapClient
from reconcile.bounded_mail import BeyondBounds, Bounds, Place
from reconcile.providers.legacy.lock.canary import Canary, Endpoints, NotProved, Proof

_BOUNDS = Bounds(wait=5, seconds=0.6, octets=100_000)
_PATIENT = Bounds(wait=5, seconds=60, octets=100_000)

Script = Callable[[socket.socket], None]
Liar = Callable[[Script], Place]


@pytest.fixture
def liar() -> Iterator[Liar]:
    """``liar(script)``: a server that does as the script says to whoever comes."""
    stop, opened = threading.Event(), list[socket.socket]()

    def serve(listening: socket.socket, script: Script) -> None:
        while not stop.is_set():
            with contextlib.suppress(OSError):
                line, _ = listening.accept()
                opened.append(line)
                script(line)

    def made(script: Script) -> Place:
        listening = socket.create_server(("127.0.0.1", 0))
        opened.append(listening)
        threading.Thread(target=serve, args=(listening, script), daemon=True).start()
        return Place("127.0.0.1", listening.getsockname()[1])

    yield made
    stop.set()
    for one in opened:
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()


def _drips(line: socket.socket) -> None:
    pause = threading.Event()
    while True:
        line.sendall(b"2")
        pause.wait(0.05)


def _endless(one: bytes) -> Script:
    def script(line: socket.socket) -> None:
        while True:
            line.sendall(one * 100)

    return script


def _says(first: bytes, *answers: bytes) -> Script:
    """``%t`` in an answer stands for the tag of the command."""

    def script(line: socket.socket) -> None:
        line.sendall(first)
        for answer in answers:
            tag = line.recv(1000).split(b" ")[0]
            line.sendall(answer.replace(b"%t", tag))
        line.recv(1000)
        line.shutdown(socket.SHUT_RDWR)

    return script


def _listed(client: poplib.POP3) -> None:
    with contextlib.closing(client):
        client.list()


@pytest.mark.parametrize("session", [bounded_mail.imap, bounded_mail.pop, bounded_mail.smtp, BoundedImapClient])
def test_a_server_that_drips_is_hung_up_on(liar: Liar, session: Callable[[Place, Bounds], object]) -> None:
    errors = (OSError, smtplib.SMTPException, imaplib.IMAP4.error, poplib.error_proto)
    with pytest.raises(errors, match=r"more than 1 seconds|timed out"):
        session(liar(_drips), _BOUNDS)


@pytest.mark.parametrize(
    ("session", "line"),
    [
        (bounded_mail.smtp, b"220-welcome\r\n"),
        (lambda place, bounds: bounded_mail.imap(place, bounds).noop(), b"* OK and on\r\n"),
        (lambda place, bounds: BoundedImapClient(place, bounds).noop(), b"* OK and on\r\n"),
        (lambda place, bounds: _listed(bounded_mail.pop(place, bounds)), b"+OK\r\n"),
    ],
    ids=["smtp", "imap", "imapclient", "pop"],
)
def test_answers_without_end_are_not_kept(liar: Liar, session: Callable[[Place, Bounds], object], line: bytes) -> None:
    with pytest.raises((OSError, smtplib.SMTPException, imaplib.IMAP4.error), match="more than 100,000 bytes"):
        session(liar(_endless(line)), _PATIENT)


def test_no_room_is_made_for_a_literal_beyond_the_bounds(liar: Liar) -> None:
    place = liar(_says(b"* OK hello\r\n", b"* 1 FETCH (BODY[] {99999999999999}\r\n"))
    with pytest.raises(BeyondBounds, match="announced more than 100,000 bytes"):
        bounded_mail.imap(place, _PATIENT)


def _proof(place: Place) -> Proof:
    at = place.host, place.port
    return Proof(Endpoints(imap=at, pop=at, submission=at, inbound=at, tls=False))


@pytest.mark.parametrize(
    "script",
    [
        _endless(b"* OK and on\r\n"),
        _says(b"* OK hello\r\n", b"* CAPABILITY IMAP4rev1 \xff\r\n%t OK\r\n"),
        _says(b"* OK hello\r\n", b"* 1 FETCH (BODY[] {" + b"9" * 5000 + b"}\r\n"),
    ],
    ids=["endless", "not ASCII", "a number of 5,000 digits"],
)
def test_a_lying_server_proves_no_lock(liar: Liar, script: Script) -> None:
    with pytest.raises(NotProved) as failed:
        _proof(liar(script)).unlocked(Canary("canari@spf55.org", "a"))
    assert failed.value.half == "unknown"


def test_a_challenge_that_is_none_proves_no_lock(liar: Liar) -> None:
    script = _says(b"220 liar\r\n", b"250-liar\r\n250 AUTH CRAM-MD5\r\n", b"334 a\r\n")
    with pytest.raises(NotProved) as failed:
        _proof(liar(script))._sends("canari@spf55.org", "a")
    assert failed.value.half == "unknown"
