"""The messages of a mailbox, as far as letters need them: a draft in MIME, its sending, looking for one, reading one.

A draft keeps the Message-ID of its MIME, gets one without any, and has left Drafts once it is sent: a second sending
finds nothing (Microsoft Graph, "Create message", "message: send"; MS-OXCMAIL 2.1.3.2.11). A recipient in a domain that
cannot exist (``.invalid``, RFC 2606) is reported undeliverable, in the inbox, as Exchange reports it.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import datetime as dt
import email
import email.policy
import re
from collections.abc import Callable, Iterator, Mapping
from email.header import Header
from email.message import Message
from email.utils import getaddresses, parseaddr
from typing import Any

from reconcile.sandbox.tenant.graph.entity import Entity
from reconcile.sandbox.tenant.graph.listing import Pages
from reconcile.sandbox.tenant.graph.refusal import GraphRefusal
from reconcile.sandbox.tenant.graph.users import Users
from reconcile.sandbox.tenant.https.web import Answer, Request
from reconcile.sandbox.tenant.name_list import names
from reconcile.sandbox.tenant.world.objects import User
from reconcile.sandbox.tenant.world.world import World

#: What a MIME draft may weigh, in base64 (Microsoft Graph, "Create message").
_LARGEST = 4 * 1024 * 1024
_MESSAGE = Entity(
    "message",
    frozenset(
        names("id internetMessageId isDraft subject from toRecipients parentFolderId receivedDateTime sentDateTime")
    ),
    frozenset({"toRecipients"}),
    (),
    {},
)
_BY_ID = re.compile(r"internetMessageId eq '((?:[^']|'')*)'")
_SINCE = re.compile(r"receivedDateTime ge (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)")


@dataclasses.dataclass(slots=True)
class StoredMessage:
    """One message of a mailbox; ``folder`` is drafts, sentitems or inbox."""

    id: str
    folder: str
    mime: bytes
    moment: dt.datetime

    @property
    def parsed(self) -> Message:
        return email.message_from_bytes(self.mime, policy=email.policy.default)


class Messages:
    """The pages under /users/{id}/messages and its inbox."""

    def __init__(self, pages: Pages, world: World, users: Users) -> None:
        self._pages = pages
        self._world = world
        self._users = users

    def create(self, request: Request, key: str, body: object) -> Answer:
        """A draft from MIME. JSON, which the service takes too, is nothing a letter is sent as, and is refused here."""
        user = self._owner(key)
        if not isinstance(body, bytes):
            raise _refused(400, "ErrorInvalidRequest", "The sandbox takes drafts in MIME (Content-Type: text/plain).")
        if len(body) > _LARGEST:
            raise _refused(413, "RequestEntityTooLarge", "The request body is too large.")
        try:
            mime = base64.b64decode(body, validate=True)
        except binascii.Error:
            raise _refused(
                400, "ErrorMimeContentInvalidBase64String", "Invalid base64 string for MIME content."
            ) from None
        message = email.message_from_bytes(mime, policy=email.policy.default)
        if not message["From"] or message.defects:
            raise _refused(400, "ErrorMimeContentInvalid", "The MIME content is invalid.")
        if not message["Message-ID"]:
            mime = f"Message-ID: <{self._world.new_id()}@{self._world.initial_domain}>\r\n".encode() + mime
        draft = StoredMessage(self._world.new_id(), "drafts", mime, self._world.clock.now())
        self._box(user).append(draft)
        return self._pages.single(request, _MESSAGE, self._shown(draft), f"users('{key}')/messages", 201)

    def send(self, request: Request, key: str, body: object) -> Answer:
        """Have a draft leave: accepted, and in Sent Items under another id."""
        user = self._owner(key)
        draft = self._found(user, request)
        if body not in (None, b"", {}):
            raise _refused(400, "ErrorInvalidRequest", "The action takes no parameters.")
        if draft.folder != "drafts":
            raise _refused(400, "ErrorMessageNotDraft", "The message is no draft.")
        sender = parseaddr(str(draft.parsed["From"]))[1].lower()
        if sender not in self._addresses(user):
            raise _refused(
                403, "ErrorSendAsDenied", "The user account does not have the right to send as this address."
            )
        recipients = list(_recipients(draft.parsed))
        if not recipients:
            raise _refused(400, "ErrorInvalidRecipients", "At least one recipient is required.")
        draft.id, draft.folder, draft.moment = self._world.new_id(), "sentitems", self._world.clock.now()
        for recipient in recipients:
            if recipient.endswith(".invalid"):
                self._box(user).append(self._report(draft, sender, recipient))
        return Answer(202)

    def listed(self, request: Request, key: str) -> Answer:
        return self._listing(request, key, lambda _: True)

    def inbox(self, request: Request, key: str) -> Answer:
        return self._listing(request, key, lambda one: one.folder == "inbox")

    def value(self, request: Request, key: str) -> Answer:
        """The message in MIME."""
        return Answer(200, self._found(self._owner(key), request).mime, {"Content-Type": "text/plain"})

    def _listing(self, request: Request, key: str, kept: Callable[[StoredMessage], bool]) -> Answer:
        user = self._owner(key)
        asked, query = _asked(request.query.get("$filter", "")), dict(request.query)
        query.pop("$filter", None)
        rows = [self._shown(one) for one in self._box(user) if kept(one)]
        page = dataclasses.replace(request, query=query)
        return self._pages.listing(page, _MESSAGE, filter(asked, rows), f"users('{key}')/messages")

    def _owner(self, key: str) -> User:
        user = self._users.find(key)
        if self._world.mailbox_of(user.id) is None:
            message = "The mailbox is either inactive, soft-deleted, or is hosted on-premise."
            raise _refused(404, "MailboxNotEnabledForRESTAPI", message)
        return user

    def _box(self, user: User) -> list[StoredMessage]:
        box: list[StoredMessage] = self._world.messages.setdefault(user.id, [])
        return box

    def _found(self, user: User, request: Request) -> StoredMessage:
        identifier = request.segments[4]
        found = next((one for one in self._box(user) if one.id == identifier), None)
        if found is None:
            raise _refused(404, "ErrorItemNotFound", "The specified object was not found in the store.")
        return found

    def _addresses(self, user: User) -> set[str]:
        box = self._world.mailbox_of(user.id)
        held = box.addresses if box else []
        return {user.upn.lower(), *(one.partition(":")[2].lower() for one in held)}

    def _shown(self, one: StoredMessage) -> Mapping[str, Any]:
        message, moment = one.parsed, f"{one.moment:%Y-%m-%dT%H:%M:%SZ}"
        name, address = parseaddr(str(message["From"] or ""))
        return {
            "id": one.id,
            "internetMessageId": str(message["Message-ID"]),
            "isDraft": one.folder == "drafts",
            "subject": str(message["Subject"] or ""),
            "from": {"emailAddress": {"name": name, "address": address}},
            "toRecipients": [{"emailAddress": {"address": address}} for address in _recipients(message)],
            "parentFolderId": one.folder,
            "receivedDateTime": moment,
            "sentDateTime": moment,
        }

    def _report(self, letter: StoredMessage, sender: str, recipient: str) -> StoredMessage:
        """The report that a letter could not be delivered (RFC 3464), as Exchange writes it."""
        domain = self._world.initial_domain
        why = "550 5.4.310 DNS domain does not exist [Message=InfoDomainNonexistent]"
        subject = Header(f"Undeliverable: {letter.parsed['Subject']}", "utf-8").encode()
        head = (
            f"From: Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@{domain}>\r\n"
            f"To: {sender}\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\n"
            f"Message-ID: <{self._world.new_id()}@{domain}>\r\n"
            'Content-Type: multipart/report; report-type=delivery-status; boundary="report"\r\n\r\n'
        )
        parts = [
            f"Content-Type: text/plain; charset=utf-8\r\n\r\nYour message to {recipient} couldn't be delivered.\r\n",
            (
                "Content-Type: message/delivery-status\r\n\r\n"
                f"Reporting-MTA: dns;{domain}\r\n\r\nFinal-Recipient: rfc822;{recipient}\r\nAction: failed\r\n"
                f"Status: 5.4.310\r\nDiagnostic-Code: smtp;{why}\r\n"
            ),
            "Content-Type: message/rfc822\r\n\r\n" + letter.mime.decode("ascii", "surrogateescape"),
        ]
        body = "".join(f"--report\r\n{part}\r\n" for part in parts) + "--report--\r\n"
        mime = (head + body).encode("ascii", "surrogateescape")
        return StoredMessage(self._world.new_id(), "inbox", mime, self._world.clock.now())


def _asked(text: str) -> Callable[[Mapping[str, Any]], bool]:
    """A test of a message: by its Message-ID, or since a moment; the store's filters are no directory's."""
    if not text:
        return lambda _: True
    if found := _BY_ID.fullmatch(text):
        identifier = found[1].replace("''", "'")
        return lambda values: bool(values["internetMessageId"] == identifier)
    if found := _SINCE.fullmatch(text):
        since = found[1]
        return lambda values: bool(values["receivedDateTime"] >= since)
    raise _refused(400, "ErrorInvalidUrlQueryFilter", f"The query filter is invalid: {text}")


def _recipients(message: Message) -> Iterator[str]:
    for name in ("To", "Cc", "Bcc"):
        yield from (one.lower() for _, one in getaddresses([str(header) for header in message.get_all(name, [])]))


def _refused(status: int, code: str, message: str) -> GraphRefusal:
    return GraphRefusal(status, code, message)
