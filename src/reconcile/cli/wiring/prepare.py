"""From the folders to a plan: what ``plan`` and ``apply`` have in common."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from reconcile.cli.session.same_world import check_world
from reconcile.cli.session.session import Session
from reconcile.cli.wiring.ends import ends_of
from reconcile.cli.wiring.network import network_of
from reconcile.cli.wiring.rollback import returning
from reconcile.cli.wiring.store import journals_of, store
from reconcile.language.phrase import Phrase
from reconcile.resources.address import NETWORK

if TYPE_CHECKING:
    from reconcile.config.federation.federation import Federation
    from reconcile.config.load import Loaded
    from reconcile.planning.inputs import Inputs
    from reconcile.planning.left_out import LeftOut
    from reconcile.planning.plan.plan import Basis, Plan
    from reconcile.resources.address import Address
    from reconcile.state.snapshot.snapshot import Snapshot


@dataclasses.dataclass(frozen=True)
class Prepared:
    """Federations that passed validation, their state, and what a plan is made from. ``everyone``: all whose file is
    valid, those that were not named too. ``left_out``: those asked for whose file is not. ``rolled_back``: slugs."""

    federations: Sequence[Federation]
    snapshots: Mapping[str, Snapshot]
    inputs: Inputs
    everyone: Sequence[Federation] = ()
    left_out: Sequence[LeftOut] = ()
    rolled_back: Collection[str] = ()

    @property
    def former_domains(self) -> frozenset[str]:
        """The domains that files still there declared when they were last applied, and that no file declares now."""
        described = {federation.slug for federation in self.federations}
        recorded = {
            address.key
            for slug, snapshot in self.snapshots.items()
            if slug in described
            for address in snapshot.records
            if address.kind == "domain"
        }
        return frozenset(recorded - self.inputs.owners.keys())


def prepare(session: Session, names: Sequence[str]) -> Prepared:
    """Load, check and compile the federations named (all of them without names), and read their state.

    One whose file is not valid is left out, and no other. Raises CFG03 (exit 3) when none of their files is valid,
    CFG04 for a name nobody has.
    """
    return _prepared(session, _loaded(session), names)


def prepare_again(session: Session, plan: Plan) -> Prepared:
    """What a saved plan was made from, as it is now. A federation whose file is not valid any more, or gone before it
    was ever applied, is left out: the plan is stale there, and there alone.
    """
    loaded = _loaded(session)
    broken = {one.path.stem for one in loaded.errors}
    unknown = {slug for slug in plan.basis if not (session.federations / f"{slug}.yaml").exists()} - {NETWORK}
    left_out = plan.basis.keys() & (broken | unknown - set(store(session).federations()))
    if not plan.partial and not left_out and not broken:
        return _prepared(session, loaded, ())
    return _prepared(session, loaded, [slug for slug in plan.basis if slug not in left_out] or tuple(plan.basis))


def _loaded(session: Session) -> Loaded:
    from reconcile.config.load import load_federations
    from reconcile.config.rules.criteria import Criteria

    return load_federations(
        session.federations,
        Criteria(
            protected=session.settings.protected,
            servers=session.settings.legacy,
            inventories=session.inventories,
            today=session.today,
            register=session.register,
        ),
    )


def _prepared(session: Session, loaded: Loaded, names: Sequence[str]) -> Prepared:
    from concurrent.futures import ThreadPoolExecutor

    from reconcile.cli.session.tracked import refuse_tracked
    from reconcile.cli.wiring.letters.notices import notices_of
    from reconcile.config.inventory.logins import Logins
    from reconcile.planning.inputs import Inputs
    from reconcile.resources.desired.federations import compile_federations, declared_domains
    from reconcile.state.journal.journals import half_lines
    from reconcile.state.snapshot.snapshot import Snapshot

    settings = session.settings
    refuse_tracked(session)
    states = store(session)
    # A federation whose file was deleted is still in the state, and the plan must say what that means.
    files = {path.stem for path in loaded.paths}
    recorded = states.federations()
    gone = [slug for slug in recorded if slug not in {*files, NETWORK} and (not names or slug in names)]
    described = [name for name in names if name not in {*gone, NETWORK}]
    federations, broken = ((), ()) if names and not described else _sound(loaded, described)
    network = network_of(session, loaded, recorded) if not names or NETWORK in names else None
    slugs = [*(federation.slug for federation in federations), *gone, *([NETWORK] if network else [])]
    snapshots: dict[str, Snapshot] = {}
    interrupted: set[Address] = set()
    with ThreadPoolExecutor(8) as pool:  # a hundred snapshots one after the other take seconds from a bucket
        found = list(pool.map(states.read, slugs))
    for cut in half_lines(session.state / "runs"):
        session.warn(
            Phrase("{cut} ends in the middle of a line, which counts as never written: that run was killed.", cut=cut)
        )
    # After the snapshots: what a run saves meanwhile is in both.
    journals = journals_of(session).read(session.state / "runs")
    if not names:  # a first apply that was killed before it saved anything is in its journal alone
        orphans = [slug for slug in journals.federations() if slug not in {*files, *slugs, NETWORK}]
        slugs, found = [*slugs, *orphans], [*found, *([None] * len(orphans))]
    for slug, known in zip(slugs, found, strict=True):
        stored = known or Snapshot(slug, lineage="")
        for lineage in {stored.lineage} if stored.serial else journals.lineages(slug):
            check_world(session, Phrase("The state of {slug}", slug=slug), lineage)
        snapshots[slug], unsettled = journals.replay(stored)
        interrupted.update(intent.address for intent in unsettled if intent.action == "create")
    owners = declared_domains(loaded.federations)
    desired = compile_federations(federations, settings, session.clock.now())
    back = returning(session, federations, snapshots)
    ends = ends_of(session, federations, snapshots)
    inputs = Inputs(
        desired=(
            *desired,
            *back.desired,
            *ends.desired,
            *notices_of(session, federations, snapshots, desired),
            *(network.desired if network else ()),
        ),
        snapshots=snapshots,
        interrupted=frozenset(interrupted),
        domains=declared_domains(federations),
        basis=basis(federations, snapshots) | (network.basis(snapshots[NETWORK]) if network else {}),
        partial=bool(names),
        owners=owners,
        logins=Logins.known(owners, settings.legacy, settings.protected, session.inventories.values()),
        put_back=back.put_back,
        forgotten=back.forgotten,
        held={**back.held, **ends.held},
        kept=back.kept,
        closed=frozenset(one.address.federation for one in ends.desired if one.address.kind == "closing"),
    )
    return Prepared(federations, snapshots, inputs, loaded.federations, broken, back.slugs)


def _sound(loaded: Loaded, names: Sequence[str]) -> tuple[Sequence[Federation], Sequence[LeftOut]]:
    """Those of the federations named whose files are valid, and the others. Raises CFG03 when there is no valid one."""
    from reconcile.planning.left_out import left_out

    chosen = loaded.only(loaded.named(names)) if names else loaded
    if not chosen.federations:
        return loaded.select(names), ()
    return chosen.federations, left_out(chosen.errors)


def basis(federations: Sequence[Federation], snapshots: Mapping[str, Snapshot]) -> dict[str, Basis]:
    """What a plan over these would be made from, at this moment."""
    from reconcile.planning.plan.plan import Basis
    from reconcile.resources.kinds import KINDS

    by_slug = {federation.slug: federation for federation in federations}
    result = {}
    for slug, snapshot in snapshots.items():
        federation = by_slug.get(slug)
        name, digest = (federation.file.name, federation.digest) if federation else (Phrase("no longer described"), "")
        guarded = sum(KINDS[address.kind].guarded for address in snapshot.records)
        result[slug] = Basis(name, digest, snapshot.lineage, snapshot.serial, guarded)
    return result


def prepare_targets(session: Session, names: Sequence[str], targets: Sequence[str]) -> Prepared:
    """What ``prepare`` gives of the federations that the targets mean, or of those named. Raises PLN05 (exit 64) for a
    target that names no known resource."""
    from reconcile.planning.narrowing import federations_of
    from reconcile.planning.plan.targets import refuse_strays

    if not names and (meant := federations_of(targets)):
        known = {*store(session).federations(), *(path.stem for path in session.federations.glob("*.yaml")), NETWORK}
        names = meant if known.issuperset(meant) else ()
    prepared = prepare(session, names)
    refuse_strays(targets, prepared.inputs.addresses)
    return prepared
