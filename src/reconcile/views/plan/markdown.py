"""A plan for a pull request: what goes and what is odd first, every federation folded, never longer than a comment.

GitHub takes 65,536 characters (code points) in a body, whatever their number of bytes.
"""

from __future__ import annotations

import collections
import datetime as dt
import functools
import itertools
from collections.abc import Iterable, Sequence

from reconcile.language.catalogue import ENGLISH, Catalogue
from reconcile.language.lists import apart
from reconcile.language.moments import moment
from reconcile.language.phrase import Phrase
from reconcile.planning.guards.guards import Refusal
from reconcile.planning.plan.plan import Action, Cause, Change, Plan
from reconcile.planning.plan.planfile import digest_of
from reconcile.resources.milestones import UNSCHEDULED
from reconcile.views.actions import VERBS, to_do
from reconcile.views.alarms import alarms, seats
from reconcile.views.counts import resources
from reconcile.views.markdown import Page, fence, inert
from reconcile.views.plan.markdown_blocks import Blocks, by_address, zone_of
from reconcile.views.plan.markdown_closing import closing
from reconcile.views.wording import colon, plain, semicolon

#: By this hidden line a pipeline finds its own comment again, to replace it.
MARKER = "<!-- reconcile-plan:v1 -->"
COMMENT_CHARACTERS = 65_536

#: Characters of what is said of one federation in trouble.
_LONGEST_ALARM = 300
#: Moments named in the opening; a plan of all federations has one per migration date.
_MOMENTS = 12


def render(
    plan: Plan,
    now: dt.datetime,
    *,
    refusals: Sequence[Refusal] = (),
    budget: int = COMMENT_CHARACTERS,
    link: str = "",
    words: Catalogue = ENGLISH,
) -> str:
    """The plan as GitHub's Markdown, at most ``budget`` characters long.

    ``now``: the moment of reading, in the time zone in which moments are said. ``refusals``: why an apply that says
    nothing more would refuse it. ``link``: where the whole plan may be read. What does not fit is counted at the end.
    Raises ValueError for a budget below about 2,000.
    """
    deletions = [change for change in plan.changes if change.action is Action.DELETE]
    drifted = [change for change in plan.changes if change.action is not Action.DELETE and _moved(change)]
    intended = [change for change in plan.changes if change.action is not Action.DELETE and not _moved(change)]
    digest = digest_of(plan)
    blocks = Blocks(now, words)
    troubles = [f"! {words.say(line, plain)[:_LONGEST_ALARM]}\n" for line in alarms(plan)]
    going = Phrase("Deletions: {resources} would go", resources=resources(len(deletions)))
    sections: list[tuple[str, list[str]]] = [
        (Phrase("Federations left out or half moved"), troubles),
        (Phrase("Refused: an apply that says nothing more would not do it"), blocks.refusals(refusals)),
        (Phrase("Seats missing: an apply leaves these out, and what depends on them"), blocks.seats(plan)),
        (going, blocks.changes(deletions)),
        (Phrase("Unknown: nothing is decided about these"), list(blocks.unknown(plan.blocked))),
        (Phrase("Gates: these must hold before the lock"), blocks.gates(plan)),
        (Phrase("Cost of the licences, tax included"), blocks.costs(plan)),
        (Phrase("Before the switch: look at these"), blocks.findings(plan)),
        (Phrase("Drift: the world moved since we last wrote"), blocks.changes(drifted)),
    ]
    most = [len(plan.lacking) if place == 2 else len(pieces) for place, (_, pieces) in enumerate(sections)]
    longest = closing([*most, len(intended)], link, digest, words)
    page = Page(budget - len(longest))
    page.write(_opening(plan, now, words))
    _table(page, plan, words)
    missing = [_section(page, f"#### {words.say(title)}", pieces, words) for title, pieces in sections]
    missing.append(_folds(page, plan, intended, blocks))
    return page.text + closing(missing, link, digest, words)


def _moved(change: Change) -> bool:
    return change.cause is not Cause.YAML


def _opening(plan: Plan, now: dt.datetime, words: Catalogue) -> str:
    lines = [MARKER, f"### {_headline(plan, words)}", ""]
    same = Phrase.counted(
        "{number} resource already as the files ask",
        "{number} resources already as the files ask",
        plan.unchanged,
    )
    made = Phrase("{same}. Made {moment} by", same=same, moment=moment(plan.created, zone_of(now)))
    lines.append(f"{words.say(made)} {inert(plan.tool)}{semicolon(words)}{words.say(_validity(plan, now))}.")
    waiting = _waiting(plan, now)
    if waiting:
        lines += ["", words.say(waiting)]
    if plan.seats:
        told = Phrase("Seats: {seats}.", seats=apart(map(seats, plan.seats)))
        lines += ["", words.say(told)]
    if plan.partial:
        lines += ["", words.say(Phrase("**Partial:** only what was named on the command line was looked at."))]
    if plan.unmanaged:
        number = resources(len(plan.unmanaged))
        told = Phrase("Unmanaged, described nowhere and left alone: {resources}.", resources=number)
        lines += ["", words.say(told)]
    return "\n".join([*lines, "", ""])


