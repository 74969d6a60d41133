"""``reconcile batches propose``: a date for each federation that has none, and why."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import click
from rich.text import Text

from reconcile.cli.batches.calendar import dates, gigabytes, rewrite, weighed
from reconcile.cli.session.difference import difference
from reconcile.cli.session.exits import DONE, ERROR
from reconcile.cli.session.moment import as_of_option
from reconcile.cli.session.session import Session
from reconcile.language.figures import decimal
from reconcile.language.phrase import Phrase

if TYPE_CHECKING:
    from reconcile.config.settings.tables.batches import Batch
    from reconcile.language.catalogue import Catalogue
    from reconcile.planning.batches.propose import Proposal
    from reconcile.planning.batches.weights import Candidate


@click.command("propose")
@click.option("--anew", is_flag=True, help="Reconsider the dates that are not confirmed yet.")
@click.option("--write", is_flag=True, help="Write the dates into the files, and show the difference.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@as_of_option
@click.pass_obj
def propose_(session: Session, anew: bool, write: bool, as_json: bool) -> int:
    """Propose dates within each date's room and everybody's wishes, so that mailboxes and gigabytes are spread evenly.

    Nothing is written without --write. Who got no date is told, and the command then leaves with 1.
    """
    from reconcile.planning.batches.propose import first_come, propose

    found, batches, today = weighed(session, anew=anew), dates(session), session.today
    proposal = propose(found, batches, today)
    taken = {one.candidate.slug: one.date for one in proposal.assigned}
    if as_json:
        click.echo(json.dumps(_document(proposal, found, batches), ensure_ascii=False, indent=1))
    else:
        session.print(_lines(proposal, found, batches, first_come(found, batches, today), session.words))
    if write:
        _write(session, proposal)
    return ERROR if any(day is None for day in taken.values()) else DONE


def _write(session: Session, proposal: Proposal) -> None:
    from reconcile.state.durable import replace_file

    for one in proposal.assigned:
        if one.date is not None and one.date != one.candidate.date:
            path = session.federations / f"{one.candidate.slug}.yaml"
            before, after = rewrite(path, one.date)
            replace_file(path, after.encode())
            session.print(difference(path, before, after))


def _lines(
    proposal: Proposal,
    found: Sequence[Candidate],
    batches: Sequence[Batch],
    yardstick: Mapping[str, dt.date | None],
    words: Catalogue,
) -> Iterator[Text]:
    from reconcile.planning.batches.propose import GAP
    from reconcile.views.wording import colon, plain

    undated = words.say(Phrase("no date"))
    for one in proposal.assigned:
        new = one.date != one.candidate.date
        sign, style = ("!", "red") if one.date is None else ("~", "yellow") if new else (" ", "dim")
        text = f"{sign} {one.candidate.slug:<9} {one.date or undated!s:<10}  {words.say(one.why, plain)}"
        yield Text(text, style)
    yield Text()
    taken = {one.candidate.slug: one.date for one in proposal.assigned}
    for name, chosen in ((Phrase("Proposed"), taken), (Phrase("First come, first served"), yardstick)):
        yield Text(f"{words.say(name)}{colon(words)}".rstrip(), "bold")
        for day, ones in _by_date(found, batches, chosen).items():
            yield Text(f"  {day}  {words.say(_load(ones))}")
    if proposal.proved:
        within = Phrase("The proposal is within {percent}% of the most even load there is.", percent=decimal(GAP, 1))
    else:
        within = Phrase("The proposal is the best found; not proved the best.")
    yield Text(words.say(within), "dim")


def _load(ones: Sequence[Candidate]) -> Phrase:
    mailboxes, size = sum(one.weight.mailboxes for one in ones), sum(one.weight.size for one in ones)
    return Phrase(
        "{federations:>3} federations  {mailboxes:>5} mailboxes  {size:>9}",
        federations=len(ones),
        mailboxes=mailboxes,
        size=gigabytes(size),
    )


def _by_date(
    found: Sequence[Candidate], batches: Sequence[Batch], chosen: Mapping[str, dt.date | None]
) -> dict[dt.date, list[Candidate]]:
    return {batch.date: [one for one in found if chosen.get(one.slug) == batch.date] for batch in batches}


def _document(proposal: Proposal, found: Sequence[Candidate], batches: Sequence[Batch]) -> dict[str, object]:
    taken = {one.candidate.slug: one.date for one in proposal.assigned}
    return {
        "proved": proposal.proved,
        "points": proposal.points,
        "assigned": [
            {
                "federation": one.candidate.slug,
                "before": one.candidate.date.isoformat() if one.candidate.date else None,
                "date": one.date.isoformat() if one.date else None,
                "why": one.why,
            }
            for one in proposal.assigned
        ],
        "batches": [
            {
                "date": day.isoformat(),
                "federations": len(ones),
                "mailboxes": sum(one.weight.mailboxes for one in ones),
                "bytes": sum(one.weight.size for one in ones),
            }
            for day, ones in _by_date(found, batches, taken).items()
        ],
    }
