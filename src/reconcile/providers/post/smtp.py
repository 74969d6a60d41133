"""Letters through a submission server (RFC 6409): TLS before the password, and one recipient at a time.

The sender gets a blind copy: where its mailbox is read, that copy proves that a letter left whose answer was lost.
"""

from __future__ import annotations

import contextlib
import dataclasses
import smtplib
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from reconcile import bounded_mail
from reconcile.bounded_mail import Bounds, Place
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.outbox import Unsure
from reconcile.providers.post.carrier import Found, Parcel

#: Seconds for each answer; RFC 5321 §4.5.3.2 gives the final dot ten minutes, which a graceful stop cannot wait.
BOUNDS = Bounds(wait=120, seconds=1800, octets=1_000_000)


@dataclasses.dataclass(frozen=True, slots=True)
class SubmissionServer:
    """Where letters are handed over. ``user`` "" when the server asks for nobody."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    user: str = ""
    password: Callable[[], str] = dataclasses.field(default=str, repr=False)
    ca_file: Path | None = None


class SmtpCarrier:
    """Hands letters to ``server``. ``find`` looks where the blind copies arrive; None when nobody can look there."""

    def __init__(self, server: SubmissionServer, find: Callable[[str], Found] | None) -> None:
        self._server = server
        self._find = find

    def deliver(self, parcel: Parcel, committed: Callable[[str], None]) -> None:
        """Raises ``Problem`` LET20 (out of reach), LET21 (recipient refused), LET22 (letter or sender refused), LET23
        (password refused); ``Unsure`` when the connection broke after the letter was handed over."""
        with self._session() as session:
            self._envelope(session, parcel)
            committed(parcel.message_id)
            try:
                code, answer = session.data(parcel.data)
            except smtplib.SMTPDataError as error:  # it did not want to see the letter
                code, answer = error.smtp_code, _octets(error.smtp_error)
            except (smtplib.SMTPException, OSError) as error:
                raise Unsure(Phrase("{host} broke off ({why})", host=self._server.host, why=_why(error))) from None
            if code != 250:
                raise self._refused("LET22", Phrase("the letter {name}", name=parcel.name), code, answer)
            with contextlib.suppress(smtplib.SMTPException, OSError):
                session.quit()

    def find(self, message_id: str) -> Found:
        return Found.CANNOT_LOOK if self._find is None else self._find(message_id)

    def _envelope(self, session: smtplib.SMTP, parcel: Parcel) -> None:
        try:
            code, answer = session.mail(parcel.sender)
            if code != 250:
                raise self._refused("LET22", Phrase("the sender {sender}", sender=parcel.sender), code, answer)
            code, answer = session.rcpt(parcel.to)
            if code not in (250, 251):
                raise self._refused("LET21", Phrase("the recipient {to}", to=parcel.to), code, answer)
            if self._find is not None and parcel.to != parcel.sender:
                code, answer = session.rcpt(parcel.sender)
                if code not in (250, 251):
                    raise self._refused("LET22", Phrase("the copy for {sender}", sender=parcel.sender), code, answer)
        except (smtplib.SMTPException, OSError) as error:
            raise self._unreachable(error) from None

    @contextlib.contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        """A session that is signed in and encrypted as the settings say; closed whatever happens."""
        session = self._open()
        try:
            yield session
        finally:
            session.close()

    def _open(self) -> smtplib.SMTP:
        server = self._server
        session: smtplib.SMTP | None = None
        try:
            context = ssl.create_default_context(cafile=str(server.ca_file) if server.ca_file else None)
            encrypted = None if server.security == "none" else context
            place = Place(server.host, server.port, encrypted, starttls=server.security == "starttls")
            session = bounded_mail.smtp(place, BOUNDS)
            session.ehlo_or_helo_if_needed()
            if server.user:
                session.login(server.user, server.password())
        except smtplib.SMTPAuthenticationError as error:
            _close(session)
            raise Problem(
                "LET23",
                Phrase(
                    "{host} refused the login {user}: {answer} {text}.",
                    host=server.host,
                    user=server.user,
                    answer=error.smtp_code,
                    text=_text(_octets(error.smtp_error)),
                ),
                "check user and password_file of [letters.smtp]; where Microsoft takes no password any more, use graph",
            ) from None
        except (smtplib.SMTPException, OSError, ValueError) as error:
            _close(session)
            raise self._unreachable(error) from None
        except Problem:
            _close(session)
            raise
        return session

    def _unreachable(self, error: Exception) -> Problem:
        where = f"{self._server.host}:{self._server.port}"
        hint = "check [letters.smtp], then apply again: no letter was lost"
        return Problem(
            "LET20", Phrase("The submission server {where} cannot be used ({why}).", where=where, why=_why(error)), hint
        )

    def _refused(self, code: str, what: str, answer: int, text: bytes) -> Problem:
        again = (
            "it says so for the moment: apply again later" if answer < 500 else "mend what it says, then apply again"
        )
        return Problem(
            code,
            Phrase(
                "{host} refused {what}: {answer} {text}.",
                host=self._server.host,
                what=what,
                answer=answer,
                text=_text(text),
            ),
            again,
        )


def _close(session: smtplib.SMTP | None) -> None:
    if session is not None:
        session.close()


def _octets(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def _text(answer: bytes) -> str:
    """What a server says, on one line and not for ever."""
    return " ".join(answer.decode("utf-8", "replace").split())[:300].rstrip(".")


def _why(error: Exception) -> str:
    if isinstance(error, OSError) and not isinstance(error, smtplib.SMTPException):
        return error.strerror or str(error) or type(error).__name__
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text(_octets(error.smtp_error))}"
    return _text(str(error).encode()) or type(error).__name__
