"""``reconcile batches show``: the dates, how full they are, who has which."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click
from rich.text import Text

from reconcile.cli.batches.calendar import dates, gigabytes, weighed
from reconcile.cli.session.exits import DONE
from reconcile.cli.session.session import Session

if TYPE_CHECKING:
    from reconcile.config.settings.tables.batches import Batch
    from reconcile.planning.batches.weights import Candidate


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def show(session: Session, as_json: bool) -> int:
    """Show each date with the federations that have it, their mailboxes and their old mail; then who has none."""
    found, batches = weighed(session), dates(session)
    if as_json:
        click.echo(json.dumps(_document(found, batches), ensure_ascii=False, indent=1))
    else:
        session.print(_lines(found, batches))
    return DONE


def _lines(found: Sequence[Candidate], batches: Sequence[Batch]) -> Iterator[Text]:
    from reconcile.planning.batches.weights import loads, total
    from reconcile.views.wording import count, plain

    by_date = loads(found, batches)
    for batch in batches:
        ones = by_date[batch.date]
        weight = total(ones)
        room = batch.most - len(ones)
        state = (
            "closed"
            if not batch.open
            else "full"
            if room == 0
            else f"{-room} too many"
            if room < 0
            else f"room for {room}"
        )
        few = f", fewer than {batch.least}" if len(ones) < batch.least else ""
        yield Text(f"{batch.date:%a %d %b %Y}  ", "bold").append(
            f"{len(ones)}/{batch.most}{few}, {state}; {count(weight.mailboxes, 'mailbox', 'mailboxes')}, "
            f"{gigabytes(weight.size)}" + (f" ({weight.guessed} sizes guessed)" if weight.guessed else ""),
            "red" if room < 0 else "not bold",
        )
        for one in ones:
            yield _line(one, plain(one.name))
    stray = [one for one in found if one.date is not None and one.date not in by_date]
    none = [one for one in found if one.date is None]
    for title, ones in (("On a date that is not in the calendar", stray), ("Without a date", none)):
        if ones:
            yield Text(f"{title}: {len(ones)}", "bold yellow")
            for one in ones:
                yield _line(one, plain(one.name))


def _line(one: Candidate, name: str) -> Text:
    wishes = f"  asked for {', '.join(map(str, one.wishes))}" if one.wishes else ""
    date = f"  {one.date}" if one.date else ""
    return Text(f"  {one.slug:<9}{one.weight.mailboxes:>4}  {gigabytes(one.weight.size):>8}  {name}{date}{wishes}")


def _document(found: Sequence[Candidate], batches: Sequence[Batch]) -> dict[str, object]:
    from reconcile.planning.batches.weights import loads, total

    by_date = loads(found, batches)

    def entry(one: Candidate) -> dict[str, object]:
        return {
            "federation": one.slug,
            "date": one.date.isoformat() if one.date else None,
            "wishes": [day.isoformat() for day in one.wishes],
            "mailboxes": one.weight.mailboxes,
            "bytes": one.weight.size,
            "guessed": one.weight.guessed,
        }

    return {
        "batches": [
            {
                "date": batch.date.isoformat(),
                "least": batch.least,
                "most": batch.most,
                "open": batch.open,
                "federations": [one.slug for one in by_date[batch.date]],
                "mailboxes": total(by_date[batch.date]).mailboxes,
                "bytes": total(by_date[batch.date]).size,
            }
            for batch in batches
        ],
        "federations": [entry(one) for one in found],
    }
