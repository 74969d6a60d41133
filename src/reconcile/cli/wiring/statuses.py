"""Where each federation stands, told from the files, the state and the list of copies: for ``status`` and the board."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from reconcile.cli.session.named import named
from reconcile.cli.session.session import Session
from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.config.load import Loaded
    from reconcile.mailcopy.queue.jobs import Job
    from reconcile.planning.status import FederationStatus
    from reconcile.resources.address import Address
    from reconcile.state.journal.runs import RunRecord


def federation_statuses(session: Session, what: Sequence[str]) -> list[FederationStatus]:
    """The rows of the dates and federations named, all of them without names; what needs somebody first.

    Raises ``Problem`` CFG04 for a name nobody has.
    """
    from reconcile.config.load import load_federations
    from reconcile.config.rules.criteria import Criteria
    from reconcile.state.journal.runs import run_records

    loaded = load_federations(
        session.federations, Criteria(protected=session.settings.protected, register=session.register)
    )
    runs = run_records(session.state / "runs")
    return statuses_of(session, loaded, named(loaded, what), runs, copies_of(session))


def statuses_of(
    session: Session, loaded: Loaded, chosen: set[str], runs: Iterable[RunRecord], jobs: Sequence[Job]
) -> list[FederationStatus]:
    """The same of federations that are loaded. ``runs``: all runs, the latest first; ``jobs``: all copies."""
    from reconcile.planning.status import broken, ranked

    late = _late(session) if jobs else {}
    rows = [
        dataclasses.replace(row, late=late.get(row.federation, {}))
        for row in _statuses(session, loaded, chosen, runs, jobs)
    ]
    for path in loaded.paths:
        errors = [one for one in loaded.errors if one.path == path]
        if errors and path.stem in chosen:
            first = errors[0]
            why = f"{first.path}:{first.line}:{first.column}: {first.code} {first.message}"
            rows.append(broken(path.stem, "", why))
    return ranked(rows)


def copies_of(session: Session) -> Sequence[Job]:
    """Every copy that goes forth; none when there is no list of copies yet."""
    from reconcile.cli.wiring.copies import copy_jobs

    if not session.settings.copies.database and not (session.state / "copies").exists():
        return ()
    return [job for job in copy_jobs(session).list() if not job.goes_back]


def _late(session: Session) -> Mapping[str, Mapping[str, int]]:
    from reconcile.cli.wiring.copies import copies_location
    from reconcile.mailcopy.queue.late_mail import LateMail

    return LateMail(copies_location(session).database).senders()


def _statuses(
    session: Session, loaded: Loaded, chosen: set[str], runs: Iterable[RunRecord], jobs: Sequence[Job]
) -> Iterator[FederationStatus]:
    from reconcile.cli.wiring.gating import judged, still_to_hold
    from reconcile.cli.wiring.letters.notices import CopyJobs
    from reconcile.cli.wiring.letters.statuses import letter_statuses_of as letters_of
    from reconcile.cli.wiring.passwords.delivery import handed_by
    from reconcile.cli.wiring.rollback import returning
    from reconcile.cli.wiring.store import journals_of, store
    from reconcile.cli.wiring.unread import told, unread_folder
    from reconcile.planning.status import Copies, Progress, State, broken, federation_status
    from reconcile.resources.desired.federations import compile_federations
    from reconcile.state.snapshot.snapshot import Snapshot

    ones = [one for one in loaded.federations if one.slug in chosen]
    gates = judged(session, ones, loaded.federations)
    states, journals = store(session), journals_of(session).read(session.state / "runs")
    letter_jobs = CopyJobs(session)
    counts: dict[str, collections.Counter[str]] = {}
    for job in jobs:
        counts.setdefault(job.key.partition("/")[0], collections.Counter())[job.state] += 1
    copies = {slug: Copies(tally.total(), tally["done"], tally["failed"]) for slug, tally in counts.items()}
    failures, copied, now = _failures(runs), _copied(jobs), session.clock.now()
    for federation in ones:
        slug = federation.slug
        try:
            snapshot, unsettled = journals.replay(states.read(slug) or Snapshot(slug, lineage=""))
            unread = tuple(told(session, unread_folder(session).read(slug)))
        except Problem as problem:
            yield broken(slug, federation.file.name, str(problem))
            continue
        begun = [intent.address for intent in unsettled if intent.action == "create"]
        back = returning(session, [federation], {slug: snapshot}).slugs
        progress = Progress(
            compile_federations([federation], session.settings, now),
            snapshot.records.keys(),
            failures.get(slug, {}),
            copies.get(slug, Copies()),
            handed_by(session, slug, snapshot),
            copied,
            unread,
        )
        row = federation_status(
            federation.file.name,
            federation.file.migration.date,
            gates[slug],
            still_to_hold({slug: gates[slug]}, {slug: snapshot}, begun, back),
            progress,
            now,
        )
        try:
            yield dataclasses.replace(row, letters=letters_of(session, federation, snapshot, letter_jobs))
        except Problem as problem:
            yield dataclasses.replace(row, state=State.ERROR, trouble=(*row.trouble, str(problem)))


def _copied(jobs: Iterable[Job]) -> frozenset[str]:
    """The new mailboxes into which nothing is left to copy: every copy into them is done."""
    wanted = [job for job in jobs if job.state != "cancelled"]
    return frozenset(job.destination for job in wanted) - {job.destination for job in wanted if job.state != "done"}


def _failures(runs: Iterable[RunRecord]) -> Mapping[str, Mapping[Address, str]]:
    """By federation, what failed when it was last tried."""
    from reconcile.resources.address import Address

    seen: set[str] = set()
    failed: dict[str, dict[Address, str]] = {}
    for run in runs:
        for one in run.operations:
            if one.address in seen:
                continue
            seen.add(one.address)
            if one.result == "failed":
                address = Address.parse(one.address)
                failed.setdefault(address.federation, {})[address] = one.error
    return failed
