"""What a plan in Markdown says of each change, refusal, gate and cost: blocks of a diff, shortened. Pure."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
from collections.abc import Iterable, Iterator, Sequence

from reconcile.language.catalogue import Catalogue
from reconcile.language.phrase import Phrase
from reconcile.planning.guards.guards import Refusal
from reconcile.planning.plan.plan import Blocked, Change, Plan
from reconcile.resources.kinds import KINDS
from reconcile.views.alarms import lacking_by_federation
from reconcile.views.cost import cost_line
from reconcile.views.gate_text import said
from reconcile.views.plan.change_text import Detail, change_text
from reconcile.views.wording import not_before, plain, resource

#: A single change longer than this is cut, so that one cannot hide all others.
_LONGEST_CHANGE = 4_000
_KIND_ORDER = {name: place for place, name in enumerate(KINDS)}


@dataclasses.dataclass(frozen=True, slots=True)
class Blocks:
    """Blocks of a diff, in the language of ``words``; what others wrote in them is harmless. ``now``: of reading."""

    now: dt.datetime
    words: Catalogue

    def changes(self, changes: list[Change]) -> list[str]:
        """Each change as lines of a diff; the first of a kind carries its heading."""
        blocks = []
        for (slug, kind), group in itertools.groupby(by_address(changes), key=_heading):
            of_kind = list(group)
            moments = [self._later(change) for change in of_kind]
            shared = moments[0] if len(set(moments)) == 1 else ""
            heading = f"@@ {' · '.join(part for part in (plain(slug), kind, shared) if part)} @@\n"
            width = min(max(len(plain(change.address.key)) for change in of_kind), 44)
            for change, own in zip(of_kind, moments, strict=True):
                lines = change_text(change, width, Detail.REVIEW, "" if shared else own, self.words)
                text = "\n".join(line.plain.removeprefix("    ").rstrip() for line in lines)
                blocks.append(heading + self._clipped(text) + "\n")
                heading = ""
        return blocks

    def refusals(self, refusals: Sequence[Refusal]) -> list[str]:
        return [f"! {one.code} {self._said(one.message)}\n  → {self._said(one.hint)}\n" for one in refusals]

    def seats(self, plan: Plan) -> list[str]:
        """A line for each who goes without."""
        return [
            f"! M365-12 {self.words.say(Phrase('licence {licence}', licence=one.licence), plain)}  "
            f"{self.words.say(who, plain)}\n"
            for one in plan.seats
            for who in lacking_by_federation(one)
        ]

    def unknown(self, blocked: Sequence[Blocked]) -> Iterator[str]:
        """What could not be read, and what depends on it; a reason several share is said once."""
        by_reason = sorted(blocked, key=lambda one: (one.reason, one.because is not None, one.address))
        for reason, group in itertools.groupby(by_reason, key=lambda one: one.reason):
            heading = f"@@ {self._said(reason)} @@\n"
            for one in group:
                mark = Phrase("? blocked") if one.because else Phrase("? unknown")
                cause = Phrase("(depends on {resource})", resource=resource(one.because)) if one.because else ""
                because = f"  {self.words.say(cause, plain)}" if cause else ""
                yield f"{heading}{self.words.say(mark)}  {plain(str(one.address))}{because}\n"
                heading = ""

    def findings(self, plan: Plan) -> list[str]:
        """What to know of a domain before its mail is switched."""
        return [
            f"! {plain(one.domain)} {self._clipped(self.words.say(_finding(one.check, one.sentence), plain))}\n"
            for one in plan.findings
        ]

    def gates(self, plan: Plan) -> list[str]:
        """What must hold before the lock, and does not; set aside by its file, or not."""
        signs = {True: "+", False: "!"}
        return [
            f"{signs[gate.open]} {gate.federation} {gate.code}  {self._said(said(gate))}"
            + (f"\n  → {self._said(gate.hint)}\n" if gate.hint and not gate.open else "\n")
            for gate in plan.gates
        ]

    def costs(self, plan: Plan) -> list[str]:
        """What the licences of each federation in which the plan changes some come to; a surcharge nobody was told
        first in colour."""
        return [
            f"{'!' if one.untold else ' '} {plain(one.federation)}  {self.words.say(cost_line(one), plain)}\n"
            for one in plan.costs
        ]

    def _later(self, change: Change) -> str:
        if change.due is None or change.due <= self.now:
            return ""
        return self.words.say(not_before(change.due, zone_of(self.now)))

    def _said(self, text: str) -> str:
        return self._clipped(self.words.say(text, plain))

    def _clipped(self, text: str) -> str:
        if len(text) <= _LONGEST_CHANGE:
            return text
        more = Phrase("… ({number} characters more)", number=len(text) - _LONGEST_CHANGE)
        return f"{text[:_LONGEST_CHANGE]}{self.words.say(more)}"


def _heading(change: Change) -> tuple[str, str]:
    return change.address.federation, change.address.kind


def _finding(check: str, sentence: str) -> Phrase:
    return Phrase("{check}: {sentence}", check=check, sentence=sentence)


def by_address(changes: Iterable[Change]) -> list[Change]:
    return sorted(
        changes, key=lambda change: (change.address.federation, _KIND_ORDER[change.address.kind], change.address.key)
    )


def zone_of(now: dt.datetime) -> dt.tzinfo:
    return now.tzinfo or dt.UTC
