"""Gates: what must hold before a federation's old mailboxes are closed and its mail is switched. Pure.

A gate that does not hold holds that federation back, and no other. Each has a stable code, explained in
docs/calendar.md; most may be set aside by a line of the federation's file with its reason.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from reconcile.config.cost import cost_of
from reconcile.config.federation.federation import Federation
from reconcile.config.federation.models import Mailbox
from reconcile.config.inventory.inventory import WHICH_ADDRESSES, Inventory
from reconcile.config.rehearsal import Rehearsal
from reconcile.config.rules.inventory import undecided, undecided_mail
from reconcile.config.settings.tables.batches import Batch, batch_of
from reconcile.config.settings.tables.legacy.lock import Lock
from reconcile.config.settings.tables.tenant.prices import Prices
from reconcile.problem import Problem

#: A rehearsal is worth so much, counted back from the lock; the world moves.
REHEARSAL_LIFETIME = dt.timedelta(days=30)

#: What Exchange gives a mailbox of each licence, and what becomes of an old mailbox on its way there: it takes up to a
#: fifth more room (m365.md §4; Exchange counts what a message becomes, not what it was).
QUOTA = MappingProxyType({"E1": 50 * 10**9, "E3": 100 * 10**9, "shared": 50 * 10**9})
EXPANSION = 1.2

#: code → what holds when the gate does.
GATES: Mapping[str, str] = MappingProxyType(
    {
        "GAT01": "the date is one of the calendar and has room",
        "GAT02": "the move was rehearsed, and nothing stood in the way",
        "GAT03": "every old address is kept or given up",
        "GAT04": "the date is confirmed",
        "GAT05": "the surcharge was told",
        "GAT06": "the contact can be reached outside the domain",
        "GAT07": "an account receives the passwords",
        "GAT08": "the structures are complete",
        "GAT09": "the old mail fits in the new mailboxes",
        "GAT10": "no other tenant holds a domain",
        "GAT11": "the tenant refuses no mail of the federation",
        "GAT30": "the old host can be locked",
        "GAT35": "first passwords can be sealed",
        "GAT47": "letters reach the contact",
    }
)

#: The gates judged again once the old mailboxes are locked.
BEFORE_THE_SWITCH = frozenset({"GAT10", "GAT11"})

#: The gates without which nothing irreversible happens: proving a domain takes a viral tenant over, for ever.
IRREVERSIBLE = frozenset({"GAT04", "GAT10"})


@dataclasses.dataclass(frozen=True, slots=True)
class Gate:
    """One gate of one federation. ``why``: "" when it holds. ``hint``: what to do. ``waived``: the reason of the line
    that sets it aside, "" without one. ``lock``: the moment before which it must hold."""

    federation: str
    code: str
    lock: dt.datetime
    why: str = ""
    hint: str = ""
    waived: str = ""

    @property
    def open(self) -> bool:
        """Whether it lets the federation through."""
        return not self.why or bool(self.waived)

    @property
    def title(self) -> str:
        return GATES[self.code]


@dataclasses.dataclass(frozen=True, slots=True)
class Facts:
    """What the gates of one federation are judged by.

    ``lock``: its moment. ``batches``: the calendar, empty when the network keeps none. ``beyond``: the batch that has
    no room for it. ``rehearsal`` and ``inventory``: the newest, or why they cannot be told, None without any.
    ``switches``: settings of the tenant that would refuse its mail, as read now; None: as the rehearsal saw them.
    ``seals``: whether reconcile.toml names a key to seal first passwords to. ``returned``: what came back of a letter
    to its present contact.
    """

    federation: Federation
    lock: dt.datetime
    batches: Sequence[Batch] = ()
    beyond: Batch | None = None
    rehearsal: Rehearsal | Problem | None = None
    inventory: Inventory | Problem | None = None
    switches: Sequence[str] | Problem | None = None
    prices: Prices = dataclasses.field(default_factory=Prices)
    seals: bool = True
    returned: str = ""
    #: How its old host is locked; None when reconcile.toml does not say, or names no such host.
    host_lock: Lock | None = None


#: Why a gate does not hold, and what to do about it.
Reason = tuple[str, str]


def gates(facts: Facts) -> tuple[Gate, ...]:
    """Every gate of the federation, in the order of their codes."""
    overrides: Mapping[str, str] = dict(facts.federation.file.overrides.items())
    result = []
    for code, judge in _JUDGES.items():
        why, hint = next(judge(facts), ("", ""))
        waived = overrides.get(code) or _reason_of_the_host(facts, code) if why else ""
        result.append(Gate(facts.federation.slug, code, facts.lock, why, hint, waived))
    return tuple(result)


def _date(facts: Facts) -> Iterator[Reason]:
    file = facts.federation.file
    move = "choose one: reconcile batches move"
    if file.migration.date is None:
        yield "the federation has no date", move
    elif facts.batches and "SPF501" not in file.overrides and batch_of(file.migration.date, facts.batches) is None:
        yield f"{file.migration.date} is no date of the calendar", move
    elif facts.beyond is not None and "SPF502" not in file.overrides:
        yield f"{facts.beyond.date} is full: it takes {facts.beyond.most}", move


def _rehearsed(facts: Facts) -> Iterator[Reason]:
    found, again = facts.rehearsal, f"reconcile rehearse {facts.federation.slug}"
    if found is None:
        yield "it was never rehearsed", again
    elif isinstance(found, Problem):
        yield found.message.rstrip("."), found.hint
    elif missing := [domain for domain in facts.federation.domains if domain not in found.domains]:
        yield f"the rehearsal of {found.held:%Y-%m-%d} did not try {', '.join(missing)}", again
    elif not found.green:
        more = f" (and {len(found.stands) - 1} more)" if len(found.stands) > 1 else ""
        yield (
            f"on {found.held:%Y-%m-%d} something stood in the way: {found.stands[0]}{more}",
            f"settle it, then {again}",
        )
    elif facts.lock - found.held > REHEARSAL_LIFETIME:
        days = (facts.lock - found.held).days
        yield f"the rehearsal of {found.held:%Y-%m-%d} is {days} days older than the lock", again


_COMPLETE = "read them from a source that lists them (docs/inventory.md), or write overrides: GAT03 with the reason"


def _decided(facts: Facts) -> Iterator[Reason]:
    found, file = facts.inventory, facts.federation.file
    if file.legacy is None and all(mailbox.new for mailbox in file.mailboxes.values()):
        return
    if found is None:
        yield "the old host was never listed", f"reconcile inventory read {facts.federation.slug}"
    elif isinstance(found, Problem):
        yield found.message.rstrip("."), found.hint
    elif silent := undecided(facts.federation, found):
        yield (
            _many([one.address for one in silent], "neither kept nor given up"),
            "decide: reconcile validate lists them",
        )
    elif mail := undecided_mail(facts.federation, found):
        yield (
            _many([one.address for one in mail], "alias with mail of its own, undecided"),
            "write legacy_mail: merge or drop",
        )
    elif not found.lists_every_address:
        blind = ", ".join(sorted(aspect for aspect in found.unknown if aspect in WHICH_ADDRESSES - {"catch_alls"}))
        yield f"the old host's {blind} are not known: an address nobody listed may be forgotten", _COMPLETE


def _confirmed(facts: Facts) -> Iterator[Reason]:
    confirmed = facts.federation.file.migration.confirmed
    if confirmed is None:
        yield "both sides have not agreed on the date", "write migration: confirmed: with the day they did"


def _told(facts: Facts) -> Iterator[Reason]:
    migration = facts.federation.file.migration
    cost = cost_of(facts.federation.file, facts.prices, migration.date or facts.lock.date())
    told = migration.surcharge_told
    if cost.surcharge_monthly and (told is None or told.monthly < cost.surcharge_monthly):
        announced = f"{told.monthly} € were announced" if told else "nobody was told"
        yield (
            f"{cost.e3} E3 of {cost.licences} licences cost {cost.surcharge_monthly} € a month more, and {announced}",
            ("tell them, and write migration: surcharge_told:"),
        )


def _reached(facts: Facts) -> Iterator[Reason]:
    contact = facts.federation.file.contact
    hint = "write contact: with an address outside the domain, and a phone"
    if contact is None:
        yield "nobody is named whom one could call", hint
        return
    domain = contact.email.rpartition("@")[2]
    if any(f".{domain}".endswith(f".{own}") for own in facts.federation.domains):
        yield f"{contact.email} is closed with the rest", hint


def _delivered(facts: Facts) -> Iterator[Reason]:
    contact = facts.federation.file.contact
    if contact is None or not contact.poptransfert:
        yield "no PopTransfert account is named", "write contact: poptransfert:"


def _structures(facts: Facts) -> Iterator[Reason]:
    file = facts.federation.file
    own = [mailbox.directory.atrium_id for mailbox in file.mailboxes.values()]
    named = {file.atrium_id if one is None else one for one in own}
    if None in named:
        yield "some addresses belong to no structure", "write atrium_id: for the federation's seat"
        return
    described = facts.federation.places
    for number in sorted(one for one in named if one is not None):
        structure = described.get(number)
        missing = [key for key in ("street", "postal_code", "city") if not getattr(structure, key, None)]
        if missing:
            what = f"the structure {number} has no {', '.join(missing)}" if structure else f"{number} is not described"
            yield what, "complete it in PopStructure (reconcile structures read), or under structures:"


def _fits(facts: Facts) -> Iterator[Reason]:
    found = facts.inventory
    if not isinstance(found, Inventory):
        return  # GAT03 says so
    for address, mailbox in facts.federation.file.mailboxes.items():
        size, quota = found.size(_sources(address, mailbox)), QUOTA[mailbox.licence]
        if size is None:
            yield f"the size of {address} on the old host is not known", "read it: reconcile inventory read"
        elif size * EXPANSION > quota:
            said = f"{size / 10**9:.1f} GB of {address} become up to {size * EXPANSION / 10**9:.1f} GB"
            hint = "choose E3, or let the owner archive first" if mailbox.licence != "E3" else "let the owner archive"
            yield f"{said}, and {mailbox.licence} takes {quota // 10**9}", hint


def _sources(address: str, mailbox: Mailbox) -> list[str]:
    """The old mailboxes whose mail goes into this one."""
    own = [] if mailbox.new else [mailbox.was or address]
    return own + [alias.address for alias in mailbox.aliases if alias.legacy_mail == "merge"]


def _ours(facts: Facts) -> Iterator[Reason]:
    if not isinstance(facts.rehearsal, Rehearsal):
        return  # GAT02 says so
    words = {
        "viral": (
            "a tenant nobody administers",
            "ask the federation who signed up there: proving the domain takes it over",
        ),
        "foreign": ("another Microsoft tenant", "its administrator removes the domain there first"),
        "unknown": ("nobody knows whom", "rehearse again"),
    }
    for domain in facts.federation.domains:
        if (holder := facts.rehearsal.domains.get(domain, "free")) in words:
            whose, hint = words[holder]
            yield f"{domain} belongs to {whose}", hint


def _refused(facts: Facts) -> Iterator[Reason]:
    found = facts.switches
    if isinstance(found, Problem):
        yield f"the tenant's settings could not be read: {found.message.rstrip('.')}", found.hint
        return
    if found is None:
        found = facts.rehearsal.switches if isinstance(facts.rehearsal, Rehearsal) else ()
    for sentence in found:
        yield sentence, "see docs/calendar.md, GAT11"


def _sealed(facts: Facts) -> Iterator[Reason]:
    if not facts.seals and any(mailbox.licence != "shared" for mailbox in facts.federation.file.mailboxes.values()):
        yield "no key is named to seal the first passwords to", "write [passwords] seal_to in reconcile.toml"


def _returned(facts: Facts) -> Iterator[Reason]:
    if facts.returned:
        yield facts.returned, "call the contact, correct contact: email:, and the letter leaves again"


def _lockable(facts: Facts) -> Iterator[Reason]:
    file = facts.federation.file
    if file.legacy is None or all(mailbox.new for mailbox in file.mailboxes.values()):
        return
    name = file.legacy.server
    if facts.host_lock is None:
        hint = f"add [legacy.{name}.lock], with how or with the reason why not: docs/lock.md"
        yield f"reconcile.toml does not say how {name} refuses its users", hint
    elif facts.host_lock.impossible:
        yield f"{name} cannot be locked: its users go on reading and sending there", "tell them to stop"


def _reason_of_the_host(facts: Facts, code: str) -> str:
    """That reconcile.toml gives for all the federations of a host; "" without one."""
    return facts.host_lock.impossible if code == "GAT30" and facts.host_lock else ""


def _many(addresses: Sequence[str], what: str) -> str:
    shown = ", ".join(addresses[:3]) + (f" and {len(addresses) - 3} more" if len(addresses) > 3 else "")
    return f"{shown}: {what}"


_JUDGES: Mapping[str, Callable[[Facts], Iterator[Reason]]] = MappingProxyType(
    {
        "GAT01": _date,
        "GAT02": _rehearsed,
        "GAT03": _decided,
        "GAT04": _confirmed,
        "GAT05": _told,
        "GAT06": _reached,
        "GAT07": _delivered,
        "GAT08": _structures,
        "GAT09": _fits,
        "GAT10": _ours,
        "GAT11": _refused,
        "GAT30": _lockable,
        "GAT35": _sealed,
        "GAT47": _returned,
    }
)
