"""``reconcile state``: look at what is recorded, and repair it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconcile.cli.session.completion import FEDERATION
from reconcile.cli.session.group import CommandGroup
from reconcile.cli.session.session import Session
from reconcile.cli.state.edit_context import edit_context, slug_of
from reconcile.cli.state.rebuild import rebuild
from reconcile.cli.state.reseal import reseal
from reconcile.cli.wiring.store import journals_of, store
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.resources.address import Address
    from reconcile.state.snapshot.snapshot import Snapshot
    from reconcile.state.stores.store import Store


@click.group(cls=CommandGroup)
def state() -> None:
    """What was last applied and is ours. Nothing here touches the tenant, DNS or a mail host."""


for other in (rebuild, reseal):
    state.add_command(other)


@state.command(name="list")
@click.argument("federations", nargs=-1, type=FEDERATION, metavar="[FEDERATION]...")
@click.pass_obj
def list_(session: Session, federations: tuple[str, ...]) -> None:
    """List the addresses recorded, of all federations or of those named."""
    from reconcile.views.state_text import record_list

    states = store(session)
    slugs = [slug_of(states, name) for name in federations] or states.federations()
    if not slugs:
        session.warn("Nothing is recorded yet.")
    for slug in slugs:
        records = _read(session, states, slug).records
        session.print(record_list((records[address] for address in sorted(records)), session.words))


@state.command()
@click.argument("address")
@click.pass_obj
def show(session: Session, address: str) -> None:
    """Show everything recorded of one ADDRESS."""
    from reconcile.views.state_text import record_text

    wanted = _address(address)
    records = _read(session, store(session), wanted.federation).records
    if wanted not in records:
        raise Problem(
            "STA12",
            Phrase("{wanted} is not in the state.", wanted=wanted),
            Phrase("see: reconcile state list {federation}", federation=wanted.federation),
        )
    session.print(record_text(records[wanted], session.zone, session.words))


@state.command()
@click.argument("former")
@click.argument("new")
@click.pass_obj
def mv(session: Session, former: str, new: str) -> None:
    """Record under the address NEW what is recorded as FORMER, in the same federation."""
    from reconcile.state.edit import edit, move

    source, target = _address(former), _address(new)
    edit(source.federation, lambda snapshot: move(snapshot, source, target), edit_context(session, "state mv"))
    session.warn(Phrase("{source} is now recorded as {target}.", source=source, target=target))


@state.command()
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS...")
@click.pass_obj
def rm(session: Session, addresses: tuple[str, ...]) -> None:
    """Forget records: what they describe stays where it is, and is not ours any more."""
    from reconcile.state.edit import edit, forget

    unwanted = [_address(text) for text in addresses]
    slugs = {address.federation for address in unwanted}
    if len(slugs) > 1:
        raise Problem("STA12", "These addresses are of several federations.", "forget them federation by federation")
    edit(slugs.pop(), lambda snapshot: forget(snapshot, unwanted), edit_context(session, "state rm"))
    session.warn(
        Phrase(
            "Forgot {number}. What YAML still describes will be adopted again by the next apply.", number=len(unwanted)
        )
    )


@state.command()
@click.argument("federation", type=FEDERATION)
@click.pass_obj
def pull(session: Session, federation: str) -> None:
    """Print a federation's state as JSON, with what a dead run's journal adds to it."""
    from reconcile.state.snapshot.snapshot import encode

    states = store(session)
    click.echo(encode(_read(session, states, slug_of(states, federation))).decode(), nl=False)


@state.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Whatever was written since the file was pulled is lost.")
@click.pass_obj
def push(session: Session, file: Path, force: bool) -> None:
    """Put back a state that was pulled, edited or kept aside. Refused when another was written since."""
    from reconcile.state.edit import edit, take_over
    from reconcile.state.snapshot.snapshot import decode

    offered = decode(file.read_bytes(), file)
    written = edit(
        offered.federation,
        lambda snapshot: take_over(snapshot, offered, force=force),
        edit_context(session, "state push"),
    )
    session.warn(
        Phrase(
            "The state of {federation} is now at serial {serial}: {number}.",
            federation=written.federation,
            serial=written.serial,
            number=Phrase.counted("{number} record", "{number} records", len(written.records)),
        )
    )


def _read(session: Session, states: Store, slug: str) -> Snapshot:
    """A federation's state as the next plan will see it. Raises STA12 when there is none."""
    from reconcile.state.snapshot.snapshot import Snapshot

    snapshot, _ = journals_of(session).read(session.state / "runs").replay(states.read(slug) or Snapshot(slug, ""))
    if not snapshot.serial and not snapshot.records:
        raise Problem("STA12", Phrase("There is no state of {slug}.", slug=slug), "see: reconcile state list")
    return snapshot


def _address(text: str) -> Address:
    from reconcile.resources.address import Address

    try:
        return Address.parse(text)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
