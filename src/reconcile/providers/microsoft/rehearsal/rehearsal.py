"""Everything that can be known of a federation's move before the day, without changing anything in the tenant."""

from __future__ import annotations

import dataclasses
import enum
import functools
from collections.abc import Callable, Collection, Iterator, Mapping
from random import random
from typing import Literal

from reconcile.clock import Clock
from reconcile.config.rehearsal import Holder
from reconcile.config.settings.settings import Settings
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.microsoft.reading.address_holders import AddressHolder, AddressHolders
from reconcile.providers.microsoft.reading.mail_settings import refusals_of_mail
from reconcile.providers.microsoft.reading.records import STAMP_PREFIX, domain_of
from reconcile.providers.microsoft.reading.tenant import Tenant
from reconcile.providers.microsoft.rehearsal.grants import granted, lacking
from reconcile.providers.microsoft.rehearsal.realm import realm
from reconcile.providers.microsoft.wire.auth import Credential, Device, Tokens
from reconcile.providers.microsoft.wire.connection import connect
from reconcile.providers.microsoft.wire.refusals import Refused, explained
from reconcile.providers.microsoft.wire.transport import Transport
from reconcile.resources.address import Address


class Verdict(enum.Enum):
    READY = "ready"
    #: Nothing stops, somebody should look.
    WARNING = "warning"
    BLOCKED = "blocked"


