"""``reconcile approve``: write down what the files decide, for review and merge; an apply is held to it."""

from __future__ import annotations

import click

from reconcile.cli.session.exits import DONE, ERROR
from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase


@click.command()
@click.argument("names", nargs=-1, metavar="[FEDERATION]...")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 when something is not as it was approved.")
@click.pass_obj
def approve(session: Session, names: tuple[str, ...], check: bool) -> int:
    """Write what the federations' files decide to the folder approved, one file each, and show what differs.

    Commit it with the files: whoever merges approves it. With approval = true in [guards] an apply writes nothing else,
    at any moment of the calendar and whatever drifted meanwhile. The tenant and DNS are not asked.
    """
    from reconcile.cli.apply.approval import FOLDER, decided, difference_lines, encoded, path_of, read
    from reconcile.cli.wiring.prepare import prepare
    from reconcile.planning.approval import Decisions, differences
    from reconcile.problem import Problem
    from reconcile.state.durable import replace_file

    lagging = 0
    for slug, now in sorted(decided(session, prepare(session, names)).items()):
        try:
            before = read(slug)
        except Problem as damaged:
            if check:
                raise
            session.warn(Phrase("{message} It is written anew.", message=damaged.message))
            before = None
        found = differences(before or Decisions(slug, {}), now)
        if before is not None and not found:
            continue
        lagging += 1
        click.echo(
            session.say(
                Phrase(
                    "{slug}: {word}, {number} to look at",
                    slug=slug,
                    word=Phrase("never approved") if before is None else Phrase("not as approved"),
                    number=len(found),
                )
            )
        )
        for line in (line for one in found for line in difference_lines(one, session.words)):
            click.echo(line)
        if not check:
            FOLDER.mkdir(exist_ok=True)
            replace_file(path_of(slug), encoded(now))
            session.warn(Phrase("wrote {slug}, digest {digest}", slug=path_of(slug), digest=now.digest[:12]))
    if not lagging:
        click.echo(session.say("All is as approved."))
    return ERROR if lagging and check else DONE
