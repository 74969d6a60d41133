"""Mailboxes as the directory and Exchange show them together, and who stands in the way of those to come."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence

from reconcile.language.phrase import Phrase
from reconcile.providers.base import ABSENT, Absent, Observed, Unknown, Wanted
from reconcile.providers.microsoft.reading import observed_state
from reconcile.providers.microsoft.reading.address_holders import AddressHolder, AddressHolders, conflict
from reconcile.providers.microsoft.reading.observing.observed import key_of, unknown
from reconcile.providers.microsoft.reading.records import STAMP_PREFIX, Box, User, smtp_addresses, stamp
from reconcile.providers.microsoft.reading.tenant import Tenant
from reconcile.providers.microsoft.wire.refusals import Refused
from reconcile.resources.address import Address
from reconcile.resources.resource import Live

#: What a plan says of a mailbox whose deleted account the tenant keeps still.
RESTORED = "deleted less than 30 days ago: restored, with its mail"


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """The mailbox and the account that were found for one wanted; ``refused``: why its account cannot be told."""

    box: Box | None
    user: User | None
    refused: Refused | None = None


def find_mailboxes(tenant: Tenant, wanted: Sequence[Wanted]) -> Mapping[Address, Found]:
    """By recorded identity, else by primary address, else by sign-in name."""
    # What we know to be there, from the state or from Exchange, and the list of accounts does not show is asked for
    # by name before it is called absent.
    listed, boxes = tenant.users(), tenant.by_primary()
    named = {one.address: one.identity or getattr(boxes.get(key_of(one)), "user_id", "") for one in wanted}
    asked = tenant.users_by_id(name for name in named.values() if name and name not in listed)
    return {one.address: _find(tenant, one, asked.get(named[one.address])) for one in wanted}


def observe_mailboxes(
    tenant: Tenant, wanted: Sequence[Wanted], found: Mapping[Address, Found], domains: Mapping[str, str]
) -> Mapping[Address, Observed]:
    """Kind *mailbox*. ``domains``: each declared one → its federation's slug."""
    shown = {one.address: _shown(tenant, one, found[one.address], domains) for one in wanted}
    ours = {one.user.id for one in found.values() if one.user}
    holders = AddressHolders(tenant, _new_addresses(wanted, found))
    return {**shown, **_conflicts(holders, wanted, shown, ours)}


def recorded_or_primary(tenant: Tenant, wanted: Sequence[Wanted]) -> dict[Address, Box]:
    """The mailbox of each: the recorded one wherever its address went, else the one with that primary address."""
    by_guid = {box.guid: box for box in tenant.boxes().values()}
    by_primary = tenant.by_primary()
    found = {one.address: by_guid.get(one.identity) or by_primary.get(key_of(one)) for one in wanted}
    return {address: box for address, box in found.items() if box is not None}


def _find(tenant: Tenant, one: Wanted, asked: User | Refused | None) -> Found:
    if isinstance(asked, Refused):
        return Found(None, None, asked)
    users, boxes = tenant.users(), tenant.boxes()
    if user := asked or users.get(one.identity):
        return Found(boxes.get(user.id), user)
    key = key_of(one)
    if box := tenant.by_primary().get(key):
        return Found(box, users.get(box.user_id))
    user = tenant.by_sign_in().get(key)
    return Found(boxes.get(user.id), user) if user else Found(None, None)


def _shown(tenant: Tenant, one: Wanted, found: Found, domains: Mapping[str, str]) -> Observed:
    box, user, key = found.box, found.user, one.address.key
    if found.refused:
        return unknown(found.refused, one.address)
    if box is None and user is None:
        return ABSENT
    if user is None:
        return Unknown(
            Phrase("{key}: Exchange shows this mailbox, but the directory does not show its account yet.", key=key)
        )
    fields = observed_state.mailbox_fields(key, user, box, tenant.skus(), domains)
    context = {} if box else {"mailbox": "not provisioned yet"}
    owner = user.stamp.removeprefix(STAMP_PREFIX) if user.stamp.startswith(STAMP_PREFIX) else ""
    return Live(one.address, fields, user.id, context=context, owner=owner)


def _conflicts(
    holders: AddressHolders, wanted: Sequence[Wanted], found: Mapping[Address, Observed], ours: Collection[str]
) -> Mapping[Address, Observed]:
    """Mailboxes that cannot be as desired because an object that no mailbox of this plan stands for has one of
    their addresses. What one mailbox of the plan gives up for another is a matter of order."""
    stopped: dict[Address, Observed] = {}
    for one in wanted:
        shown = found[one.address]
        if one.desired is None or isinstance(shown, Unknown):
            continue
        for address in (key_of(one), *_aliases(one)):
            holder = holders.of(address, ours)
            if holder and _restored(one, shown, holder):
                stopped[one.address] = Absent(RESTORED)
            if holder and (holder.keeps_all or _kept_from(one, shown, address, holder)):
                stopped[one.address] = unknown(conflict(one.address.key, address, holder), one.address)
                break
    return stopped


def _new_addresses(wanted: Sequence[Wanted], found: Mapping[Address, Found]) -> set[str]:
    """Every address that a mailbox is to have and does not have yet."""
    new: set[str] = set()
    for one in wanted:
        there = found[one.address]
        held = there.user.addresses if there.user else frozenset()
        held |= smtp_addresses(there.box.proxies) if there.box else frozenset()
        new |= {key_of(one), *_aliases(one)} - held if one.desired else set()
    return new


def _restored(one: Wanted, shown: Observed, holder: AddressHolder) -> bool:
    """Whether creating the mailbox brings back the account of ours that had its name when it was deleted."""
    return isinstance(shown, Absent) and holder.sign_in == key_of(one) and holder.stamp == stamp(one.address)


def _kept_from(one: Wanted, shown: Observed, address: str, holder: AddressHolder) -> bool:
    """Whether a deleted account keeps a new mailbox from its own address: one of ours is brought back instead."""
    return not isinstance(shown, Live) and address == key_of(one) and holder.stamp != stamp(one.address)


def _aliases(one: Wanted) -> tuple[str, ...]:
    value = one.desired.fields.get("aliases") if one.desired else ()
    return tuple(alias.lower() for alias in value) if isinstance(value, tuple) else ()
