"""The gates of the old host: its addresses, how much mail there is, and whether it can be locked. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import MappingProxyType

from reconcile.config.federation.models import Mailbox
from reconcile.config.inventory.inventory import WHICH_ADDRESSES, Inventory
from reconcile.config.rules.inventory import undecided, undecided_mail
from reconcile.language.phrase import Phrase
from reconcile.planning.gates.facts import Facts, Reason
from reconcile.problem import Problem

#: What Exchange gives a mailbox of each licence, and what becomes of an old mailbox on its way there: it takes up to a
#: fifth more room (m365.md §4; Exchange counts what a message becomes, not what it was).
QUOTA = MappingProxyType({"E1": 50 * 10**9, "E3": 100 * 10**9, "shared": 50 * 10**9})
EXPANSION = 1.2

_COMPLETE = Phrase(
    "read them from a source that lists them (docs/inventory.md), or write overrides: GAT03 with the reason"
)


def addresses_decided(facts: Facts) -> Iterator[Reason]:
    """GAT03: every old address is kept or given up."""
    found, file = facts.inventory, facts.federation.file
    if file.legacy is None and all(mailbox.new for mailbox in file.mailboxes.values()):
        return
    if found is None:
        yield (
            Phrase("the old host was never listed"),
            Phrase("reconcile inventory read {slug}", slug=facts.federation.slug),
        )
    elif isinstance(found, Problem):
        yield found.message.rstrip("."), found.hint
    elif silent := undecided(facts.federation, found):
        yield (
            _many([one.address for one in silent], Phrase("neither kept nor given up")),
            Phrase(
                "decide on each in its file; reconcile inventory show {slug} lists them", slug=facts.federation.slug
            ),
        )
    elif mail := undecided_mail(facts.federation, found):
        yield (
            _many([one.address for one in mail], Phrase("alias with mail of its own, undecided")),
            Phrase("write legacy_mail: merge or drop"),
        )
    elif not found.lists_every_address:
        blind = ", ".join(sorted(aspect for aspect in found.unknown if aspect in WHICH_ADDRESSES - {"catch_alls"}))
        yield (
            Phrase("the old host's {blind} are not known: an address nobody listed may be forgotten", blind=blind),
            _COMPLETE,
        )


def _many(addresses: Sequence[str], what: str) -> str:
    shown: str = ", ".join(addresses[:3])
    if len(addresses) > 3:
        shown = Phrase.counted("{some} and {number} more", "{some} and {number} more", len(addresses) - 3, some=shown)
    return Phrase("{shown}: {what}", shown=shown, what=what)


def mail_fits(facts: Facts) -> Iterator[Reason]:
    """GAT09: the old mail fits in the new mailboxes."""
    found = facts.inventory
    if not isinstance(found, Inventory):
        return  # GAT03 says so
    for address, mailbox in facts.federation.file.mailboxes.items():
        size, quota = found.size(_sources(address, mailbox)), QUOTA[mailbox.licence]
        if size is None:
            yield (
                Phrase("the size of {address} on the old host is not known", address=address),
                Phrase("read it: reconcile inventory read"),
            )
        elif size * EXPANSION > quota:
            said = Phrase(
                "{size:.1f} GB of {address} become up to {size2:.1f} GB",
                size=size / 10**9,
                address=address,
                size2=size * EXPANSION / 10**9,
            )
            hint = (
                Phrase("choose E3, or let the owner archive first")
                if mailbox.licence != "E3"
                else Phrase("let the owner archive")
            )
            yield (
                Phrase("{said}, and {licence} takes {quota}", said=said, licence=mailbox.licence, quota=quota // 10**9),
                hint,
            )


def _sources(address: str, mailbox: Mailbox) -> list[str]:
    """The old mailboxes whose mail goes into this one."""
    own = [] if mailbox.new else [mailbox.was or address]
    return own + [alias.address for alias in mailbox.aliases if alias.legacy_mail == "merge"]


def host_lockable(facts: Facts) -> Iterator[Reason]:
    """GAT30: the old host can be locked."""
    file = facts.federation.file
    if file.legacy is None or all(mailbox.new for mailbox in file.mailboxes.values()):
        return
    name = file.legacy.server
    if facts.host_lock is None:
        hint = Phrase("add [legacy.{name}.lock], with how or with the reason why not: docs/lock.md", name=name)
        yield Phrase("reconcile.toml does not say how {name} refuses its users", name=name), hint
    elif facts.host_lock.impossible:
        yield (
            Phrase("{name} cannot be locked: its users go on reading and sending there", name=name),
            Phrase("tell them to stop"),
        )
