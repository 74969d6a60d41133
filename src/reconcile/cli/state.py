"""``reconcile state``, ``lock`` and ``force-unlock``: look at what is recorded, and repair it."""

from __future__ import annotations

import dataclasses
import functools
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconcile.cli.session import Session
from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.cli.prepare import Prepared
    from reconcile.providers.base import Observed
    from reconcile.resources.address import Address
    from reconcile.state.edit import EditContext
    from reconcile.state.snapshot.snapshot import Snapshot
    from reconcile.state.stores.store import Store


@click.group()
def state() -> None:
    """What was last applied and is ours. Nothing here touches the tenant, DNS or a mail host."""


@state.command(name="list")
@click.argument("federations", nargs=-1, metavar="[FEDERATION]...")
@click.pass_obj
def list_(session: Session, federations: tuple[str, ...]) -> None:
    """List the addresses recorded, of all federations or of those named."""
    from reconcile.views.state_text import record_list

    store = _store(session)
    slugs = [_slug(store, name) for name in federations] or store.federations()
    if not slugs:
        session.warn("Nothing is recorded yet.")
    for slug in slugs:
        records = _read(session, store, slug).records
        session.print(record_list(records[address] for address in sorted(records)))


@state.command()
@click.argument("address")
@click.pass_obj
def show(session: Session, address: str) -> None:
    """Show everything recorded of one ADDRESS."""
    from reconcile.views.state_text import record_text

    wanted = _address(address)
    records = _read(session, _store(session), wanted.federation).records
    if wanted not in records:
        raise Problem("STA12", f"{wanted} is not in the state.", f"see: reconcile state list {wanted.federation}")
    session.print(record_text(records[wanted], session.zone))


@state.command()
@click.argument("former")
@click.argument("new")
@click.pass_obj
def mv(session: Session, former: str, new: str) -> None:
    """Record under the address NEW what is recorded as FORMER, in the same federation."""
    from reconcile.state.edit import edit, move

    source, target = _address(former), _address(new)
    edit(source.federation, lambda snapshot: move(snapshot, source, target), _desk(session, "state mv"))
    session.warn(f"{source} is now recorded as {target}.")


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
    edit(slugs.pop(), lambda snapshot: forget(snapshot, unwanted), _desk(session, "state rm"))
    session.warn(f"Forgot {len(unwanted)}. What YAML still describes will be adopted again by the next apply.")


@state.command()
@click.argument("federation")
@click.pass_obj
def pull(session: Session, federation: str) -> None:
    """Print a federation's state as JSON, with what a dead run's journal adds to it."""
    from reconcile.state.snapshot.snapshot import encode

    store = _store(session)
    click.echo(encode(_read(session, store, _slug(store, federation))).decode(), nl=False)


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
        _desk(session, "state push"),
    )
    session.warn(
        f"The state of {written.federation} is now at serial {written.serial}: {len(written.records)} records."
    )


@state.command()
@click.argument("federation")
@click.pass_obj
def rebuild(session: Session, federation: str) -> None:
    """Find a lost state again: what bears our mark in the tenant is recorded as ours, described in YAML or not.

    What was protected has to be protected anew. Records of DNS, delegates and copies bear no mark; the next apply
    records those that are as YAML asks.
    """
    from reconcile.cli.prepare import prepare
    from reconcile.planning.recover import recovered
    from reconcile.state.edit import edit
    from reconcile.state.snapshot.snapshot import Snapshot

    prepared = prepare(session, (federation,))
    (slug,) = prepared.snapshots
    observed = _seen(session, prepared)
    desk = _desk(session, "state rebuild")
    found = recovered(slug, prepared.inputs.desired, observed, desk.holder.run, session.clock.now())
    known = prepared.snapshots[slug].records
    missing = [record for record in found if record.address not in known]
    if missing:
        edit(slug, lambda snapshot: functools.reduce(Snapshot.put, missing, snapshot), desk)
    session.warn(
        f"Recorded {len(missing)} of {len(found)} resources that bear the mark of {slug}; {len(known)} were known."
    )
    session.warn(f"  → look at what the next apply would do: reconcile plan {slug}")


