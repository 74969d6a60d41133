"""What becomes of letters: read what came back, say what became of one, have one sent again."""

from __future__ import annotations

import click

from reconcile.cli.session.completion import FEDERATION
from reconcile.cli.session.exits import DONE
from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem


@click.command()
@click.pass_obj
def bounces(session: Session) -> int:
    """Read the sender's mailbox for letters that came back, and note them: plan, status and list then say so."""
    from reconcile.cli.wiring.letters.bounces import note_bounces

    noted = 0
    for told in note_bounces(session):
        session.warn(told)
        noted += 1
    session.warn(Phrase("{noted} new.", noted=noted) if noted else "No letter came back.")
    return DONE


@click.command()
@click.argument("federation", type=FEDERATION)
@click.argument("name", metavar="LETTER")
@click.option("--sent/--unsent", "left", default=None, help="It arrived, or it did not.")
@click.pass_obj
def settle(session: Session, federation: str, name: str, left: bool | None) -> int:
    """Say what became of a LETTER of which nobody knows whether it left: its contact was asked."""
    from reconcile.cli.letter.naming import letter_named
    from reconcile.cli.wiring.letters.notices import letter_book

    if left is None:
        raise click.UsageError("Say --sent or --unsent.")
    slug, chosen = _slug(session, federation), letter_named(name)
    book = letter_book(session)
    last = book.read(slug).last(chosen.value)
    if last is None or not last.unsure:
        raise Problem(
            "LET07",
            Phrase("{slug}: nothing is unsure about the letter {value}.", slug=slug, value=chosen.value),
            "see: reconcile letter list",
        )
    if left:
        book.sent(slug, last.message_id)
    else:
        book.unsent(slug, last.message_id, "somebody said that it did not arrive")
    session.warn(
        Phrase(
            "{slug}: the letter {value} {word}.",
            slug=slug,
            value=chosen.value,
            word=Phrase("was sent") if left else Phrase("leaves with the next apply"),
        )
    )
    return DONE


@click.command()
@click.argument("federation", type=FEDERATION)
@click.argument("name", metavar="LETTER")
@click.pass_obj
def resend(session: Session, federation: str, name: str) -> int:
    """Have a LETTER that was sent leave once more with the next apply, as a letter of its own."""
    from reconcile.cli.letter.naming import letter_named
    from reconcile.cli.wiring.letters.notices import letter_book

    slug, chosen = _slug(session, federation), letter_named(name)
    book = letter_book(session)
    known = book.read(slug)
    if known.last_sent(chosen.value) is None:
        raise Problem(
            "LET07",
            Phrase("{slug}: the letter {value} never left.", slug=slug, value=chosen.value),
            "see: reconcile letter list",
        )
    book.again(slug, chosen.value, known.attempt(chosen.value) + 1)
    session.warn(
        Phrase(
            "{slug}: the letter {value} leaves again with the next apply, if it is still of use.",
            slug=slug,
            value=chosen.value,
        )
    )
    return DONE


def _slug(session: Session, name: str) -> str:
    """The federation of that name. Raises ``Problem`` CFG04 for a name nobody has."""
    from reconcile.config.load import load_federations
    from reconcile.config.rules.criteria import Criteria

    loaded = load_federations(session.federations, Criteria(protected=session.settings.protected))
    [path] = loaded.named([name])
    return path.stem
