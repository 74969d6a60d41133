"""A letter as the message that leaves (RFC 5322, MIME): text, HTML and attachments, headers that say who wrote."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from reconcile.documents.letters.render import Rendered
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

#: Graph takes 4 MB of a message once it is in base64, which adds a third.
LARGEST = 3_000_000
#: Names our letters in any mailbox: filters, signatures and we ourselves know them by it.
HEADER = "X-SPF-Letter"


@dataclasses.dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a letter; its name is in ASCII, for some programs show no other."""

    name: str
    content_type: str
    data: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class Envelope:
    """Who writes to whom, when, and under which identifiers. ``letter``: federation and letter, ``spf55/list``."""

    letter: str
    sender: str
    sender_name: str
    reply_to: str
    to: str
    to_name: str
    message_id: str
    date: dt.datetime


def message(rendered: Rendered, attachments: Sequence[Attachment], envelope: Envelope) -> bytes:
    """The bytes that are handed over, lines ended as SMTP wants. Raises ``Problem`` LET02 when they are too many."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = _named(envelope.sender_name, envelope.sender)
    mail["To"] = _named(envelope.to_name, envelope.to)
    if envelope.reply_to and envelope.reply_to != envelope.sender:
        mail["Reply-To"] = envelope.reply_to
    mail["Subject"] = rendered.subject
    mail["Date"] = format_datetime(envelope.date.replace(microsecond=0))
    mail["Message-ID"] = envelope.message_id
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834 §5
    mail["X-Auto-Response-Suppress"] = "OOF, AutoReply"  # not All, which asks for no bounce either
    mail["Content-Language"] = "fr"
    mail[HEADER] = envelope.letter
    mail.set_content(rendered.text, cte="quoted-printable")
    mail.add_alternative(rendered.html, subtype="html", cte="quoted-printable")
    for one in attachments:
        main, _, sub = one.content_type.partition("/")
        mail.add_attachment(one.data, maintype=main, subtype=sub, filename=one.name)
    data = mail.as_bytes()
    if len(data) > LARGEST:
        size = f"{len(data) / 1e6:.1f} MB"
        raise Problem(
            "LET02",
            Phrase(
                "The letter {letter} is {size} with its attachments, and {largest:.0f} MB go through.",
                letter=envelope.letter,
                size=size,
                largest=LARGEST / 1000000.0,
            ),
            "make the attachments smaller, or hand them over another way",
        )
    return data


def message_id(letter: str, day: str, to: str, attempt: int, sender: str) -> str:
    """The identifier of one sending: the same when it is tried again after a crash, so that a double is known for one;
    another for another day, another recipient, or when somebody asks to have it sent again."""
    told = "\n".join((letter, day, to, str(attempt)))
    mark = hashlib.sha256(told.encode()).hexdigest()[:20]
    return f"<{letter.partition('/')[0]}.{mark}@{sender.rpartition('@')[2]}>"


def _named(name: str, address: str) -> Address:
    shown = " ".join("".join(letter if letter.isprintable() else " " for letter in name).split())
    return Address(display_name=shown, addr_spec=address)