@dataclasses.dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. ``hint`` says what to do next, "" when there is nothing to do."""

    verdict: Verdict
    message: str
    hint: str = ""
    #: The domain it is about, and whose that is: "ours", "free", "viral", "foreign"; "" for other checks.
    domain: str = ""
    holder: Holder | Literal[""] = ""
    #: What the tenant is set to that would refuse mail; "" for other checks.
    setting: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Move:
    """What a federation is about to bring: its slug, its domains, the licence of each mailbox by its address, and all
    its aliases."""

    slug: str
    domains: tuple[str, ...]
    licences: Mapping[str, str]
    aliases: Collection[str] = ()


def rehearse(settings: Settings, credential: Credential, clock: Clock, move: Move) -> tuple[Check, ...]:
    """Every check, in the order a postmaster reads them; a check that could not be made is blocked and says why."""
    sender = Transport(clock, random, settings.tenant.ca_file)
    graph, exchange = connect(settings.tenant, credential, sender, clock)
    checks = _Checks(settings, Tenant(graph, exchange, settings), move)
    grants = functools.partial(_grants, settings, credential)
    steps = (checks.sign_in, grants, checks.holders, checks.settings, checks.seats, checks.others)
    return tuple(check for step in steps for check in _results(step, move))


def _results(step: Callable[[], Iterator[Check]], move: Move) -> list[Check]:
    try:
        return list(step())
    except Refused as refused:
        failure: Problem = explained(refused, Address(move.slug, "domain", move.domains[0]))
    except Problem as problem:
        failure = problem
    return [Check(Verdict.BLOCKED, str(failure), failure.hint)]


def _grants(settings: Settings, credential: Credential) -> Iterator[Check]:
    """Every permission that will be needed, also those for what a rehearsal does not do."""
    held = granted(Tokens(settings.tenant, credential))
    missing = list(lacking(held, person=isinstance(credential, Device))) if held else []
    for permission, what in missing:
        yield Check(
            Verdict.BLOCKED,
            Phrase(
                "The application lacks the permission {permission}, needed for {what}.",
                permission=permission,
                what=what,
            ),
            "let an administrator grant it, with consent for the whole organisation (docs/permissions.md)",
        )
    if held and not missing:
        yield Check(Verdict.READY, "The application has every permission it needs.")


class _Checks:
    def __init__(self, settings: Settings, tenant: Tenant, move: Move) -> None:
        self._settings = settings
        self._tenant = tenant
        self._move = move

    def sign_in(self) -> Iterator[Check]:
        """Both services answer the application, which holds its permissions and its role."""
        self._tenant.users()
        yield Check(Verdict.READY, "Microsoft Graph answers the application.")
        self._tenant.accepted_domains()
        yield Check(Verdict.READY, "Exchange answers the application.")

    def holders(self) -> Iterator[Check]:
        """No other tenant holds a domain of the federation."""
        ours = self._tenant.domains()
        for domain in self._move.domains:
            if ours.get(domain, {}).get("isVerified"):
                yield Check(
                    Verdict.READY,
                    Phrase("{domain} is verified in our tenant.", domain=domain),
                    domain=domain,
                    holder="ours",
                )
                yield from self._refusing(domain)
                continue
            found = realm(self._settings.tenant, domain)
            if not found.tenant_id or found.tenant_id == self._settings.tenant.id.lower():
                yield Check(
                    Verdict.READY,
                    Phrase("No other tenant holds {domain}.", domain=domain),
                    domain=domain,
                    holder="free",
                )
            elif found.viral:
                yield Check(
                    Verdict.WARNING,
                    Phrase(
                        "{domain} belongs to a tenant nobody administers: somebody once signed up to a free service.",
                        domain=domain,
                    ),
                    "proving the domain takes it over, its accounts included; ask the federation who they are",
                    domain,
                    "viral",
                )
            else:
                yield Check(
                    Verdict.BLOCKED,
                    Phrase(
                        "{domain} belongs to another Microsoft tenant, {tenant}.", domain=domain, tenant=found.tenant_id
                    ),
                    "its administrator must remove the domain there first: no proof can take it over",
                    domain,
                    "foreign",
                )

    def _refusing(self, domain: str) -> Iterator[Check]:
        """A domain somebody made authoritative too early: the tenant refuses colleagues' mail to what it lacks."""
        there = self._tenant.by_primary()
        missing = [one for one in self._move.licences if domain_of(one) == domain and one not in there]
        if missing and self._tenant.accepted_domains().get(domain) == "Authoritative":
            yield Check(
                Verdict.WARNING,
                Phrase(
                    "Our tenant refuses mail to addresses of {domain} not moved yet: {count} of them.",
                    domain=domain,
                    count=len(missing),
                ),
                Phrase(
                    "apply {slug}: the domain becomes an internal relay again until after the switch",
                    slug=self._move.slug,
                ),
            )

    def seats(self) -> Iterator[Check]:
        """Enough licences are free for the mailboxes that do not have theirs yet."""
        skus, users = self._tenant.skus(), self._tenant.by_sign_in()
        for licence in ("E1", "E3"):
            wanted = {address for address, name in self._move.licences.items() if name == licence}
            held = {address for address in wanted if address in users and skus.licence(users[address].skus) == licence}
            missing, free = len(wanted) - len(held), skus.free(licence) if wanted else 0
            if missing > free:
                yield Check(
                    Verdict.BLOCKED,
                    Phrase(
                        "Licence {licence}: {missing} needed, only {free} free.",
                        licence=licence,
                        missing=missing,
                        free=free,
                    ),
                    "buy or free the rest before the day",
                )
            elif wanted:
                yield Check(
                    Verdict.READY,
                    Phrase(
                        "Licence {licence}: {missing} needed, {free} free.", licence=licence, missing=missing, free=free
                    ),
                )

    def settings(self) -> Iterator[Check]:
        """Nothing the tenant is set to refuses mail between those who moved and those who did not."""
        hosts = [legacy.host for legacy in self._settings.legacy.values()]
        for sentence in refusals_of_mail(self._tenant, hosts):
            yield Check(
                Verdict.WARNING,
                Phrase("What the tenant is set to: {sentence}.", sentence=sentence),
                "see docs/calendar.md, GAT11",
                setting=sentence,
            )

    def others(self) -> Iterator[Check]:
        """Objects of our tenant that have an address of the federation already, deleted ones included."""
        for holder in sorted(AddressHolders(self._tenant).all, key=lambda one: (one.deleted, one.described)):
            if holder.stamp != f"{STAMP_PREFIX}{self._move.slug}":
                yield from self._of(holder)

    def _of(self, holder: AddressHolder) -> Iterator[Check]:
        held = sorted(name for name in holder.addresses if domain_of(name) in self._move.domains)
        described = [name for name in held if name in self._move.licences or name in self._move.aliases]
        adopted = self._adopted(holder)
        if adopted:
            yield Check(
                Verdict.WARNING, Phrase("{adopted} exists already.", adopted=adopted), "the plan will offer to adopt it"
            )
        elif described:
            yield Check(
                Verdict.BLOCKED,
                Phrase("{address} is already an address of {holder}.", address=described[0], holder=holder.described),
                holder.hint,
            )
        elif held:
            yield Check(
                Verdict.WARNING,
                Phrase("Already held by {holder}: {held}.", holder=holder.described, held=", ".join(held)),
                "free the address, or describe the mailbox in the federation's file",
            )

    def _adopted(self, holder: AddressHolder) -> str:
        """The mailbox of the file that a plan would take this object for: the one it is named after; "" when none."""
        if not holder.account:
            return ""
        box = self._tenant.boxes().get(holder.identity)
        user = self._tenant.users().get(holder.identity)
        names = [box.primary] if box else [user.upn] if user else []
        return next((name for name in names if name in self._move.licences), "")
