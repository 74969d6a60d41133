"""A plan for a pull request: what goes and what is odd first, every federation folded, never longer than a comment.

GitHub takes 65,536 characters (code points) in a body, whatever their number of bytes.
"""

from __future__ import annotations

import collections
import datetime as dt
import itertools
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from reconcile.planning.guards.guards import Refusal
from reconcile.planning.plan.plan import Action, Cause, Change, Plan
from reconcile.planning.plan.planfile import document
from reconcile.resources.milestones import UNSCHEDULED
from reconcile.views.markdown import Page, fence, inert
from reconcile.views.plan.markdown_blocks import (
    by_address,
    change_blocks,
    cost_blocks,
    finding_blocks,
    gate_blocks,
    refusal_blocks,
    seat_blocks,
    unknown_blocks,
    zone_of,
)
from reconcile.views.wording import alarms, count, moment, seats

#: By this hidden line a pipeline finds its own comment again, to replace it.
MARKER = "<!-- reconcile-plan:v1 -->"
COMMENT_CHARACTERS = 65_536

#: Characters of what is said of one federation in trouble.
_LONGEST_ALARM = 300
#: What may be left out, in the order of the sections.
_LEFT_OUT = (
    "federation",
    "refusal",
    "missing seat",
    "deletion",
    "unknown resource",
    "gate",
    "cost",
    "finding",
    "drifted resource",
    "change",
)
#: Moments named in the opening; a plan of all federations has one per migration date.
_MOMENTS = 12
_URL_SIGNS = "%/:?#[]@!$&'()*+,;=~"


def render(
    plan: Plan,
    now: dt.datetime,
    *,
    refusals: Sequence[Refusal] = (),
    budget: int = COMMENT_CHARACTERS,
    link: str = "",
) -> str:
    """The plan as GitHub's Markdown, at most ``budget`` characters long.

    ``now``: the moment of reading, in the time zone in which moments are said. ``refusals``: why an apply that says
    nothing more would refuse it. ``link``: where the whole plan may be read. What does not fit is counted at the end.
    Raises ValueError for a budget below about 2,000.
    """
    deletions = [change for change in plan.changes if change.action is Action.DELETE]
    drifted = [change for change in plan.changes if change.action is not Action.DELETE and _moved(change)]
    intended = [change for change in plan.changes if change.action is not Action.DELETE and not _moved(change)]
    digest = document(plan)["digest"]
    troubles = [f"! {line[:_LONGEST_ALARM]}\n" for line in alarms(plan)]
    most = (
        len(troubles),
        len(refusals),
        len(plan.lacking),
        len(deletions),
        len(plan.blocked),
        len(plan.gates),
        len(plan.costs),
        len(plan.findings),
        len(drifted),
        len(intended),
    )
    longest = _closing(most, link, digest)
    page = Page(budget - len(longest))
    page.write(_opening(plan, now))
    _table(page, plan)
    missing = (
        _section(page, "#### Federations left out or half moved", troubles),
        _section(page, "#### Refused: an apply that says nothing more would not do it", refusal_blocks(refusals)),
        _section(page, "#### Seats missing: an apply leaves these out, and what depends on them", seat_blocks(plan)),
        _section(page, f"#### Deletions: {count(len(deletions), 'resource')} would go", change_blocks(deletions, now)),
        _section(page, "#### Unknown: nothing is decided about these", list(unknown_blocks(plan.blocked))),
        _section(page, "#### Gates: these must hold before the lock", gate_blocks(plan)),
        _section(page, "#### Cost of the licences, tax included", cost_blocks(plan)),
        _section(page, "#### Before the switch: look at these", finding_blocks(plan)),
        _section(page, "#### Drift: the world moved since we last wrote", change_blocks(drifted, now)),
        _folds(page, plan, intended, now),
    )
    return page.text + _closing(missing, link, digest)


def _moved(change: Change) -> bool:
    return change.cause is not Cause.YAML


def _opening(plan: Plan, now: dt.datetime) -> str:
    lines = [MARKER, f"### {_headline(plan)}", ""]
    made = f"{count(plan.unchanged, 'resource')} already as the files ask. Made {moment(plan.created, zone_of(now))}"
    lines.append(f"{made} by {inert(plan.tool)}; {_validity(plan, now)}.")
    waiting = _waiting(plan, now)
    if waiting:
        lines += ["", waiting]
    if plan.seats:
        lines += ["", f"Seats: {'; '.join(map(seats, plan.seats))}."]
    if plan.partial:
        lines += ["", "**Partial:** only what was named on the command line was looked at."]
    if plan.unmanaged:
        lines += ["", f"Unmanaged, described nowhere and left alone: {count(len(plan.unmanaged), 'resource')}."]
    return "\n".join([*lines, "", ""])


