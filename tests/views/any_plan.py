"""Any plan at all, with names chosen to break whatever shows them."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import PurePath

from hypothesis import strategies as st
from tests.views.sample_plans import CUTOVER, NOW, cost

from reconcile.planning.plan.plan import Action, Basis, Blocked, Cause, Change, FieldChange, Plan
from reconcile.resources.address import Address
from reconcile.resources.kinds import KINDS, FieldType
from reconcile.resources.milestones import UNSCHEDULED
from reconcile.resources.resource import Live, Origin, Reference, Value

HOSTILE = [
    "`", "```", "````\n```", "~~~", "@@", "|", "a|b", "\\|", "<", "</details>", "<!--", "-->", "<script>", "&lt;",
    "&amp;", "\n", "\r\n", "\n\n# title", "\u2028", "\u202e", "\x1b[2J", "@octocat", "**", "_", "[a](b)", "![a](b)",
    "https://spf55.org", "é", "Zoé", "日本", "🌈", "\U0001f469\u200d\U0001f33e", "0", "+ x", "- x",
    "${a}", "%{a}", "\t",
]  # fmt: skip


def _joined(dice: random.Random) -> str:
    """Some hostile pieces, and characters from anywhere in Unicode but its surrogates, one after the other."""
    anywhere = [chr(dice.choice([dice.randrange(0xD800), dice.randrange(0xE000, 0x110000)])) for _ in range(3)]
    return "".join(dice.choice([*HOSTILE, *anywhere]) for _ in range(dice.randint(2, 4)))


# Drawn whole: piece by piece, drawing takes longer than whatever is asked of the plan.
texts = st.sampled_from([*HOSTILE, *(_joined(random.Random(number)) for number in range(400))])  # noqa: S311
slugs = st.sampled_from(["spf51", "spf55", "spf88", "spf|99`<b>"])
addresses = st.builds(Address, slugs, st.sampled_from(list(KINDS)), texts)


@st.composite
def changes(draw: st.DrawFn) -> Change:
    address = draw(addresses)
    action = draw(st.sampled_from(Action))
    cause = draw(st.sampled_from(Cause))
    gone = action is Action.DELETE
    live = None if action in (Action.CREATE, Action.FORGET) else _live(draw, address)
    wanted = {} if gone or action is Action.FORGET else _fields(draw, address.kind, reference=True)
    before = live.fields if live else {}
    fields = tuple(
        FieldChange(name, before.get(name), value, draw(st.sampled_from(Cause))) for name, value in wanted.items()
    )
    due = draw(st.sampled_from([None, NOW, CUTOVER, UNSCHEDULED]))
    origin = draw(st.sampled_from([None, Origin(PurePath("federations/spf55.yaml"), 12, 3)]))
    note, protected = draw(st.one_of(st.just(""), texts)), gone and draw(st.booleans())
    moved = draw(st.one_of(st.none(), addresses)) if action is Action.UPDATE else None
    return Change(address, action, cause, live, wanted, fields, (), due, origin, note, moved, protected)


def _live(draw: st.DrawFn, address: Address) -> Live:
    context = {"record": draw(texts)} if address.kind == "dns" else {}
    return Live(address, _fields(draw, address.kind, reference=False), draw(texts), context=context)


def _fields(draw: st.DrawFn, kind: str, *, reference: bool) -> dict[str, Value]:
    chosen = draw(st.lists(st.sampled_from(list(KINDS[kind].fields)), unique=True))
    fields = {}
    for name in chosen:
        if reference and draw(st.integers(0, 4)) == 0:
            fields[name] = Reference(draw(addresses), "mx")
        elif KINDS[kind].fields[name].type is FieldType.SCALAR:
            fields[name] = draw(st.one_of(st.none(), st.booleans(), texts))
        else:
            fields[name] = tuple(sorted(draw(st.sets(texts, max_size=3))))
    return fields


_costs = st.builds(
    cost, slugs, st.integers(0, 400), st.integers(0, 400), st.one_of(st.none(), st.just("0.00"), st.just("10.96"))
)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    some = draw(st.lists(changes(), max_size=8, unique_by=lambda change: change.address))
    unknown = draw(st.lists(addresses, max_size=4, unique=True))
    blocked = tuple(
        Blocked(address, draw(texts), draw(st.one_of(st.none(), addresses)))
        for address in unknown
        if address not in {change.address for change in some}
    )
    return Plan(
        created=NOW,
        expires=NOW + dt.timedelta(days=7),
        tool="0.1",
        basis={slug: Basis(draw(texts), "digest", "lineage", 1) for slug in ("spf51", "spf55", "spf|99`<b>")},
        changes=tuple(some),
        blocked=blocked,
        unchanged=draw(st.integers(0, 9)),
        unmanaged=tuple(draw(st.lists(addresses, max_size=2))),
        partial=draw(st.booleans()),
        costs=tuple(draw(st.lists(_costs, max_size=3))),
    )
