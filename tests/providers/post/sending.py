"""Forty letters, and a process that sends them and dies where it is told to; started once, it forks for each run.

Reads one JSON object a line, {folder, port, now, point, security…}, and answers how the run ended: "killed", or the
outcome of each letter that is not sent.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import smtplib
import sys
from pathlib import Path
from typing import Any, NoReturn

from tests.providers.post.world import found_in

from reconcile.clock import AsOfClock, SystemClock
from reconcile.documents.letters.message import Envelope, message, message_id
from reconcile.documents.letters.render import Rendered
from reconcile.problem import Problem
from reconcile.providers.base import Absent, Order, Provider, Scope, Unknown, Wanted
from reconcile.providers.post.book import LetterBook
from reconcile.providers.post.carrier import Parcel
from reconcile.providers.post.provider import post_provider
from reconcile.providers.post.smtp import SmtpCarrier, SubmissionServer
from reconcile.resources.address import Address
from reconcile.resources.resource import Desired
from reconcile.state import durable

FEDERATIONS = [f"spf{number:02}" for number in range(1, 41)]
MONDAY = dt.datetime(2025, 1, 6, 8, tzinfo=dt.UTC)
SENDER = "postmaster@secourspopulaire.example"
FIELDS = {"day": "2025-01-20"}

#: Every point of a letter's way between which something changes, on the disk or at the server: before it is taken, and
#: once it is.
UNTAKEN = [
    *(f"{event} {moment}" for event in ("begun", "committed") for moment in ("before", "torn", "after")),
    *("letter before", "letter half"),
]
TAKEN = ["letter after", "sent before", "sent torn", "sent after"]


def contact(slug: str) -> str:
    return f"{slug}@example.net"


def compose(address: Address, to: str, day: str, attempt: int) -> Parcel:
    """A small letter, as the command would make it."""
    name = f"{address.federation}/{address.key}"
    identifier = message_id(name, day, to, attempt, SENDER)
    said = Rendered("La liste de vos adresses", "Bonjour,\n.\nUne ligne.\n", "<p>Bonjour,</p>")
    moment = dt.datetime(2025, 1, 6, 9, tzinfo=dt.UTC)
    envelope = Envelope(name, SENDER, "Messagerie", SENDER, to, "Camille", identifier, moment)
    return Parcel(name, identifier, SENDER, to, message(said, [], envelope))


def provider(folder: Path, port: int, now: dt.datetime, security: Any = "none") -> Provider:
    clock = AsOfClock(SystemClock(), now)
    carrier = SmtpCarrier(
        SubmissionServer("127.0.0.1", port, security), lambda known: found_in(folder / "taken", known)
    )
    return post_provider(LetterBook(folder / "letters", clock), carrier, compose, clock, dt.timedelta(minutes=10))


def wanted(slug: str, **fields: Any) -> Wanted:
    address = Address(slug, "notice", "list")
    return Wanted(address, Desired(address, {"to": contact(slug), **FIELDS, **fields}))


def send_what_is_missing(post: Provider) -> dict[str, str]:
    """One apply: what is not sent is sent. By federation, why it is not."""
    asked = [wanted(slug) for slug in FEDERATIONS]
    seen = post.reader.observe(Scope(asked, {})).observed
    left = {}
    for one in asked:
        now, slug = seen[one.address], one.address.federation
        if isinstance(now, Unknown):
            left[slug] = now.reason
        elif isinstance(now, Absent):
            try:
                post.writer.create(Order(one.address, None, {"to": contact(slug), **FIELDS}, frozenset()))
            except Problem as problem:
                left[slug] = str(problem)
    return left


def die_at(point: str) -> None:
    """Have this process killed at its first coming to that point."""
    event, moment = point.split()
    if event == "letter":
        _at_the_server(moment)
    else:
        _at_a_line(event, moment)


def _at_a_line(event: str, moment: str) -> None:
    fatal = {"now": False}

    class Os:
        def __getattr__(self, name: str) -> Any:
            return getattr(os, name)

        def write(self, descriptor: int, data: bytes) -> int:
            fatal["now"] = json.loads(data)["event"] == event
            if fatal["now"] and moment == "before":
                _die()
            if fatal["now"] and moment == "torn":
                os.write(descriptor, data[: len(data) // 2])
                _die()
            return os.write(descriptor, data)

        def fsync(self, descriptor: int) -> None:
            os.fsync(descriptor)
            if fatal["now"]:
                _die()

    durable.os = Os()  # type: ignore[attr-defined]


def _at_the_server(moment: str) -> None:
    whole = smtplib.SMTP.data

    def data(session: smtplib.SMTP, octets: bytes) -> Any:
        if moment == "before":
            _die()
        if moment == "half":
            session.putcmd("data")
            session.getreply()
            session.send(octets[: len(octets) // 2])
            _die()
        whole(session, octets)
        _die()

    smtplib.SMTP.data = data  # type: ignore[method-assign,assignment]


def _die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    signal.pause()
    raise AssertionError


def serve() -> None:
    for line in sys.stdin:
        order = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            if order["point"]:
                die_at(order["point"])
            post = provider(Path(order["folder"]), order["port"], dt.datetime.fromisoformat(order["now"]))
            os.write(writing, json.dumps(send_what_is_missing(post)).encode())
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as said:
            told = said.read()
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        sys.stdout.write(f"{told.decode() if code == 0 else json.dumps(code)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
