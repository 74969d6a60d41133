"""From licences to mailboxes, with the time it takes."""

from __future__ import annotations

from reconcile.sandbox.tenant.world import addresses
from reconcile.sandbox.tenant.world.objects import User
from reconcile.sandbox.tenant.world.world import World

#: Seconds after which a mailbox that could not come is tried again.
_NEXT_TRY = 600.0


def follow_licences(world: World, user: User) -> None:
    """After a change of licences: a mailbox is to come, or goes. A shared one needs no licence and stays."""
    box = world.mailboxes.get(user.id)
    if world.has_exchange(user):
        if box is None or box.disconnected is not None:
            world.clock.after(world.delays.mailbox, lambda: provision(world, user))
    elif box is not None and not box.shared:
        world.disconnect(user.id)


def provision(world: World, user: User) -> None:
    """Give the user the mailbox the licence promises, or connect the one there was.

    A user with a latent conflict gets none until that is gone, and only serviceProvisioningErrors says so.
    """
    if user.deleted is not None or not world.has_exchange(user):
        return
    box = world.mailboxes.get(user.id)
    if box is not None:
        box.disconnected = None
        world.tell(box)
        return
    if user.conflicted:
        error = {"createdDateTime": f"{world.clock.now():%Y-%m-%dT%H:%M:%SZ}", "isResolved": False}
        user.values["serviceProvisioningErrors"] = [{**error, "serviceInstance": "exchange/frap264-001"}]
        world.clock.after(_NEXT_TRY, lambda: provision(world, user))
        return
    user.values.pop("serviceProvisioningErrors", None)
    name = _free_name(world, str(user.values["mailNickname"]))
    world.add_mailbox(user, name, name, _addresses(world, user, name), shared=False)


def _addresses(world: World, user: User, name: str) -> list[str]:
    """What a new mailbox is stamped with: the sign-in name as primary if Exchange accepts its domain by then."""
    held = list(user.values.get("proxyAddresses") or [])
    if not addresses.primary_of(held) and world.is_accepted(addresses.domain_of(user.upn)):
        held.insert(0, f"SMTP:{user.upn}")
    own = f"{name}@{world.initial_domain}"
    if world.book.objector(own, user.id) is None:
        held = addresses.with_added(held, [own])
    return addresses.replaced([*held, f"SIP:{user.upn}", world.storage_address()])


def _free_name(world: World, wanted: str) -> str:
    """``wanted``, or with digits after it when a mailbox bears that name or alias already."""
    taken = {box.name.lower() for box in world.mailboxes.values()}
    taken |= {box.alias.lower() for box in world.mailboxes.values()}
    if wanted.lower() not in taken:
        return wanted
    return next(name for n in range(1, 10**6) if (name := f"{wanted}{n}").lower() not in taken)
