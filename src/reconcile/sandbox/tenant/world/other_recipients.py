"""Guests, contacts and groups: what holds an address in the tenant and is no mailbox."""

from __future__ import annotations

from reconcile.sandbox.tenant.world.address_book import AddressTakenError
from reconcile.sandbox.tenant.world.objects import Domain, OtherRecipient
from reconcile.sandbox.tenant.world.world import World

#: What may hold an address and is no mailbox → its RecipientTypeDetails.
OTHER_RECIPIENTS = {
    "guest": "GuestMailUser",
    "contact": "MailContact",
    "group": "MailUniversalDistributionGroup",
    "mail_user": "MailUser",
    "office_group": "GroupMailbox",
}


def add_other(world: World, kind: str, address: str) -> OtherRecipient:
    """Something else than a mailbox that holds the address: *guest*, *contact*, *group*, *mail_user*,
    *office_group* (Microsoft 365).

    Raises KeyError for another kind, AddressTakenError when the address is not free.
    """
    details = OTHER_RECIPIENTS[kind]
    if (holder := world.book.objector(address, "")) is not None:
        raise AddressTakenError(address, holder)
    local, _, domain = address.partition("@")
    items, found_id = [f"SMTP:{address}"], world.new_id()
    if kind in ("guest", "mail_user"):
        mark = "#EXT#" if kind == "guest" else ""
        values = {
            "accountEnabled": True,
            "displayName": local,
            "mailNickname": f"{local}_{domain}",
            "userPrincipalName": f"{local}_{domain}{mark}@{world.initial_domain}",
            "userType": "Guest" if kind == "guest" else "Member",
            "mail": address,
            "proxyAddresses": items,
        }
        user = world.add_user(values)
        user.listed_from, found_id = user.found_from, user.id
    world.book.claim(found_id, items)
    world.others[found_id] = OtherRecipient(found_id, world.new_id(), details, f"{local}.{domain}", items)
    return world.others[found_id]


def accept_domain(world: World, domain: Domain) -> None:
    """Exchange takes mail for the domain; where the profile says so, guests have addresses in it already."""
    domain.accepted_as = domain.accepted_as or "Authoritative"
    if world.profile.guests and not domain.initial:
        for kind in OTHER_RECIPIENTS:
            address = f"{kind.replace('_', '.')}.invite@{domain.name}"
            if world.book.objector(address, "") is None:
                add_other(world, kind, address)
                if kind == "office_group":  # one that somebody deleted, which keeps its address
                    remove_other(world, address)


def remove_other(world: World, address: str) -> None:
    """It is gone, and its address free; a Microsoft 365 group is kept, with its address, and gone for good when it is
    removed once more. Raises KeyError when there is none, or it has an account."""
    other = world.other_named(address) or world.deleted_groups.get(world.book.holder(address) or "")
    if other is None or other.id in world.users:
        raise KeyError(address)
    if world.others.pop(other.id, None) and other.kind == "GroupMailbox":
        other.deleted = world.clock.now()
        world.deleted_groups[other.id] = other
        return
    world.deleted_groups.pop(other.id, None)
    world.book.claim(other.id, ())
