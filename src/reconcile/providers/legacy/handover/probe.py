"""The proof of a handover: messages from a mailbox of a third domain of the old host, and what it reports of each.

The host is asked to report success as well as failure (DSN, RFC 3461): a report names the server that took or refused
the message, which tells what the host did with it, also where nobody could look into the mailbox it went to.
"""

from __future__ import annotations

import contextlib
import dataclasses
import email
import imaplib
import smtplib
from collections.abc import Callable, Iterator, Sequence
from email.message import Message

from reconcile import bounded_mail
from reconcile.bounded_mail import Bounds
from reconcile.language.phrase import Phrase
from reconcile.providers.legacy.lock.canary import Canary, Endpoints, NotProved, answered, submission

#: For one look into the mailbox of the reports, which holds those of the probes before.
_BOUNDS = Bounds(wait=20, seconds=300, octets=50_000_000)
_ATTEMPTS = 3
#: What Exchange says of a message that goes round: cutover between two relays.
_LOOPS = ("5.4.14", "5.4.6")


@dataclasses.dataclass(frozen=True, slots=True)
class Report:
    """What became of one message. ``taker``: who took or refused it; ``reporter``: who says so; "" when not told."""

    action: str
    status: str
    taker: str
    reporter: str
    said: str


class Prober:
    """Sends as ``sender``, whose IMAP mailbox receives the reports. ``servers``: how the tenant's mail servers' names
    end. ``token`` gives a word no other message holds. ``patience`` is in seconds."""

    def __init__(
        self,
        endpoints: Endpoints,
        sender: Canary,
        servers: Sequence[str],
        token: Callable[[], str],
        patience: float,
        pause: Callable[[float], None],
        elapsed: Callable[[], float],
    ) -> None:
        self._endpoints = endpoints
        self._sender = sender
        self._servers = tuple(one.lower() for one in servers)
        self._token = token
        self._patience = patience
        self._pause = pause
        self._elapsed = elapsed

    def handed_over(self, known: Sequence[str], others: Sequence[str], domains: Sequence[str]) -> None:
        """``known`` are addresses in the tenant, and must be taken there; ``others``, and one nobody has in each of
        ``domains``, may be refused there. Raises NotProved: refused (the old host has a hand in it), open (the tenant
        does not take what it must), unknown."""
        self._tried(lambda: self._handed_over(known, others, domains))

    def taken_back(self, known: Sequence[str]) -> None:
        """That the host delivers to these addresses itself. Raises NotProved."""
        self._tried(lambda: self._taken_back(known))

    def _tried(self, prove: Callable[[], None]) -> None:
        """More than once: what was running when the host was told may still act as before for a moment."""
        for left in reversed(range(_ATTEMPTS)):
            try:
                prove()
            except NotProved as failed:
                if failed.half != "refused" or not left:
                    raise
                self._pause(5.0)
            else:
                return

    def _handed_over(self, known: Sequence[str], others: Sequence[str], domains: Sequence[str]) -> None:
        unknown = [f"sonde-{self._token()}@{domain}" for domain in domains]
        for recipient, report in self._reports([*known, *others, *unknown]).items():
            if report.action == "expanded" and not self._is_the_tenant(report):
                raise NotProved("refused", Phrase("it still redirects {recipient}", recipient=recipient))
            if not self._is_the_tenant(report):
                verb = Phrase("refuses") if report.action == "failed" else Phrase("takes")
                raise NotProved(
                    "refused",
                    Phrase(
                        "it {verb} mail for {recipient} itself{words}",
                        verb=verb,
                        recipient=recipient,
                        words=_words(report),
                    ),
                )
            if report.status in _LOOPS or any(code in report.said for code in _LOOPS):
                raise NotProved(
                    "open", Phrase("mail for {recipient} goes round between it and the tenant", recipient=recipient)
                )
            if report.action == "failed" and recipient in known:
                raise NotProved(
                    "open", Phrase("the tenant refuses {recipient}{words}", recipient=recipient, words=_words(report))
                )

    def _taken_back(self, known: Sequence[str]) -> None:
        for recipient, report in self._reports(known).items():
            if report.action not in ("delivered", "relayed") or self._is_the_tenant(report):
                raise NotProved(
                    "refused",
                    Phrase(
                        "it does not deliver mail for {recipient} itself{words}",
                        recipient=recipient,
                        words=_words(report),
                    ),
                )

    def _is_the_tenant(self, report: Report) -> bool:
        """Whether the tenant has the message, or refused it: it reports that itself, or the old host does of it."""
        told_by = () if report.action == "delivered" else (report.taker,)
        return any(server.endswith(suffix) for server in (*told_by, report.reporter) for suffix in self._servers)

    def _reports(self, recipients: Sequence[str]) -> dict[str, Report]:
        """What becomes of a message to each. Raises NotProved when one is not reported in time."""
        found: dict[str, Report] = {}
        waiting = {}
        for recipient in recipients:
            token = self._token()
            refusal = self._send(recipient, token)
            if refusal:
                found[recipient] = refusal
            else:
                waiting[token] = recipient
        until = self._elapsed() + self._patience
        while waiting:
            with answered("IMAP"), self._mailbox() as box:
                for token in list(waiting):
                    if report := _report_of(box, token):
                        found[waiting.pop(token)] = report
            if waiting and self._elapsed() >= until:
                late = next(iter(waiting.values()))
                raise NotProved("unknown", Phrase("it has not reported what became of a message to {late}", late=late))
            if waiting:
                self._pause(1.0)
        return {recipient: found[recipient] for recipient in recipients}

    def _send(self, recipient: str, token: str) -> Report | None:
        """What the host answers when it refuses the message at once; None when it takes it."""
        sender = self._sender
        text = (
            f"From: <{sender.login}>\r\nTo: <{recipient}>\r\nSubject: reconcile {token}\r\n"
            f"Message-ID: <{token}@{sender.login.rpartition('@')[2]}>\r\n"
            f"Auto-Submitted: auto-generated\r\n\r\n{token}\r\n"
        )
        with answered("SMTP submission"), submission(self._endpoints) as client:
            try:
                client.login(sender.login, sender.password)
            except smtplib.SMTPAuthenticationError:
                raise NotProved("unknown", Phrase("{login} may not send", login=sender.login)) from None
            if not client.has_extn("dsn"):
                raise NotProved("unknown", Phrase("it does not report on deliveries (no DSN)"))
            try:
                client.sendmail(
                    sender.login,
                    [recipient],
                    text,
                    mail_options=["RET=HDRS", f"ENVID={token}"],
                    rcpt_options=["NOTIFY=SUCCESS,FAILURE"],
                )
            except smtplib.SMTPRecipientsRefused as refused:
                code, said = next(iter(refused.recipients.values()))
                if code < 500:
                    raise NotProved(
                        "unknown", Phrase("it puts mail for {recipient} off ({code})", recipient=recipient, code=code)
                    ) from None
                return Report("failed", "", "", "", said.decode(errors="replace")[:120])
        return None

    @contextlib.contextmanager
    def _mailbox(self) -> Iterator[imaplib.IMAP4]:
        host, port = self._endpoints.imap
        client = bounded_mail.imap(self._endpoints.place(host, port), _BOUNDS)
        try:
            client.login(self._sender.login, self._sender.password)
            client.select(readonly=True)
            yield client
        finally:
            with contextlib.suppress(OSError):
                client.shutdown()


