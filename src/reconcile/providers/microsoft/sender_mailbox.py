"""The mailbox letters are sent from: drafts, their sending, and what is in it. Needs Mail.ReadWrite and Mail.Send.

Both permissions are best limited to this one mailbox (docs/permissions.md).
"""

from __future__ import annotations

import datetime as dt
import random as system_random
from collections.abc import Callable, Iterator

from reconcile.clock import Clock
from reconcile.config.settings.settings import Settings
from reconcile.language.phrase import Phrase, sentence_of
from reconcile.problem import Problem
from reconcile.providers.microsoft.wire.auth import Credential
from reconcile.providers.microsoft.wire.connection import connect
from reconcile.providers.microsoft.wire.graph import Graph, Row
from reconcile.providers.microsoft.wire.paths import segment
from reconcile.providers.microsoft.wire.refusals import LostAnswer, Refused
from reconcile.providers.microsoft.wire.transport import Transport
from reconcile.providers.outbox import Seen, Unsure

_SELECT = ("id", "internetMessageId", "isDraft")


def sender_mailbox(
    settings: Settings,
    credential: Credential,
    clock: Clock,
    address: str,
    random: Callable[[], float] = system_random.random,
) -> TenantMailbox:
    """The mailbox of that address. Nothing is sent, nor signed in, before its first use."""
    graph, _ = connect(settings.tenant, credential, Transport(clock, random, settings.tenant.ca_file), clock)
    return TenantMailbox(graph, address)


class TenantMailbox:
    """See ``providers.outbox.SenderMailbox``. Raises ``Problem`` LET24 for what the tenant refuses."""

    def __init__(self, graph: Graph, address: str) -> None:
        self._graph = graph
        self._address = address
        self._messages = f"/users/{segment(address)}/messages"

    def draft(self, mime: bytes) -> Seen:
        try:
            return _seen(self._graph.create_from_mime(self._messages, mime))
        except LostAnswer as lost:
            raise Unsure(sentence_of(lost)) from None
        except Refused as refused:
            raise self._refused(refused) from None

    def send(self, draft: Seen) -> None:
        try:
            self._graph.act_once(f"{self._messages}/{segment(draft.id)}/send")
        except LostAnswer as lost:
            raise Unsure(sentence_of(lost)) from None
        except Refused as refused:
            if refused.status == 404:  # no draft any more: a former try may have sent it
                raise Unsure(Phrase("the draft is gone")) from None
            raise self._refused(refused) from None

    def find(self, message_id: str) -> Seen | None:
        quoted = message_id.replace("'", "''")
        try:
            rows = self._graph.first(self._messages, _SELECT, filter=f"internetMessageId eq '{quoted}'")
        except Refused as refused:
            raise self._refused(refused) from None
        if rows is None:
            message = Phrase("The tenant has no mailbox {address}, which letters are sent from.", address=self._address)
            raise Problem("LET24", message, "give letters.sender a mailbox of the tenant, or another transport")
        found = sorted((_seen(row) for row in rows), key=lambda one: one.draft)
        return found[0] if found else None

    def reports(self, since: dt.date) -> Iterator[bytes]:
        """Every delivery report of the inbox since that day, whole."""
        asked = f"receivedDateTime ge {since:%Y-%m-%d}T00:00:00Z"
        inbox = f"/users/{segment(self._address)}/mailFolders/inbox/messages"
        try:
            for row in self._graph.rows(inbox, ("id", "subject", "from"), filter=asked):
                if _may_be_a_report(row):
                    yield self._graph.content(f"{self._messages}/{segment(str(row.get('id') or ''))}/$value")
        except Refused as refused:
            raise self._refused(refused) from None

    def _refused(self, refused: Refused) -> Problem:
        hint = "see what it says"
        if refused.status in (401, 403):
            hint = "the application needs Mail.ReadWrite and Mail.Send for this mailbox (docs/permissions.md)"
        elif refused.status == 404:
            hint = "give letters.sender a mailbox of the tenant, or another transport"
        request = Phrase(" (request {request_id})", request_id=refused.request_id) if refused.request_id else ""
        what = Phrase(
            "{service} refused a letter from {address}: {code}: {text}{request}",
            service=refused.service,
            address=self._address,
            code=refused.code,
            text=refused.text,
            request=request,
        )
        return Problem("LET24", Phrase("{what}.", what=what), hint)


def _may_be_a_report(row: Row) -> bool:
    """Whether a mail system seems to have written it; the message itself then says. Graph tells no content type."""
    sender = row.get("from")
    address = sender.get("emailAddress") if isinstance(sender, dict) else None
    written = f"{address.get('address')} {address.get('name')}".lower() if isinstance(address, dict) else ""
    return not written or any(
        word in written for word in ("postmaster", "mailer-daemon", "microsoftexchange", "outlook")
    )


def _seen(row: Row) -> Seen:
    return Seen(str(row.get("id") or ""), str(row.get("internetMessageId") or ""), row.get("isDraft") is not False)
