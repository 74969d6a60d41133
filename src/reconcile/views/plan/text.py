"""A plan for people: deletions first, then each federation by kind, what is undecided, and the count.

Made to be read on a Sunday at six: what goes, what may be done now, what waits and until when.
"""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import itertools
from collections.abc import Iterable, Iterator, Sequence

from rich.text import Text

from reconcile.language.catalogue import ENGLISH, Catalogue
from reconcile.language.lists import apart
from reconcile.language.moments import moment
from reconcile.language.phrase import Phrase
from reconcile.planning.guards.guards import Refusal
from reconcile.planning.plan.plan import Action, Blocked, Cause, Change, Plan
from reconcile.resources.address import Address
from reconcile.resources.kinds import KINDS
from reconcile.resources.milestones import UNSCHEDULED
from reconcile.views.actions import STYLES, to_do
from reconcile.views.alarms import alarms, lacking, seats
from reconcile.views.cost import plan_costs
from reconcile.views.counts import changes as count_changes
from reconcile.views.counts import resources
from reconcile.views.gate_text import gate_text
from reconcile.views.gate_text import summary as gate_summary
from reconcile.views.plan.change_text import Detail, change_text
from reconcile.views.plan.notices_text import notices_text
from reconcile.views.wording import ALARM, DRIFT, QUIET, WEIGHTS, colon, not_before, plain, resource, semicolon

_KIND_ORDER = {name: place for place, name in enumerate(KINDS)}


def plan_text(plan: Plan, zone: dt.tzinfo, detail: Detail = Detail.REVIEW, words: Catalogue = ENGLISH) -> list[Text]:
    """The lines of a plan, complete without colour (``line.plain``). ``zone``: in which moments are said."""
    lines = [Text(words.say(line, plain), ALARM) for line in alarms(plan)]
    lines += [Text()] if lines else []
    page = _Page(plan, zone, detail, words)
    deletions = [change for change in plan.changes if change.action is Action.DELETE]
    others = [change for change in plan.changes if change.action is not Action.DELETE]
    for block in (
        page.deletions(deletions),
        *(page.federation(slug, changes) for slug, changes in _by_federation(others)),
        _undecided(plan.blocked, words),
        _found(plan, words),
        _gates(plan, zone, words),
        plan_costs(plan.costs, words),
        _unmanaged(plan.unmanaged, detail, words),
    ):
        said = list(block)
        lines += [*said, Text()] if said else []
    return [*lines, *summary(plan, zone, words)]


def refusals_text(refusals: Sequence[Refusal], words: Catalogue = ENGLISH) -> list[Text]:
    """Why an apply that says nothing more would refuse the plan, and what to do about it."""
    if not refusals:
        return []
    lines = [Text(words.say(Phrase("REFUSED: an apply that says nothing more would not do this")), ALARM)]
    for one in refusals:
        lines.append(Text(f"  {one.code} {words.say(one.message, plain)}"))
        lines.append(Text(f"    → {words.say(one.hint, plain)}"))
    return [Text(), *lines]


def summary(plan: Plan, zone: dt.tzinfo, words: Catalogue = ENGLISH) -> list[Text]:
    """The last lines: how much of what, when, and what the reader should not overlook."""
    lines = [_headline(plan, words)]
    when = _when(plan, zone)
    if when:
        lines.append(Text(words.say(when)))
    drifted = sum(change.cause is not Cause.YAML for change in plan.changes)
    if drifted:
        told = Phrase("Drift: {changes} because the world moved since we last wrote.", changes=count_changes(drifted))
        lines.append(Text(words.say(told), DRIFT))
    if plan.blocked:
        told = Phrase(
            "Unknown: nothing is decided about {resources}; see the reasons above.",
            resources=resources(len(plan.blocked)),
        )
        lines.append(Text(words.say(told), ALARM))
    lines += gate_summary(plan.gates, words)
    if plan.seats:
        told = Phrase("Seats: {seats}.", seats=apart(map(seats, plan.seats)))
        lines.append(Text(words.say(told, plain), QUIET))
    lines += [Text(f"{words.say(line, plain)}.", ALARM) for one in plan.seats if (line := lacking(one))]
    if plan.partial:
        told = Phrase("This plan is partial: only what was named on the command line was looked at.")
        lines.append(Text(words.say(told), QUIET))
    return lines


@dataclasses.dataclass(frozen=True, slots=True)
class _Page:
    """What every block of changes is told by."""

    plan: Plan
    zone: dt.tzinfo
    detail: Detail
    words: Catalogue

    def deletions(self, changes: list[Change]) -> Iterator[Text]:
        if not changes:
            return
        told = Phrase("DELETIONS: {resources} would go", resources=resources(len(changes)))
        yield Text(self.words.say(told), ALARM)
        for slug, of_federation in _by_federation(changes):
            yield Text(_name(slug, self.plan, self.words), "bold")
            yield from self._kinds(of_federation)

    def federation(self, slug: str, changes: list[Change]) -> Iterator[Text]:
        tally = collections.Counter(change.action for change in changes)
        counted = ", ".join(self.words.say(to_do(action, tally[action])) for action in Action if tally[action])
        yield Text(_name(slug, self.plan, self.words), "bold").append(f"{colon(self.words)}{counted}", "not bold")
        yield from self._kinds(changes)

    def _kinds(self, changes: list[Change]) -> Iterator[Text]:
        """Changes under their kind; a moment all of a kind wait for is said once."""
        changes = sorted(changes, key=lambda change: (_KIND_ORDER[change.address.kind], change.address))
        for kind, group in itertools.groupby(changes, key=lambda change: change.address.kind):
            of_kind = list(group)
            if kind == "notice" and self.detail is Detail.REVIEW:
                yield from notices_text(of_kind, self.plan.created, self.zone, self.words)
                continue
            moments = [self._later(change) for change in of_kind]
            shared = moments[0] if len(set(moments)) == 1 else ""
            yield Text(f"  {kind}").append(f"  {shared}" if shared else "", QUIET)
            width = min(max(len(plain(change.address.key)) for change in of_kind), 44)
            for change, own in zip(of_kind, moments, strict=True):
                yield from change_text(change, width, self.detail, "" if shared else own, self.words)

    def _later(self, change: Change) -> str:
        if change.due is None or change.due <= self.plan.created:
            return ""
        return self.words.say(not_before(change.due, self.zone))


