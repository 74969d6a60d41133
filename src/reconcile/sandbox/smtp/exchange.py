"""The tenant's SMTP: takes mail from the world, delivers it into the new host, or hands it on and reports failures."""

from __future__ import annotations

import concurrent.futures
import smtplib
import threading
import uuid
from collections.abc import Callable
from email import message_from_bytes
from email.message import EmailMessage
from email.utils import format_datetime

from reconcile.sandbox.smtp.internet import Internet
from reconcile.sandbox.smtp.listening import SmtpListener
from reconcile.sandbox.tenant.transport import MARK, Inside, Onwards, Refusal, Route, route
from reconcile.sandbox.tenant.world.world import World

#: Seconds between two attempts to hand a message on, and how many are made.
_AGAIN, _ATTEMPTS = 0.5, 600
_SERVER = f"PA0P264MB0001{MARK.replace('.prod', '.FRAP264.PROD').lower()}"


class ExchangeSmtp:
    """``listener`` is where the world delivers, ``submission`` where the tenant's own people send. ``lmtp`` answers the
    port where the new host takes mail for a GUID."""

    def __init__(self, world: World, internet: Internet, lmtp: Callable[[], int]) -> None:
        self.listener = SmtpListener("mail.protection.outlook.com", self)
        self.submission = SmtpListener("smtp.office365.com", _Colleagues(self))
        self._world = world
        self._internet = internet
        self._lmtp = lmtp
        self._stopped = threading.Event()
        self._queue = concurrent.futures.ThreadPoolExecutor(16, thread_name_prefix="exchange-queue")

    def start(self) -> None:
        self.listener.start()
        self.submission.start()

    def stop(self) -> None:
        """Harmless when stopped already; what is still queued is dropped."""
        self._stopped.set()
        self.submission.stop()
        self.listener.stop()
        self._queue.shutdown(wait=True, cancel_futures=True)

    def send(self, sender: str, recipient: str, message: bytes) -> None:
        """What somebody in the tenant sends."""
        self._take("", sender, recipient, message)

    def asked(self, client: str, sender: str, recipient: str) -> str:
        found = self._route(client, sender, recipient, 0)
        return found.text if isinstance(found, Refusal) and not found.traced else ""

    def given(self, client: str, sender: str, recipients: list[str], message: bytes) -> str:
        for recipient in recipients:
            self._take(client, sender, recipient, message)
        return ""

    def has(self, address: str) -> bool:
        """Whether a mailbox of the tenant bears that address."""
        with self._world.lock:
            return self._world.mailbox_of(self._world.book.holder(address) or "") is not None

    def _route(self, client: str, sender: str, recipient: str, hops: int) -> Route:
        with self._world.lock:
            self._world.clock.settle()
            return route(self._world, sender, recipient, client, hops)

    def _take(self, client: str, sender: str, recipient: str, message: bytes) -> None:
        headers = message_from_bytes(message)
        hops = sum(MARK in str(one).lower() for one in headers.get_all("Received", ()))
        with self._world.lock:
            now = format_datetime(self._world.clock.now())
        received = f"Received: from [{client or '127.0.0.1'}] by {_SERVER} with ESMTPS; {now}\r\n"
        stamped = received.encode() + message
        found = self._route(client, sender, recipient, hops)
        row = self._traced(
            client, sender, recipient, str(headers.get("Subject", "")), str(headers.get("Message-ID", ""))
        )
        match found:
            case Inside(guid):
                self._deliver(guid, sender, stamped)
                row["Status"] = "Delivered"
            case Refusal(text):
                row["Status"] = "Failed"
                self._report(sender, recipient, text)
            case Onwards():
                self._queue.submit(self._hand_on, found, sender, recipient, stamped, row)

    def _traced(self, client: str, sender: str, recipient: str, subject: str, message_id: str) -> dict[str, object]:
        with self._world.lock:
            row: dict[str, object] = {
                "Received": self._world.clock.now(),
                "SenderAddress": sender.lower(),
                "RecipientAddress": recipient.lower(),
                "Subject": subject,
                "MessageId": message_id,
                "MessageTraceId": str(uuid.uuid4()),
                "Status": "Pending",
                "FromIP": client,
                "ToIP": "",
            }
            self._world.trace.append(row)
        return row

    def _deliver(self, guid: str, sender: str, message: bytes) -> None:
        with smtplib.LMTP("127.0.0.1", self._lmtp()) as session:
            session.sendmail(sender, [guid], message)

    def _hand_on(self, way: Onwards, sender: str, recipient: str, message: bytes, row: dict[str, object]) -> None:
        """Until it is taken or refused for good; whoever cannot be reached, or asks to be tried later, is."""
        for _ in range(_ATTEMPTS):
            answer = self._tried(way, sender, recipient, message)
            if answer is not None and not answer.startswith("4"):
                row["Status"] = "Failed" if answer else "Delivered"
                row["ToIP"] = way.hosts[0] if way.hosts else ""
                if answer:
                    self._report(sender, recipient, answer)
                return
            if self._stopped.wait(_AGAIN):
                return
        self._report(sender, recipient, "550 5.4.300 Message expired")

    def _tried(self, way: Onwards, sender: str, recipient: str, message: bytes) -> str | None:
        if not way.hosts:
            return self._internet.by_mx(sender, recipient, message, "192.0.2.25")
        for host in way.hosts:
            refusals = self._internet(host, sender, [recipient], message, "192.0.2.25")
            if refusals is not None:
                return refusals.get(recipient, "")
        return None

    def _report(self, sender: str, recipient: str, why: str) -> None:
        """A report to the sender; none about a report."""
        if not sender:
            return
        report = EmailMessage()
        report["From"], report["To"] = f"postmaster@{self._world.initial_domain}", sender
        report["Subject"] = f"Undeliverable: {recipient}"
        report["Message-ID"] = f"<{uuid.uuid4()}@{self._world.initial_domain}>"
        report.set_content(f"Your message to {recipient} couldn't be delivered.\n\n{why}\n")
        self._take("", "", sender, report.as_bytes())


class _Colleagues:
    """Whoever has a mailbox in the tenant may send, to anybody; what cannot be delivered is reported afterwards."""

    def __init__(self, exchange: ExchangeSmtp) -> None:
        self._exchange = exchange

    def asked(self, client: str, sender: str, recipient: str) -> str:
        return (
            "" if self._exchange.has(sender) else "550 5.7.60 Client does not have permissions to send as this sender"
        )

    def given(self, client: str, sender: str, recipients: list[str], message: bytes) -> str:
        for recipient in recipients:
            self._exchange.send(sender, recipient, message)
        return ""