def _report_of(box: imaplib.IMAP4, token: str) -> Report | None:
    _, found = box.search(None, "BODY", token)
    for number in reversed((found[0] or b"").split()):
        _, parts = box.fetch(number.decode(), "(BODY.PEEK[])")
        raw = next((part[1] for part in parts if isinstance(part, tuple)), b"")
        if report := _read(email.message_from_bytes(raw), token):
            return report
    return None


def _read(message: Message, token: str) -> Report | None:
    """The delivery report in a message (RFC 3464); None when it is none, or about another."""
    for part in message.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        payload = part.get_payload()
        blocks = [one for one in payload if isinstance(one, Message)] if isinstance(payload, list) else []
        if len(blocks) < 2 or token not in str(blocks[0].get("Original-Envelope-Id")):
            continue
        whole, about = blocks[:2]
        return Report(
            str(about.get("Action", "")).strip().lower(),
            str(about.get("Status", "")).strip(),
            _named(about.get("Remote-MTA")),
            _named(whole.get("Reporting-MTA")),
            " ".join(str(about.get("Diagnostic-Code", "")).split())[:200],
        )
    return None


def _named(field: object) -> str:
    """``dns; mx.example`` → ``mx.example``."""
    return str(field or "").rpartition(";")[2].strip().lower()


def _words(report: Report) -> str:
    return f": {report.said[:120]}" if report.said else ""
