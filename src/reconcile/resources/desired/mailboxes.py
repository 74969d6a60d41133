"""Mailboxes as they are desired, and who may open the shared ones. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconcile.config.federation.models import Delegate, Mailbox
from reconcile.config.federation.structure import Structure
from reconcile.resources.desired.context import Context, domain_of
from reconcile.resources.resource import Desired, Value

_PLACE = ("name", "street", "postal_code", "city", "website", "networks")


def mailbox_and_access(context: Context, address: str, mailbox: Mailbox) -> Iterator[Desired]:
    place = context.place(("mailboxes", address))
    domains = dict.fromkeys(domain_of(name) for name in (address, *_aliases(mailbox)))
    needs = (*(context.address("domain_verification", domain) for domain in domains), *context.locked)
    box = context.address("mailbox", address)
    fields = _shared(context, address, mailbox) if mailbox.licence == "shared" else _personal(context, mailbox)
    fields["primary"] = address
    former = context.former("mailbox", mailbox)
    yield Desired(box, fields, needs, context.moments.cutover, place, former)
    if mailbox.licence == "shared":
        rights: dict[str, Value] = {
            "full_access": _holders(mailbox.delegates, "read"),
            "send_as": _holders(mailbox.delegates, "send_as"),
            "send_on_behalf": _holders(mailbox.delegates, "send_on_behalf"),
        }
        people = tuple(context.address("mailbox", delegate.who) for delegate in mailbox.delegates)
        access = context.address("access", address)
        former = context.former("access", mailbox)
        yield Desired(access, rights, (box, *people), context.moments.cutover, place, former)


def _personal(context: Context, mailbox: Mailbox) -> dict[str, Value]:
    directory = mailbox.directory
    fields = _common(context, mailbox)
    fields["usage_location"] = context.settings.tenant.usage_location
    if left_out := context.settings.licences.disabled_plans:
        fields["disabled_plans"] = tuple(sorted({name.upper() for name in left_out}))
    for name in ("first_name", "last_name", "job_title"):
        if name in directory.model_fields_set:
            fields[name] = getattr(directory, name)
    names = [name for name in (directory.first_name, directory.last_name) if name]
    fields["display_name"] = mailbox.display_name or " ".join(names)
    return fields


def _shared(context: Context, address: str, mailbox: Mailbox) -> dict[str, Value]:
    fields = _common(context, mailbox)
    generic = address.partition("@")[0].replace(".", " ").replace("-", " ").capitalize()
    fields["display_name"] = mailbox.display_name or f"{generic} – {context.file.name}"
    # Nobody signs in to a shared mailbox, and what is sent in its name stays in its Sent Items.
    fields["sign_in"] = False
    fields["sent_copies"] = True
    return fields


def _common(context: Context, mailbox: Mailbox) -> dict[str, Value]:
    directory = mailbox.directory
    fields: dict[str, Value] = {
        "licence": mailbox.licence,
        # The file lists every address of the federation, so no alias means none, not "unmanaged".
        "aliases": _aliases(mailbox),
        "protected": mailbox.protected,
    }
    if "phone" in directory.model_fields_set:
        fields["phone"] = directory.phone
    site = directory.atrium_id if directory.atrium_id is not None else context.file.atrium_id
    if site is not None:
        fields["atrium_id"] = str(site)
        fields |= _place(context.federation.places.get(site))
    if "hidden" in mailbox.model_fields_set:
        fields["hidden"] = mailbox.hidden
    return fields


def _place(structure: Structure | None) -> dict[str, Value]:
    """What the address book says of where an address is; only what the file says of its structure."""
    if structure is None:
        return {}
    written = structure.model_fields_set - {"atrium_id"}
    return {"office" if name == "name" else name: getattr(structure, name) for name in _PLACE if name in written}


def _aliases(mailbox: Mailbox) -> tuple[str, ...]:
    """Every address more of a mailbox; the one it had before among them, so that it still receives there."""
    names = {alias.address for alias in mailbox.aliases} | ({mailbox.was} if mailbox.was else set())
    return tuple(sorted(names))


def _holders(delegates: Iterable[Delegate], right: str) -> tuple[str, ...]:
    return tuple(sorted(delegate.who for delegate in delegates if right in delegate.rights))