def _undecided(blocked: tuple[Blocked, ...], words: Catalogue) -> Iterator[Text]:
    """What could not be read, and what depends on it; a reason several share is said once."""
    if not blocked:
        return
    yield Text(words.say(Phrase("UNKNOWN: nothing is decided about these")), ALARM)
    by_reason: dict[str, list[Blocked]] = {}
    for one in blocked:
        by_reason.setdefault(one.reason, []).append(one)
    for reason, ones in by_reason.items():
        yield Text(f"  {words.say(reason, plain)}")
        for one in sorted(ones, key=lambda one: (one.because is not None, one.address)):
            mark = Phrase("? blocked") if one.because else Phrase("? unknown")
            line = Text("    ").append(words.say(mark), ALARM).append(f"  {plain(str(one.address))}")
            cause = Phrase("(depends on {resource})", resource=resource(one.because)) if one.because else ""
            yield line.append(f"  {words.say(cause, plain)}" if cause else "", QUIET)


def _found(plan: Plan, words: Catalogue) -> Iterator[Text]:
    """What to know of a domain before its mail is switched."""
    if not plan.findings:
        return
    yield Text(words.say(Phrase("BEFORE THE SWITCH: look at these")), DRIFT)
    longest = max(7, *(len(words.say(one)) for one in WEIGHTS.values()))
    for domain, findings in itertools.groupby(plan.findings, key=lambda one: one.domain):
        yield Text(f"  {plain(domain)}")
        for one in findings:
            opening = f"{words.say(WEIGHTS[one.weight.value]):<{longest}} {one.check:<9} "
            yield Text("    ").append(opening, QUIET).append(words.say(one.sentence, plain))


def _gates(plan: Plan, zone: dt.tzinfo, words: Catalogue) -> Iterator[Text]:
    """What must hold before the lock, and does not."""
    if plan.gates:
        yield Text(words.say(Phrase("GATES: these must hold before the lock")), ALARM)
        yield from gate_text(plan.gates, zone, words)


def _unmanaged(unmanaged: tuple[Address, ...], detail: Detail, words: Catalogue) -> Iterator[Text]:
    """What the declared domains hold and no file describes: counted, or listed in full."""
    tally = collections.Counter(address.federation for address in unmanaged)
    for slug, number in sorted(tally.items()):
        told = Phrase.counted(
            "{slug}: {number} unmanaged in its domains, described nowhere and left alone",
            "{slug}: {number} unmanaged in its domains, described nowhere and left alone",
            number,
            slug=slug,
        )
        yield Text(words.say(told, plain), QUIET)
        if detail is Detail.EVERYTHING:
            for address in sorted(unmanaged):
                if address.federation == slug:
                    yield Text(f"    {resource(address)}", QUIET)


def _headline(plan: Plan, words: Catalogue) -> Text:
    same = Phrase.counted(
        "{number} resource already as the files ask",
        "{number} resources already as the files ask",
        plan.unchanged,
    )
    if not plan.changes:
        if plan.blocked:
            return Text(words.say(Phrase("Nothing can be decided: {same}.", same=same)), "bold")
        return Text(words.say(Phrase("Nothing to do: {same}.", same=same)), "bold")
    line = Text(f"{words.say(Phrase('Plan:'))} ", "bold")
    for place, action in enumerate(action for action in Action if plan.count(action)):
        line.append(", " if place else "").append(words.say(to_do(action, plan.count(action))), STYLES[action])
    return line.append(f"{semicolon(words)}{words.say(same)}.", "not bold")


def _when(plan: Plan, zone: dt.tzinfo) -> str:
    """How many changes wait for which moment; "" when all may be done now."""
    waiting = collections.Counter(change.due for change in plan.changes if change.due and change.due > plan.created)
    if not waiting:
        return ""
    parts = [Phrase("{number} now", number=len(plan.changes) - waiting.total())]
    for due, number in sorted(waiting.items()):
        if due == UNSCHEDULED:
            parts.append(Phrase("{number} without a migration date", number=number))
        else:
            parts.append(Phrase("{number} from {moment}", number=number, moment=moment(due, zone)))
    return Phrase("Due: {parts}.", parts=Phrase.joined(", ", parts))


def _by_federation(changes: Iterable[Change]) -> list[tuple[str, list[Change]]]:
    groups: dict[str, list[Change]] = {}
    for change in changes:
        groups.setdefault(change.address.federation, []).append(change)
    return sorted(groups.items())


def _name(slug: str, plan: Plan, words: Catalogue) -> str:
    return f"{slug} · {words.say(plan.basis[slug].name, plain)}" if slug in plan.basis else slug