def _headline(plan: Plan, words: Catalogue) -> str:
    if plan.empty:
        return words.say(Phrase("Plan: nothing to do"))
    unknown = [Phrase.counted("{number} unknown", "{number} unknown", len(plan.blocked))] if plan.blocked else []
    return words.say(Phrase("Plan: {parts}", parts=Phrase.joined(", ", [*_counts(plan.changes), *unknown])))


def _counts(changes: Iterable[Change]) -> list[Phrase]:
    tally = collections.Counter(change.action for change in changes)
    return [to_do(action, tally[action]) for action in Action if tally[action]]


def _validity(plan: Plan, now: dt.datetime) -> Phrase:
    said = moment(plan.expires, zone_of(now))
    if plan.expires <= now:
        return Phrase("**expired** {moment}: plan again", moment=said)
    return Phrase("may be applied until {moment}", moment=said)


def _waiting(plan: Plan, now: dt.datetime) -> str:
    """How many changes wait for which moment; "" when all may be done now."""
    moments = sorted(change.due for change in plan.changes if change.due and change.due > now)
    if not moments:
        return ""
    said = [Phrase("{number} now", number=len(plan.changes) - len(moments))]
    by_moment = collections.Counter(moments)
    for due, number in list(by_moment.items())[:_MOMENTS]:
        if due == UNSCHEDULED:
            said.append(Phrase("{number} without a migration date", number=number))
        else:
            said.append(Phrase("{number} from {moment}", number=number, moment=moment(due, zone_of(now))))
    later = sum(list(by_moment.values())[_MOMENTS:])
    if later:
        said.append(Phrase("{number} later", number=later))
    return Phrase("Due: {parts}.", parts=Phrase.joined(", ", said))


def _table(page: Page, plan: Plan, words: Catalogue) -> None:
    """One row per federation about which there is something to say."""
    tallies: dict[str, collections.Counter[Action | None]] = {}
    for change in plan.changes:
        tallies.setdefault(change.address.federation, collections.Counter())[change.action] += 1
    for one in plan.blocked:
        tallies.setdefault(one.address.federation, collections.Counter())[None] += 1
    if not tallies:
        return
    columns = [*Action, None]
    rows = [
        _row(inert(_name(slug, plan, words)), [tallies[slug][column] for column in columns]) for slug in sorted(tallies)
    ]
    total = [sum(tally[column] for tally in tallies.values()) for column in columns]
    heads = [
        f"`{column.value}` {words.say(VERBS[column])}" if column else f"`?` {words.say(Phrase('unknown'))}"
        for column in columns
    ]
    opening = f"| {words.say(Phrase('Federation'))} | {' | '.join(heads)} |\n|---|{'--:|' * len(columns)}\n"
    idle = len(plan.basis.keys() - tallies.keys())
    closing = _row(f"**{words.say(Phrase('all'))}**", total) + "\n"
    if idle:
        told = Phrase.counted(
            "Nothing to do for {number} other federation.", "Nothing to do for {number} other federations.", idle
        )
        closing += f"{words.say(told)}\n\n"

    def more(missing: int) -> str:
        return _row(words.say(Phrase.counted("… {number} more", "… {number} more", missing)), [])

    page.write_some(opening, rows, more, closing)


def _row(name: str, numbers: Sequence[int]) -> str:
    return f"| {name} | {' | '.join(str(number or '') for number in numbers)} |\n"


def _section(page: Page, title: str, blocks: list[str], words: Catalogue) -> int:
    ticks = fence(blocks)
    if not blocks:
        return 0
    return page.write_some(f"{title}\n\n{ticks}diff\n", blocks, functools.partial(_more, words), f"{ticks}\n\n")


def _folds(page: Page, plan: Plan, changes: list[Change], shown: Blocks) -> int:
    """One fold per federation, until one has to be cut; returns how many changes are left out."""
    missing, words = 0, shown.words
    for slug, group in itertools.groupby(by_address(changes), key=lambda change: change.address.federation):
        of_federation = list(group)
        if missing:
            missing += len(of_federation)
            continue
        blocks = shown.changes(of_federation)
        ticks = fence(blocks)
        counted = words.say(Phrase.joined(", ", _counts(of_federation)))
        title = f"{inert(_name(slug, plan, words))}{colon(words)}{counted}"
        opening = f"<details><summary>{title}</summary>\n\n{ticks}diff\n"
        closing = f"{ticks}\n\n</details>\n\n"
        missing = page.write_some(opening, blocks, functools.partial(_more, words), closing)
    return missing


def _more(words: Catalogue, missing: int) -> str:
    return f"{words.say(Phrase.counted('… and {number} more', '… and {number} more', missing))}\n"


def _name(slug: str, plan: Plan, words: Catalogue) -> str:
    return f"{slug} · {words.say(plan.basis[slug].name)}" if slug in plan.basis else slug
