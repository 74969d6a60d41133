"""Copies of old mail as they are desired, and the access the copier needs for them. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from reconcile.config.federation.federation import Route
from reconcile.config.federation.models import Mailbox
from reconcile.resources.address import Address
from reconcile.resources.desired.context import Context
from reconcile.resources.resource import IDENTITY, Desired, Reference, Value


def copies(context: Context, address: str, mailbox: Mailbox) -> Iterator[Desired]:
    if context.file.legacy is None or context.file.migration.closed is not None:
        return
    merged = [(place, alias.address) for place, alias in enumerate(mailbox.aliases) if alias.legacy_mail == "merge"]
    if mailbox.new and not merged:
        return
    box = context.address("mailbox", address)
    opened = context.address("copy_access", address)
    route: Route = ("mailboxes", address)
    former = context.former("copy_access", mailbox)
    yield Desired(opened, {"granted": True}, (box,), context.moments.cutover, context.place(route), former)
    if not mailbox.new:
        # The copy is that of the old mailbox, which a renaming in the new world does not rename.
        old = mailbox.was or address
        mail = _Mail(mailbox.legacy_login or old, address, public_folder=mailbox.public_folder or "")
        yield _copy(context, old, mail, opened, route)
    for place, alias in merged:
        # The mail of a box that becomes an alias goes into a folder of its target, under its own name.
        yield _copy(context, alias, _Mail(alias, address, alias), opened, ("mailboxes", address, "aliases", place))


@dataclasses.dataclass(frozen=True, slots=True)
class _Mail:
    """Whose old mail goes where. ``folder``: the one of the new mailbox that receives it, "" when all do.
    ``public_folder``: where it is read from, "" for the login's own mailbox."""

    login: str
    destination: str
    folder: str = ""
    public_folder: str = ""


def _copy(context: Context, key: str, mail: _Mail, opened: Address, route: Route) -> Desired:
    legacy = context.file.legacy
    fields: dict[str, Value | Reference] = {
        "source": legacy.server if legacy else "",
        "login": mail.login,
        "destination": mail.destination,
        "folder": mail.folder,
        "public_folder": mail.public_folder,
        # A mailbox made anew is another one: its mail is copied again, though the list says that it was.
        "mailbox": Reference(context.address("mailbox", mail.destination), IDENTITY),
    }
    after = (context.address("mailbox", mail.destination), opened, *context.locked)
    return Desired(context.address("copy", key), fields, after, context.moments.cutover, context.place(route))
