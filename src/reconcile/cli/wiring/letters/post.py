"""The way out of letters, as reconcile.toml names it, and the mailbox they are sent from."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from reconcile.cli.session.session import SANDBOX_FOLDER, Session
from reconcile.cli.wiring.letters.notices import letter_book
from reconcile.cli.wiring.letters.writing import Writing
from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.providers.base import Provider
    from reconcile.providers.microsoft.sender_mailbox import TenantMailbox
    from reconcile.providers.post.carrier import Carrier
    from reconcile.providers.post.sender_box import SenderBox


def post(session: Session) -> Provider:
    """The provider of letters. Nothing is read, connected or signed in before the first letter needs it."""
    from reconcile.providers.post.provider import post_provider

    writing = Writing(session)
    patience = dt.timedelta(minutes=session.settings.letters.settle_minutes)
    return post_provider(letter_book(session), carrier(session), writing.leaving, session.clock, patience)


def carrier(session: Session) -> Carrier:
    """The way out. The sandbox's letters leave this machine by none: they go to its tenant, or into its folder."""
    from reconcile.config.settings.in_the_clear import is_loopback
    from reconcile.providers.post.folder import FolderCarrier
    from reconcile.providers.post.graph import GraphCarrier
    from reconcile.providers.post.smtp import SmtpCarrier, SubmissionServer

    letters = session.settings.letters
    if letters.transport == "graph":
        return GraphCarrier(_mailbox_in_the_tenant(session), session.clock)
    if letters.transport == "smtp" and letters.smtp is not None:
        smtp = letters.smtp
        if not session.sandbox or is_loopback(smtp.host):
            password = functools.partial(
                session.secret, "RECONCILE_LETTERS_PASSWORD", smtp.password_file, "password of the submission server"
            )
            server = SubmissionServer(smtp.host, smtp.port, smtp.security, smtp.user, password, smtp.ca_file)
            box = sender_box(session)
            return SmtpCarrier(server, box.find if box else None)
    return FolderCarrier(SANDBOX_FOLDER / "letters" if session.sandbox else letters.outbox_folder)


def report_source(session: Session) -> Callable[[dt.date], Iterable[bytes]]:
    """Where delivery reports are read: the sender's mailbox over IMAP, else in the tenant.

    Raises ``Problem`` LET08 when neither is known.
    """
    if (box := sender_box(session)) is not None:
        return box.reports
    if session.settings.letters.transport == "graph":
        return _mailbox_in_the_tenant(session).reports
    raise Problem(
        "LET08", "Nobody says where the answers to letters arrive.", "add [letters.mailbox] to reconcile.toml"
    )


def sender_box(session: Session) -> SenderBox | None:
    """The sender's mailbox over IMAP, when reconcile.toml says where it is."""
    from reconcile.config.settings.in_the_clear import is_loopback
    from reconcile.providers.post.sender_box import MailboxServer, SenderBox

    box = session.settings.letters.mailbox
    if box is None or (session.sandbox and not is_loopback(box.host)):
        return None
    password = functools.partial(
        session.secret, "RECONCILE_LETTERS_MAILBOX_PASSWORD", box.password_file, "password of the letters' mailbox"
    )
    return SenderBox(MailboxServer(box.host, box.port, box.tls, box.user, password, box.ca_file))


def _mailbox_in_the_tenant(session: Session) -> TenantMailbox:
    """Nothing is sent, nor signed in, before the first letter needs it."""
    from reconcile.cli.session.credential import credential
    from reconcile.providers.microsoft.sender_mailbox import sender_mailbox

    settings = session.outside
    return sender_mailbox(settings, credential(session), session.clock, settings.letters.sender)
