"""What a delivery report says of a letter (RFC 3464, RFC 3462): which one, to whom, and why it came back. Pure."""

from __future__ import annotations

import dataclasses
import email
import re
from collections.abc import Iterator
from email.message import Message

#: Bytes of a report worth reading: it quotes our letter, attachments and all.
LARGEST_REPORT = 8_000_000
#: Parts of a report that are looked at.
_MOST_PARTS = 200


@dataclasses.dataclass(frozen=True, slots=True)
class Bounce:
    """One recipient's refusal. ``message_id``: of the letter. ``status``: RFC 3463, as 5.1.1. ``why``: their words."""

    message_id: str
    recipient: str
    status: str
    why: str

    @property
    def sentence(self) -> str:
        """What is told: the code and the words, on one line."""
        return f"{self.status} {self.why}".strip() or "refused, without a reason"


def bounces(report: bytes) -> Iterator[Bounce]:
    """The refusals a message reports; nothing for one that reports none, a delay, or another's letter.

    The bytes are whatever somebody sent to that mailbox: nothing in them is believed beyond what is quoted here.
    """
    if len(report) > LARGEST_REPORT:
        return
    try:
        message = email.message_from_bytes(report)
        if message.get_content_type() != "multipart/report":
            return
        parts = [part for part, _ in zip(message.walk(), range(_MOST_PARTS), strict=False)]
        original = _original(parts)
        if not original:
            return
        for part in parts:
            if part.get_content_type() == "message/delivery-status":
                for fields in part.walk():
                    if _said(fields, "Action").lower() == "failed":
                        yield _bounce(fields, original)
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError):
        return


def _bounce(fields: Message, original: str) -> Bounce:
    recipient = _after_type(_said(fields, "Final-Recipient") or _said(fields, "Original-Recipient"))
    status = re.search(r"[245]\.\d{1,3}\.\d{1,3}", _said(fields, "Status"))
    return Bounce(
        original, recipient.lower()[:320], status[0] if status else "", _after_type(_said(fields, "Diagnostic-Code"))
    )


def _original(parts: list[Message]) -> str:
    """The Message-ID of the letter that the report quotes, whole or by its headers alone."""
    for part in parts:
        kind = part.get_content_type()
        if kind == "message/rfc822":
            quoted = part.get_payload()
            inner = quoted[0] if isinstance(quoted, list) and quoted else None
            if isinstance(inner, Message) and (found := _identifier(inner)):
                return found
        if kind in ("text/rfc822-headers", "message/rfc822-headers"):
            payload = part.get_payload(decode=True)
            headers = email.message_from_bytes(payload if isinstance(payload, bytes) else b"")
            if found := _identifier(headers):
                return found
    return ""


def _identifier(message: Message) -> str:
    found = re.search(r"<[^<>\s]{3,300}>", _said(message, "Message-ID"))
    return found[0] if found else ""


def _said(fields: Message, name: str) -> str:
    """A header on one line, of printable characters."""
    text = " ".join(str(fields.get(name, "")).split())
    return "".join(letter for letter in text if letter.isprintable())[:500]


def _after_type(text: str) -> str:
    """``rfc822; somebody@example.org`` without what stands before the semicolon."""
    return text.partition(";")[2].strip() if ";" in text else text