@state.command()
@click.pass_obj
def reseal(session: Session) -> None:
    """Write every state anew as reconcile.toml asks: sealed to the keys of seal_to, or in the clear without any.

    For the day the seal is put on, taken off, or its keys change. Wants the identity that opens what is sealed now.
    """
    from reconcile.cli.prepare import encoding_of, sealed, store_in
    from reconcile.state.edit import edit
    from reconcile.state.snapshot.encoding import Migrating

    migrating = Migrating(encoding_of(session), sealed(session))
    store = store_in(session, migrating, lambda: None)
    for slug in store.federations():
        desk = dataclasses.replace(_desk(session, "state reseal"), store=store)
        written = edit(slug, lambda snapshot: snapshot, desk)
        session.warn(f"The state of {slug} is written anew, at serial {written.serial}.")


@click.group()
def lock() -> None:
    """Who is applying at this moment."""


@lock.command(name="list")
@click.pass_obj
def list_locks(session: Session) -> None:
    """List the locks that are held, and by whom."""
    from reconcile.views.state_text import lock_list

    session.print(lock_list(_store(session).locks()))


@click.command(name="force-unlock")
@click.argument("federation")
@click.argument("run")
@click.pass_obj
def force_unlock(session: Session, federation: str, run: str) -> None:
    """Free the lock on FEDERATION that a dead RUN left. Be sure that it is dead: it may still be writing."""
    store = _store(session)
    slug = _slug(store, federation)
    store.break_lock(slug, run)
    session.warn(f"The lock on {slug} is free.")


def _store(session: Session) -> Store:
    from reconcile.cli.prepare import store

    return store(session)


def _desk(session: Session, operation: str) -> EditContext:
    from reconcile.cli.prepare import encoding_of, new_lineage
    from reconcile.cli.run import holder_of
    from reconcile.state.edit import EditContext
    from reconcile.state.journal.journal import new_run_id

    holder = holder_of(session, new_run_id(session.clock, secrets.token_hex(3)), operation)
    return EditContext(
        _store(session), session.state, holder, session.clock, new_lineage(session), encoding_of(session)
    )


def _seen(session: Session, prepared: Prepared) -> Mapping[Address, Observed]:
    """Every mailbox of the federation's domains. Raises STA13 when one cannot be read: a part is not enough."""
    from reconcile.cli.providers import readers
    from reconcile.providers.base import Scope, Unknown, Wanted

    reader = readers(session)["microsoft"]
    domains = prepared.inputs.domains
    wanted = [Wanted(one.address, one) for one in prepared.inputs.desired if one.address.kind == "mailbox"]
    first = reader.observe(Scope(wanted, domains))
    others = [Wanted(address, None) for address in first.unmanaged if address.kind == "mailbox"]
    observed = {**first.observed, **reader.observe(Scope(others, domains)).observed}
    for address, shown in observed.items():
        if isinstance(shown, Unknown):
            raise Problem("STA13", f"{address} cannot be read: {shown.reason}", "nothing was recorded; try again")
    return observed


def _read(session: Session, store: Store, slug: str) -> Snapshot:
    """A federation's state as the next plan will see it. Raises STA12 when there is none."""
    from reconcile.state.journal.replay import replay
    from reconcile.state.snapshot.snapshot import Snapshot

    snapshot, _ = replay(store.read(slug) or Snapshot(slug, ""), session.state / "runs")
    if not snapshot.serial and not snapshot.records:
        raise Problem("STA12", f"There is no state of {slug}.", "see: reconcile state list")
    return snapshot


def _slug(store: Store, name: str) -> str:
    """spf55, said as spf55 or 55."""
    return name if name in store.federations() or name.startswith("spf") else f"spf{name}"


def _address(text: str) -> Address:
    from reconcile.resources.address import Address

    try:
        return Address.parse(text)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
