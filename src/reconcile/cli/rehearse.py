"""``reconcile rehearse``: would the move of a federation's domain work, as far as can be known today?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click
from rich.text import Text

from reconcile.cli.exits import DONE, ERROR
from reconcile.cli.session import Session

if TYPE_CHECKING:
    from reconcile.config.federation import Federation
    from reconcile.providers.microsoft.rehearsal import Check

#: Of each verdict: the mark shown, and its colour.
_MARKS = {"ready": ("✓", "green"), "look": ("!", "yellow"), "blocked": ("✗", "red")}


@click.command()
@click.argument("federations", nargs=-1, metavar="[FEDERATION]...")
@click.pass_obj
def rehearse(session: Session, federations: tuple[str, ...]) -> int:
    """Look at everything the move of a federation hangs on, and change nothing: who holds its domains, whether the
    licences suffice, who in the tenant has one of its addresses, and whether the application may do its work.

    Exits 0 when nothing stands in the way, 1 when something does. A good rehearsal is recorded in the file, under
    migration: rehearsed.
    """
    from reconcile.cli.credential import credential
    from reconcile.config.load import load_federations
    from reconcile.providers.microsoft.rehearsal import Move, Verdict, rehearse

    settings = session.settings
    loaded = load_federations(session.federations, protected=settings.protected).select(federations)
    proof = credential(session)
    blocked = False
    for federation in loaded:
        licences = {address: box.licence for address, box in federation.file.mailboxes.items()}
        move = Move(federation.slug, federation.domains, licences)
        checks = rehearse(settings, proof, session.clock, move)
        stands = any(check.verdict is Verdict.BLOCKED for check in checks)
        session.print(_shown(session, federation, checks, stands))
        blocked = blocked or stands
    return ERROR if blocked else DONE


def _shown(session: Session, federation: Federation, checks: tuple[Check, ...], stands: bool) -> Iterator[Text]:
    yield Text(f"{federation.slug} · {federation.file.name}", style="bold")
    for check in checks:
        mark, colour = _MARKS[check.verdict.value]
        yield Text(f"  {mark} ", style=colour) + Text(check.told, style="default")
        if check.hint:
            yield Text(f"      {check.hint}", style="dim")
    if stands:
        yield Text("  Not ready: what is marked ✗ stands in the way.", style="red")
    else:
        today = session.clock.now().astimezone(session.zone).date()
        yield Text(f"  Nothing stands in the way. Record it in {federation.path}: migration: rehearsed: {today}")
    yield Text()
