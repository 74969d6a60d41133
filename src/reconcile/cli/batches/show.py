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
from reconcile.language.lists import apart
from reconcile.language.moments import day
from reconcile.language.phrase import Phrase

if TYPE_CHECKING:
    from reconcile.config.settings.tables.batches import Batch
    from reconcile.language.catalogue import Catalogue
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
        session.print(_lines(found, batches, session.words))
    return DONE


def _lines(found: Sequence[Candidate], batches: Sequence[Batch], words: Catalogue) -> Iterator[Text]:
    from reconcile.planning.batches.weights import loads
    from reconcile.views.wording import colon

    by_date = loads(found, batches)
    for batch in batches:
        ones = by_date[batch.date]
        line = Text(f"{words.say(day(batch.date))}  ", "bold")
        yield line.append(words.say(_full(batch, ones)), "red" if len(ones) > batch.most else "not bold")
        yield from (_line(one, words) for one in ones)
    stray = [one for one in found if one.date is not None and one.date not in by_date]
    none = [one for one in found if one.date is None]
    for title, ones in ((Phrase("On a date that is not in the calendar"), stray), (Phrase("Without a date"), none)):
        if ones:
            yield Text(f"{words.say(title)}{colon(words)}{len(ones)}", "bold yellow")
            yield from (_line(one, words) for one in ones)


def _full(batch: Batch, ones: Sequence[Candidate]) -> str:
    """``12/40, room for 28; 240 mailboxes, 312 GB``"""
    from reconcile.planning.batches.weights import total
    from reconcile.views.counts import mailboxes

    room, weight = batch.most - len(ones), total(ones)
    if not batch.open:
        state = Phrase("closed")
    elif room > 0:
        state = Phrase.counted("room for {number}", "room for {number}", room)
    else:
        state = Phrase("{number} too many", number=-room) if room else Phrase("full")
    taken = [Phrase("{taken}/{most}", taken=len(ones), most=batch.most)]
    if len(ones) < batch.least:
        taken.append(Phrase("fewer than {least}", least=batch.least))
    size: Phrase = gigabytes(weight.size)
    if weight.guessed:
        guessed = Phrase.counted("({number} sizes guessed)", "({number} sizes guessed)", weight.guessed)
        size = Phrase.joined(" ", (size, guessed))
    load = Phrase.joined(", ", (mailboxes(weight.mailboxes), size))
    return apart((Phrase.joined(", ", (*taken, state)), load))


def _line(one: Candidate, words: Catalogue) -> Text:
    from reconcile.views.wording import plain

    wishes = Phrase("asked for {dates}", dates=", ".join(map(str, one.wishes)))
    date = f"  {one.date}" if one.date else ""
    opening = f"  {one.slug:<9}{one.weight.mailboxes:>4}  {words.say(gigabytes(one.weight.size)):>8}  {plain(one.name)}"
    return Text(f"{opening}{date}" + (f"  {words.say(wishes)}" if one.wishes else ""))


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
