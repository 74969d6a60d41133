"""The kind ``credentials``: who of a federation has had their first password delivered."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from reconcile.clock import Clock
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.base import ABSENT, Observation, Observed, Order, Provider, Scope, Unknown, Wanted
from reconcile.providers.delivery.deposit import deposit
from reconcile.providers.delivery.outbox import Delivery, File, Outbox
from reconcile.providers.delivery.place import Place
from reconcile.resources.address import Address
from reconcile.resources.resource import Live, Value


class Vault(Protocol):
    """Where first passwords are sealed."""

    def open(self, federation: str, address: str, entry: str) -> str | None: ...


#: From a federation and addresses of it to the vault's entry that each account names: "" for an account that came with
#: a password of its own, None for one that does not exist (yet).
Entries = Callable[[str, Collection[str]], Mapping[str, str | None]]


@dataclasses.dataclass(frozen=True, slots=True)
class Handed:
    """What is said of one person. ``password``: None for whoever keeps their own."""

    address: str
    password: str | None = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True, slots=True)
class Packed:
    """Files that nobody reads without what opens them. ``opening``: the vault's entry of that, "" for their own key."""

    files: Sequence[File]
    opening: str


@dataclasses.dataclass(frozen=True, slots=True)
class Hands:
    """What a delivery takes. ``pack``: from a federation, its people and the entry that opened the files before ("" for
    the first) to encrypted files. ``place``: the account's folder, and ``named`` how a receipt calls it."""

    vault: Vault
    entries: Entries
    pack: Callable[[str, Sequence[Handed], str], Packed]
    place: Callable[[str, str, Delivery], AbstractContextManager[Place]]
    outbox: Outbox
    clock: Clock
    named: str


def delivery_provider(hands: Hands) -> Provider:
    """The provider ``delivery``. Nothing is opened or contacted before the first write."""
    return Provider("delivery", DeliveryReader(hands.outbox), DeliveryWriter(hands), parallel={"credentials": 4})


class DeliveryReader:
    """Who has had theirs is read from the receipts kept here, and from the state where those were lost."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def observe(self, scope: Scope) -> Observation:
        return Observation({wanted.address: self._observed(wanted) for wanted in scope.wanted})

    def _observed(self, wanted: Wanted) -> Observed:
        if wanted.desired is None:
            return ABSENT
        try:
            shown = shown_of(self._outbox, wanted.address, wanted.desired.fields.get("people"), wanted.recorded)
        except Problem as problem:
            return Unknown(problem.message)
        return shown or ABSENT


def shown_of(outbox: Outbox, address: Address, people: object, recorded: Mapping[str, Value]) -> Live | None:
    """What is there of a federation's deliveries, as far as these people and those of the record go; None before the
    first. Whoever left had theirs all the same."""
    slug = address.federation
    before = _people(recorded.get("people"))
    done = outbox.handed(slug, before)
    receipts = [one for one in outbox.deliveries(slug) if one.delivered]
    if not receipts and not recorded:
        return None
    account = receipts[-1].account if receipts else str(recorded.get("account") or "")
    if recorded.get("account"):
        account = str(recorded["account"])  # a change of it alone delivers nothing
    fields: dict[str, Value] = {"account": account, "people": tuple(sorted({*_people(people), *before} & done))}
    return Live(address, fields, outputs={"receipts": tuple(line for one in receipts for line in one.receipts())})


class DeliveryWriter:
    """Delivers to whoever has not had theirs. Raises ``Problem`` SEC…; what was delivered stays so."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._outbox = hands.outbox

    def create(self, order: Order) -> Live:
        return self._deliver(order)

    def update(self, order: Order) -> Live:
        return self._deliver(order)

    def delete(self, order: Order) -> None:
        """What was handed over is not taken back."""

    def _deliver(self, order: Order) -> Live:
        slug, account = order.address.federation, str(order.fields.get("account") or "")
        people = _people(order.fields.get("people"))
        before = _people(order.before.fields.get("people")) if order.before else ()
        left_behind = self._hand_over(slug, account, people, before)
        if left_behind:
            raise left_behind
        recorded: dict[str, Value] = {"account": account, "people": people}
        return shown_of(self._outbox, order.address, people, recorded) or Live(order.address, recorded)

    def _hand_over(self, slug: str, account: str, people: Collection[str], before: Collection[str]) -> Problem | None:
        """Deliver to all that can be delivered to; what is said of the others."""
        missing = [one for one in people if one not in self._outbox.handed(slug, before)]
        if not missing:
            return None
        known = self._hands.entries(slug, missing)
        self._finish(slug, account, known)
        done = self._outbox.deliveries(slug)
        had = {entry for one in done if one.delivered for entry in one.people.values() if entry}
        # Somebody renamed has the account, and the password, that were delivered under the former address.
        owed = self._outbox.owed(slug)
        left = {
            address: entry
            for address, entry in known.items()
            if address not in self._outbox.handed(slug, before) and (entry not in had or address in owed)
        }
        opened: dict[str, str | None] = {}
        lost = []
        for address, entry in left.items():
            if entry is None:
                continue
            opened[address] = self._hands.vault.open(slug, address, entry) if entry else None
            if entry and opened[address] is None:
                lost.append(address)
                del opened[address]
        if opened:
            packed = self._hands.pack(slug, [Handed(*one) for one in opened.items()], done[-1].opening if done else "")
            entries = {address: left[address] or "" for address in opened}
            now = self._hands.clock.now()
            self._send(self._outbox.prepare(slug, account, entries, packed.files, packed.opening, now))
        return _left_behind(slug, lost, [address for address, entry in left.items() if entry is None])

    def _finish(self, slug: str, account: str, known: Mapping[str, str | None]) -> None:
        """What an earlier run prepared goes on with the same bytes, unless its passwords are no longer those."""
        for one in self._outbox.deliveries(slug):
            if one.delivered:
                continue
            current = all(known.get(address, entry) == entry for address, entry in one.people.items())
            if current and one.account == account:
                self._send(one)
            else:
                self._outbox.drop(one)

    def _send(self, delivery: Delivery) -> None:
        with self._hands.place(delivery.federation, delivery.account, delivery) as place:
            for one in delivery.files:
                deposit(place, one.name, self._outbox.content(delivery, one.name))
        self._outbox.receive(delivery, self._hands.named, self._hands.clock.now())


def _left_behind(slug: str, lost: Sequence[str], absent: Sequence[str]) -> Problem | None:
    if lost:
        return Problem(
            "SEC17",
            Phrase(
                "{slug}: the vault on this machine does not hold the passwords of {lost}.", slug=slug, lost=_few(lost)
            ),
            Phrase(
                "bring {slug}'s folder of the vault back, or: reconcile secrets reset {lost}", slug=slug, lost=lost[0]
            ),
        )
    if absent:
        return Problem(
            "SEC18",
            Phrase(
                "{slug}: {absent} has no account yet; whoever has one had theirs delivered.",
                slug=slug,
                absent=_few(absent),
            ),
            "apply again once the account is there: the others get nothing twice",
        )
    return None


def _few(addresses: Sequence[str]) -> str:
    shown = ", ".join(addresses[:3])
    return Phrase("{shown} and {number} more", shown=shown, number=len(addresses) - 3) if len(addresses) > 3 else shown


def _people(value: object) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()
