"""First passwords as they are desired: in the hands of the federation once its mail is switched. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from reconcile.resources.desired.context import Context
from reconcile.resources.resource import Desired, Value


def credentials(context: Context) -> Iterator[Desired]:
    """Everybody who signs in, to the account named beforehand, once the mail of every domain was switched: nothing
    is handed over, and so announced, before."""
    people = tuple(sorted(address for address, box in context.file.mailboxes.items() if box.licence != "shared"))
    contact = context.file.contact
    if not people or contact is None or not contact.poptransfert:
        return  # SPF508 and GAT07 say so
    switched = tuple(context.address("dns", f"{domain}/MX") for domain in context.federation.domains)
    fields: dict[str, Value] = {"account": contact.poptransfert, "people": people}
    address = context.address("credentials", context.file.domain)
    place = context.place(("contact",), ("domain",))
    # Behind the turn of each of their mailboxes, and spared any of them: who has one does not wait for the others.
    boxes = tuple(context.address("mailbox", one) for one in people)
    due = context.moments.cutover
    yield Desired(address, fields, switched, due, place, behind=boxes, spare=len(boxes))
