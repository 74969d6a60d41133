"""Which federations are rolled back, and what their records were before the switch: told by state and DNS journal."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase

if TYPE_CHECKING:
    from reconcile.config.federation.federation import Federation
    from reconcile.providers.dns.journal import Entry, RecordJournal
    from reconcile.resources.address import Address
    from reconcile.resources.resource import Desired, Value
    from reconcile.state.snapshot.snapshot import Snapshot


@dataclasses.dataclass(frozen=True)
class Returning:
    """``slugs``: the federations that are rolled back. ``desired``: their ways back. ``put_back``: what the records of
    every switch to come were before we changed them. ``forgotten``: the MX records of which that is not known, and
    why. ``held``: what a closing would change of one that went back, and why that is refused. ``kept``: what must not
    end as long as mail may come to the new mailboxes, and why."""

    slugs: frozenset[str]
    desired: tuple[Desired, ...]
    put_back: Mapping[Address, tuple[str, ...]]
    forgotten: Mapping[Address, str]
    held: Mapping[Address, str]
    kept: Mapping[Address, str]


def returning(session: Session, federations: Sequence[Federation], snapshots: Mapping[str, Snapshot]) -> Returning:
    """Raises ``Problem`` DNS15 for a journal that is damaged."""
    from reconcile.cli.wiring.way_back import must_not_end, unclosable
    from reconcile.resources.milestones import milestones
    from reconcile.resources.rollback import is_rolled_back, ways_back

    slugs: set[str] = set()
    desired: list[Desired] = []
    put_back: dict[Address, tuple[str, ...]] = {}
    forgotten: dict[Address, str] = {}
    held: dict[Address, str] = {}
    kept: dict[Address, str] = {}
    now = session.clock.now()
    for federation in federations:
        slug = federation.slug
        recorded = {address: record.fields for address, record in snapshots[slug].records.items()}
        moments = milestones(federation.file.migration.date, session.settings.calendar)
        if not recorded or ("copy_back" not in {one.kind for one in recorded} and now >= moments.cutover):
            continue
        entries = _journal(session).entries(slug)
        before = before_the_switch(slug, entries)
        put_back |= before
        if is_rolled_back(federation, recorded, moments, now, switched=bool(before)):
            slugs.add(slug)
            desired += ways_back(federation, recorded)
            put_back |= _farewells(recorded)
            forgotten |= _forgotten(session, slug, recorded, entries)
        if not before:
            held |= unclosable(federation, recorded)
            kept |= must_not_end(session, slug, recorded, entries)
    return Returning(frozenset(slugs), tuple(desired), put_back, forgotten, held, kept)


def _journal(session: Session) -> RecordJournal:
    from reconcile.providers.dns.journal import RecordJournal

    return RecordJournal(session.state / "dns", session.clock)


def before_the_switch(slug: str, entries: Sequence[Entry]) -> dict[Address, tuple[str, ...]]:
    """By address, the values of its MX and autodiscover records before we first changed them; of those that are not as
    they were."""
    from dns.rdatatype import RdataType

    from reconcile.providers.dns.records.canonical import texts_of
    from reconcile.providers.dns.records.keys import RecordKey
    from reconcile.providers.dns.undo import reverts
    from reconcile.resources.address import Address

    # What the last write of each left: whether it is still so, the plan sees in the zone.
    as_left = {RecordKey(entry.swap.name, entry.swap.rdtype): entry.swap.after for entry in entries}
    found = {}
    for revert in reverts(slug, entries, as_left):
        key = revert.key
        if key.rdtype is RdataType.MX or (key.rdtype is RdataType.CNAME and key.owner.startswith("autodiscover.")):
            values = texts_of(revert.did.before)
            if values != texts_of(revert.did.after):
                found[Address(slug, "dns", f"{key.owner}/{key.rdtype.name}")] = values
    return found


def _farewells(recorded: Mapping[Address, Mapping[str, Value]]) -> dict[Address, tuple[str, ...]]:
    """The old host's include that was taken out of SPF: it is to send for the domain again."""
    from reconcile.resources.mail_records import farewell_to

    hosts = {address: farewell_to(address) for address in recorded}
    return {address: (f"include:{host}",) for address, host in hosts.items() if host}


def _forgotten(
    session: Session, slug: str, recorded: Mapping[Address, Mapping[str, Value]], entries: Sequence[Entry]
) -> dict[Address, str]:
    """The MX records that lead to the tenant, and of which no line says what they were before."""
    from dns.rdatatype import RdataType

    from reconcile.problem import Problem
    from reconcile.providers.dns.records.microsoft_hosts import MICROSOFT

    told = {str(entry.swap.name).rstrip(".").lower() for entry in entries if entry.swap.rdtype is RdataType.MX}
    found = {}
    for address, fields in recorded.items():
        domain, _, part = address.key.partition("/")
        values = fields.get("values")
        if address.kind != "dns" or part != "MX" or domain in told or not isinstance(values, tuple):
            continue
        if any(one.rstrip(".").endswith(MICROSOFT) for one in values):
            problem = Problem(
                "RBK05",
                Phrase(
                    "Nobody knows what the MX of {domain} was before the switch: "
                    "{state}/dns/{slug}.jsonl does not say it.",
                    domain=domain,
                    state=session.state,
                    slug=slug,
                ),
                "restore that file from the repository's history, or make the MX lead to the old host by hand",
            )
            found[address] = problem.with_hint()
    return found