def _headline(plan: Plan) -> str:
    if plan.empty:
        return "Plan: nothing to do"
    unknown = [f"{len(plan.blocked)} unknown"] if plan.blocked else []
    return "Plan: " + ", ".join([*_counts(plan.changes), *unknown])


def _counts(changes: Iterable[Change]) -> list[str]:
    tally = collections.Counter(change.action for change in changes)
    return [f"{tally[action]} to {action.name.lower()}" for action in Action if tally[action]]


def _validity(plan: Plan, now: dt.datetime) -> str:
    said = moment(plan.expires, zone_of(now))
    return f"**expired** {said}: plan again" if plan.expires <= now else f"may be applied until {said}"


def _waiting(plan: Plan, now: dt.datetime) -> str:
    """How many changes wait for which moment; "" when all may be done now."""
    moments = sorted(change.due for change in plan.changes if change.due and change.due > now)
    if not moments:
        return ""
    said = [f"{len(plan.changes) - len(moments)} now"]
    by_moment = collections.Counter(moments)
    for due, number in list(by_moment.items())[:_MOMENTS]:
        when = "without a migration date" if due == UNSCHEDULED else f"from {moment(due, zone_of(now))}"
        said.append(f"{number} {when}")
    later = sum(list(by_moment.values())[_MOMENTS:])
    return f"Due: {', '.join([*said, f'{later} later'] if later else said)}."


def _table(page: Page, plan: Plan) -> None:
    """One row per federation about which there is something to say."""
    tallies: dict[str, collections.Counter[Action | None]] = {}
    for change in plan.changes:
        tallies.setdefault(change.address.federation, collections.Counter())[change.action] += 1
    for one in plan.blocked:
        tallies.setdefault(one.address.federation, collections.Counter())[None] += 1
    if not tallies:
        return
    columns = [*Action, None]
    rows = [_row(inert(_name(slug, plan)), [tallies[slug][column] for column in columns]) for slug in sorted(tallies)]
    total = [sum(tally[column] for tally in tallies.values()) for column in columns]
    heads = [f"`{column.value}` {column.name.lower()}" if column else "`?` unknown" for column in columns]
    opening = f"| Federation | {' | '.join(heads)} |\n|---|{'--:|' * len(columns)}\n"
    idle = len(plan.basis.keys() - tallies.keys())
    closing = _row("**all**", total) + "\n"
    closing += f"Nothing to do for {count(idle, 'other federation')}.\n\n" if idle else ""
    page.write_some(opening, rows, lambda missing: _row(f"… {missing} more", []), closing)


def _row(name: str, numbers: Sequence[int]) -> str:
    return f"| {name} | {' | '.join(str(number or '') for number in numbers)} |\n"


def _section(page: Page, title: str, blocks: list[str]) -> int:
    ticks = fence(blocks)
    return page.write_some(f"{title}\n\n{ticks}diff\n", blocks, _more, f"{ticks}\n\n") if blocks else 0


def _folds(page: Page, plan: Plan, changes: list[Change], now: dt.datetime) -> int:
    """One fold per federation, until one has to be cut; returns how many changes are left out."""
    missing = 0
    for slug, group in itertools.groupby(by_address(changes), key=lambda change: change.address.federation):
        of_federation = list(group)
        if missing:
            missing += len(of_federation)
            continue
        blocks = change_blocks(of_federation, now)
        ticks = fence(blocks)
        title = f"{inert(_name(slug, plan))}: {', '.join(_counts(of_federation))}"
        opening = f"<details><summary>{title}</summary>\n\n{ticks}diff\n"
        missing = page.write_some(opening, blocks, _more, f"{ticks}\n\n</details>\n\n")
    return missing


def _more(missing: int) -> str:
    return f"… and {missing} more\n"


def _closing(left_out: Sequence[int], link: str, digest: str) -> str:
    """The last lines: what is left out and where to read it, and which plan this is."""
    missing = [count(number, kind) for number, kind in zip(left_out, _LEFT_OUT, strict=True) if number]
    lines = []
    if missing:
        where = (
            f"read [the whole plan](<{quote(link, safe=_URL_SIGNS)}>)"
            if link
            else "read the whole plan with `reconcile show`"
        )
        lines += [f"**Left out, for a comment has its limits:** {', '.join(missing)}; {where}.", ""]
    lines += [f"Plan digest: `{digest}`", ""]
    return "\n".join(lines)


def _name(slug: str, plan: Plan) -> str:
    return f"{slug} · {plan.basis[slug].name}" if slug in plan.basis else slug
