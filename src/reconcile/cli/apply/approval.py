"""What was approved, read from the folder ``approved`` that git tracks, and a plan held to it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.resources.address import NETWORK
from reconcile.strict_json import read_json

if TYPE_CHECKING:
    from reconcile.cli.wiring.prepare import Prepared
    from reconcile.language.catalogue import Catalogue
    from reconcile.planning.approval import Decisions, Difference
    from reconcile.planning.plan.plan import Plan
    from reconcile.resources.resource import Desired

FOLDER = Path("approved")
FORMAT = 1
_LARGEST = 16 << 20
#: Differences shown of one federation; the command approve shows all.
_SHOWN = 10


def decided(session: Session, prepared: Prepared) -> dict[str, Decisions]:
    """What the files decide today, by federation; of one that is gone, that all it has goes."""
    from reconcile.planning.approval import decisions
    from reconcile.resources.desired.federations import compile_federations
    from reconcile.resources.milestones import milestones

    settings, found = session.settings, {}
    described = {federation.slug: federation for federation in prepared.federations}
    for slug, snapshot in prepared.snapshots.items():
        federation = described.get(slug)
        moments = milestones(federation.file.migration.date if federation else None, settings.calendar)
        asked: Callable[[dt.datetime], Sequence[Desired]] = functools.partial(
            compile_federations, (federation,) if federation else (), settings
        )
        if slug == NETWORK:
            asked = functools.partial(_of_the_network, prepared)
        found[slug] = decisions(slug, asked, moments, snapshot.records)
    return found


def _of_the_network(prepared: Prepared, _moment: dt.datetime) -> Sequence[Desired]:
    """What reconcile.toml asks is the same at every moment."""
    return [one for one in prepared.inputs.desired if one.address.federation == NETWORK]


def path_of(slug: str) -> Path:
    return FOLDER / f"{slug}.json"


def encoded(decisions: Decisions) -> bytes:
    """A line for each resource, so that a review shows which ones differ."""
    document = decisions.document()
    line = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(", ", ": ")).encode
    wanted = ",\n".join(f"  {line(address)}: {line(list(texts))}" for address, texts in document["wanted"].items())
    removed = ",\n".join(f"  {line(address)}" for address in document["removed"])
    text = (
        f'{{\n"format_version": {FORMAT},\n"federation": {line(decisions.federation)},\n'
        f'"digest": {line(decisions.digest)},\n"removed": [\n{removed}\n],\n"wanted": {{\n{wanted}\n}}\n}}\n'
    )
    return text.encode()


def read(slug: str) -> Decisions | None:
    """What was approved of a federation; None when nothing was. Raises ``Problem`` PLN07 (exit 4) for a file that is
    not one that ``approve`` wrote."""
    from reconcile.planning.approval import Decisions

    path = path_of(slug)
    refused = Problem(
        "PLN07", Phrase("{path} is not as reconcile approve writes it.", path=path), "approve again, and review that", 4
    )
    try:
        if not path.is_file() or path.is_symlink() or path.stat().st_size > _LARGEST:
            if path.is_symlink() or path.exists():
                raise refused
            return None
        document: Any = read_json(path.read_text(encoding="utf-8"))
        found = Decisions(
            str(document["federation"]),
            {str(address): tuple(map(str, texts)) for address, texts in document["wanted"].items()},
            tuple(map(str, document["removed"])),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise refused from None
    if found.federation != slug or document.get("digest") != found.digest or document.get("format_version") != FORMAT:
        raise refused
    return found


def approved_part(session: Session, plan: Plan, prepared: Prepared) -> tuple[Plan, frozenset[str]]:
    """The plan without the federations in which it writes what nobody approved, which are told and named; all of it
    where ``[guards] approval`` does not ask for any."""
    from reconcile.planning.approval import differences, unapproved

    if not session.settings.guards.approval:
        return plan, frozenset()
    approved = {slug: found for slug in plan.basis if (found := read(slug))}
    strange = unapproved(plan, approved, prepared.inputs.desired)
    held = frozenset(change.address.federation for change in strange)
    today = decided(session, prepared) if held else {}
    for slug in sorted(held):
        if slug not in approved:
            told = [session.say(Phrase("PLN08 {slug} was never approved.", slug=slug))]
        else:
            changed = Phrase("PLN08 {slug} is not as it was approved; nothing of it is applied.", slug=slug)
            told = [session.say(changed), *_lines(differences(approved[slug], today[slug]), _SHOWN, session.words)]
        hint = Phrase("  → reconcile approve {slug}, and have it reviewed", slug=slug)
        session.console(stderr=True).print("\n".join([*told, session.say(hint)]), markup=False)
    kept = tuple(change for change in plan.changes if change.address.federation not in held)
    noted = tuple(one for one in plan.unrecorded if one.live.address.federation not in held)
    return dataclasses.replace(plan, changes=kept, unrecorded=noted), held


def _lines(found: Iterable[Difference], most: int, words: Catalogue) -> list[str]:
    listed = list(found)
    lines = [line for one in listed[:most] for line in difference_lines(one, words)]
    if more := len(listed[most:]):
        lines.append(f"  {words.say(Phrase.counted('… and {number} more', '… and {number} more', more))}")
    return lines


def difference_lines(one: Difference, words: Catalogue) -> list[str]:
    """A decision as it was approved, and as it is."""
    from reconcile.views.wording import plain

    sign = "~" if one.approved and one.now else "+" if one.now else "-"
    before, after = words.say(Phrase("approved:")), words.say(Phrase("now:"))
    width = max(len(before), len(after))
    then = [f"      {before:<{width}} {plain(text)}" for text in one.approved if text not in one.now]
    now = [f"      {after:<{width}} {plain(text)}" for text in one.now if text not in one.approved]
    return [f"  {sign} {one.address}", *(then if sign == "~" else []), *(now if sign != "-" else [])]
