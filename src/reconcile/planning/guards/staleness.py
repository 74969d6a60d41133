"""What of a saved plan still says the truth: its age, then federation by federation, then object by object."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection, Mapping

from reconcile.language.phrase import Phrase
from reconcile.planning.order.behind import spared, without_dependants
from reconcile.planning.plan.plan import Action, Basis, Change, Plan
from reconcile.resources.address import Address
from reconcile.resources.kinds import KINDS

#: A saved plan is refused after this long: the world moves.
LIFETIME = dt.timedelta(days=7)
#: How far two machines' clocks may be apart.
CLOCKS_APART = dt.timedelta(minutes=5)


@dataclasses.dataclass(frozen=True, slots=True)
class Stale:
    """Something of a plan that may not be applied any more. ``what``: a federation's slug, or a resource's address."""

    what: str
    reason: str


@dataclasses.dataclass(frozen=True, slots=True)
class Sifted:
    """``plan``: what may still be applied. ``stale``: what may not, and why. ``done``: changes made already."""

    plan: Plan
    stale: tuple[Stale, ...]
    done: int


def expired(plan: Plan, moment: dt.datetime) -> bool:
    """Too old to be applied, whatever has or has not happened since; or made in the future, by another clock or hand.

    What the file says of its end only counts when it is earlier.
    """
    latest = min(plan.expires, plan.created + LIFETIME)
    return moment >= latest or plan.created > moment + CLOCKS_APART


def moved(plan: Plan, now: Mapping[str, Basis]) -> frozenset[str]:
    """The federations to which something was applied since the plan: their objects need a second look."""
    return frozenset(
        slug
        for slug, then in plan.basis.items()
        if slug in now and (now[slug].lineage, now[slug].serial) != (then.lineage, then.serial)
    )


def sift(plan: Plan, now: Mapping[str, Basis], fresh: Plan | None, *, trusted: bool = True) -> Sifted:
    """Keep of ``plan`` what is still true, for federations whose basis is ``now``.

    ``fresh``: a plan made at this moment, needed when something ``moved``, or when the plan is not ``trusted``: it may
    then be anybody's work, so it only chooses among the changes of the fresh one, which are carried out as that says.
    Thresholds are always those of ``now``. A change that a fresh plan does not
    have any more was made already, by an interrupted run of this very plan perhaps.
    """
    stale = [Stale(slug, reason) for slug in plan.basis if (reason := _of_federation(slug, plan, now))]
    # A change of a federation that the plan says nothing of was judged by nobody.
    strange = sorted({change.address.federation for change in plan.changes} - plan.basis.keys())
    stale += [Stale(slug, Phrase("the plan was not made from it")) for slug in strange]
    refused = {one.what for one in stale}
    second_look = (moved(plan, now) if trusted else frozenset(plan.basis)) - refused
    today = {change.address: change for change in fresh.changes} if fresh else {}
    unknown = {one.address for one in fresh.blocked} if fresh else set()
    kept: list[Change] = []
    lost: set[Address] = set()
    done = 0
    for change in plan.changes:  # prerequisites may come later in the plan; what depends on a lost one goes below
        address = change.address
        if address.federation in refused:
            continue
        if address.federation not in second_look:
            kept.append(change)
        elif address in unknown:
            stale.append(Stale(str(address), Phrase("it cannot be read at this moment")))
            lost.add(address)
        elif address not in today:
            done += 1
        elif _same(change, today[address]):
            kept.append(today[address])  # the same change, with the values that were not known yet
        else:
            stale.append(Stale(str(address), Phrase("it is not as the plan saw it any more")))
            lost.add(address)
    kept, needs = without_dependants(kept, lost)
    dependants = [Stale(str(address), Phrase("it needs {needed}", needed=needed)) for address, needed in needs.items()]
    lost |= needs.keys()
    remaining = tuple(_among(kept, spared(change, lost)) for change in kept)
    outputs = {**(plan.outputs if trusted else {}), **(fresh.outputs if fresh else {})}
    basis = {slug: now.get(slug, then) for slug, then in plan.basis.items()}
    seats = fresh.seats if fresh else plan.seats
    kept_plan = dataclasses.replace(plan, basis=basis, changes=remaining, outputs=outputs, seats=seats)
    return Sifted(kept_plan, (*stale, *dependants), done)


def _of_federation(slug: str, plan: Plan, now: Mapping[str, Basis]) -> str:
    present, then = now.get(slug), plan.basis[slug]
    if present is None:
        return Phrase("its file is no longer there, or no longer valid")
    if present.digest != then.digest:
        return Phrase("its file changed since the plan was made")
    if then.lineage and present.lineage != then.lineage:
        return Phrase("its state is another one (another lineage)")
    return ""


def _same(then: Change, now: Change) -> bool:
    """Same action on the same object, from the same values to the same values; or what was to be created came into
    being with what it depends on, as an access does with its mailbox, and is still as it was born."""
    seen = {field.name: field.before for field in then.fields}
    sees = {field.name: field.before for field in now.fields}
    identities = (then.before.identity if then.before else "", now.before.identity if now.before else "")
    if then.action is Action.CREATE and now.action is Action.UPDATE:
        declared = KINDS[now.address.kind].fields
        return all(not before or before == declared[name].born for name, before in sees.items())
    return then.action is now.action and seen == sees and identities[0] == identities[1]


def _among(kept: Collection[Change], change: Change) -> Change:
    """The change, waiting for none but those."""
    present = {one.address for one in kept}
    after, behind = (tuple(one for one in of if one in present) for of in (change.after, change.behind))
    return dataclasses.replace(change, after=after, behind=behind)
