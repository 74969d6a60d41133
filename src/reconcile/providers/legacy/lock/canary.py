"""The proof of a lock, by real sign-ins: a mailbox nobody uses is refused on IMAP, POP and sending, and still receives;
the copier opens it, and one that is used."""

from __future__ import annotations

import contextlib
import dataclasses
import imaplib
import poplib
import smtplib
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from reconcile import bounded_mail
from reconcile.bounded_mail import Bounds, Place
from reconcile.language.phrase import Phrase

#: Far above what a sign-in takes; a host that weighs each password waits seconds.
_BOUNDS = Bounds(wait=20, seconds=120, octets=1_000_000)


class NotProved(Exception):
    """``half``: refused (users are let in), open (the copier or mail is not), or unknown (nobody answered)."""

    def __init__(self, half: str, why: str) -> None:
        super().__init__(why)
        self.half = half
        self.why = why


@dataclasses.dataclass(frozen=True, slots=True)
class Endpoints:
    """Where a host is tried. ``pop`` and ``submission``: None where it has none. ``ca_file``: the authority of its
    certificates; ``tls``: how IMAP and POP3 begin: TLS at once, after STARTTLS, or in the clear, on this machine."""

    imap: tuple[str, int]
    pop: tuple[str, int] | None
    submission: tuple[str, int] | None
    inbound: tuple[str, int]
    ca_file: Path | None = None
    tls: bool | Literal["starttls"] = True

    def context(self) -> ssl.SSLContext | None:
        return ssl.create_default_context(cafile=str(self.ca_file) if self.ca_file else None) if self.tls else None

    def place(self, host: str, port: int) -> Place:
        """Where IMAP or POP3 is."""
        return Place(host, port, self.context(), starttls=self.tls == "starttls")


@dataclasses.dataclass(frozen=True, slots=True)
class Canary:
    """``login`` is its address, too. ``suffix`` follows a login that the copier opens, with ``master_password``."""

    login: str
    password: str = dataclasses.field(repr=False)
    suffix: str = ""
    master_password: str = dataclasses.field(default="", repr=False)


class Proof:
    """Both halves of a lock, and its undoing, tried on one host."""

    def __init__(self, endpoints: Endpoints) -> None:
        self._endpoints = endpoints

    def locked(self, canary: Canary, used: str) -> None:
        """The canary is refused everywhere and receives; the copier opens it and the mailbox of ``used``.

        Raises NotProved.
        """
        for name, lets_in in self._ways():
            if lets_in(canary.login, canary.password):
                raise NotProved("refused", Phrase("{login} still gets in by {name}", login=canary.login, name=name))
        self._receives(canary.login)
        for login in dict.fromkeys((canary.login, used)):
            try:
                opened = self._opens(login + canary.suffix, canary.master_password)
            except NotProved as failed:
                raise NotProved(
                    failed.half, Phrase("{why} when the copier opens {login}", why=failed.why, login=login)
                ) from None
            if not opened:
                raise NotProved("open", Phrase("the copier is refused in the mailbox of {login}", login=login))

    def unlocked(self, canary: Canary) -> None:
        """The canary is let in everywhere, and receives. Raises NotProved."""
        for name, lets_in in self._ways():
            if not lets_in(canary.login, canary.password):
                raise NotProved("refused", Phrase("{login} is still refused by {name}", login=canary.login, name=name))
        self._receives(canary.login)

    def _ways(self) -> Iterator[tuple[str, Callable[[str, str], bool]]]:
        yield "IMAP", self._opens
        if self._endpoints.pop is not None:
            yield "POP3", self._reads_by_pop
        if self._endpoints.submission is not None:
            yield "SMTP submission", self._sends

    def _opens(self, login: str, password: str) -> bool:
        """Whether IMAP lets this login in, as far as its INBOX. Nothing is marked as read."""
        host, port = self._endpoints.imap
        with answered("IMAP"):
            client = bounded_mail.imap(self._endpoints.place(host, port), _BOUNDS)
            with _hung_up(client):
                try:
                    client.authenticate("PLAIN", lambda _: f"\0{login}\0{password}".encode())
                except imaplib.IMAP4.abort:
                    raise
                except imaplib.IMAP4.error as error:
                    if "UNAVAILABLE" in str(error):  # RFC 5530: it could not tell
                        raise NotProved("unknown", Phrase("IMAP cannot check passwords at the moment")) from None
                    return False
                return client.select(readonly=True)[0] == "OK"

    def _reads_by_pop(self, login: str, password: str) -> bool:
        host, port = self._endpoints.pop or ("", 0)
        with answered("POP3"):
            client = bounded_mail.pop(self._endpoints.place(host, port), _BOUNDS)
            with contextlib.closing(client):
                try:
                    client.user(login)
                    client.pass_(password)
                except poplib.error_proto as error:
                    if "[SYS/TEMP]" in str(error):  # RFC 3206
                        raise NotProved("unknown", Phrase("POP3 cannot check passwords at the moment")) from None
                    return False
                return True

    def _sends(self, login: str, password: str) -> bool:
        """Whether submission takes its password. Nothing is sent."""
        with answered("SMTP submission"), submission(self._endpoints) as client:
            try:
                client.login(login, password)
            except smtplib.SMTPAuthenticationError as error:
                if error.smtp_code < 500:
                    raise NotProved("unknown", Phrase("SMTP submission cannot check passwords at the moment")) from None
                return False
            return True

    def _receives(self, address: str) -> None:
        """That the host takes mail for it; none is sent."""
        host, port = self._endpoints.inbound
        with answered("SMTP"), bounded_mail.smtp(Place(host, port), _BOUNDS) as client:
            client.ehlo_or_helo_if_needed()
            client.mail("")
            code, words = client.rcpt(address)
            if code >= 500:
                said = words.decode(errors="replace").partition("\n")[0][:120]
                raise NotProved(
                    "open",
                    Phrase("the host bounces mail for {address}: {code} {said}", address=address, code=code, said=said),
                )
            if code >= 400:
                raise NotProved(
                    "unknown", Phrase("the host puts mail for {address} off ({code})", address=address, code=code)
                )


@contextlib.contextmanager
def submission(endpoints: Endpoints) -> Iterator[smtplib.SMTP]:
    """A session where users send, before they name themselves."""
    host, port = endpoints.submission or ("", 0)
    context = endpoints.context()
    place = Place(host, port, context, starttls=context is not None and port != smtplib.SMTP_SSL_PORT)
    with bounded_mail.smtp(place, _BOUNDS) as client:
        yield client


@contextlib.contextmanager
def _hung_up(client: imaplib.IMAP4) -> Iterator[None]:
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            client.shutdown()


@contextlib.contextmanager
def answered(service: str) -> Iterator[None]:
    """A service that does not answer proves nothing, one way or the other."""
    try:
        yield
    except ssl.SSLError:
        raise NotProved("unknown", Phrase("the certificate of {service} is not trusted", service=service)) from None
    except smtplib.SMTPNotSupportedError as error:
        raise NotProved(
            "unknown", Phrase("{service} lacks what it takes: {error}", service=service, error=error)
        ) from None
    # ValueError: what these libraries make of a number or a challenge that is none.
    except (OSError, EOFError, ValueError, smtplib.SMTPException, imaplib.IMAP4.error, poplib.error_proto) as error:
        said = str(error)[:120] if isinstance(error, OSError) and not isinstance(error, smtplib.SMTPException) else ""
        told = Phrase("{service} does not answer as it should", service=service)
        raise NotProved("unknown", Phrase("{told}: {said}", told=told, said=said) if said else told) from None
