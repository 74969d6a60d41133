"""``reconcile import``: write the federation file of mailboxes that exist already."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.config.document.draft import DraftBox
    from reconcile.providers.base import Observed, Reader
    from reconcile.resources.address import Address
    from reconcile.resources.resource import Live


@click.command(name="import")
@click.argument("code")
@click.option("--domain", required=True, help="The federation's mail domain, as the tenant has it.")
@click.option("--subdomain", "subdomains", multiple=True, help="One of its subdomains; may be repeated.")
@click.option("--name", required=True, help="The federation's name.")
@click.pass_obj
def import_(session: Session, code: str, domain: str, subdomains: tuple[str, ...], name: str) -> None:
    """Write federations/spfCODE.yaml from the mailboxes the tenant has in a domain, and take them under management.

    Nothing is written in the tenant. What the file describes exactly as it is becomes ours in the state; whatever
    else there is to say, the next plan says.
    """
    import_federation(session, code, domain, subdomains, name)


def import_federation(session: Session, code: str, domain: str, subdomains: tuple[str, ...], name: str) -> None:
    """Write one federation's file and record what is as it says. Raises IMP01 to IMP03, and what reading raises."""
    from reconcile.cli.wiring.providers import readers
    from reconcile.config.document.draft import Draft, render
    from reconcile.state.durable import replace_file

    slug = f"spf{code.lower().removeprefix('spf')}"
    path = session.federations / f"{slug}.yaml"
    if path.exists():
        raise Problem(
            "IMP01",
            Phrase("{path} exists already.", path=path),
            "import describes a federation that has no file yet",
            3,
        )
    domains = dict.fromkeys((domain.lower(), *(one.lower() for one in subdomains)), slug)
    boxes, left_out = _boxes(readers(session)["microsoft"], slug, domains)
    if not boxes:
        raise Problem("IMP02", Phrase("The tenant has no mailbox in {domain}.", domain=domain), "is the domain right?")
    today = session.clock.now().astimezone(session.zone).date()
    draft = Draft(slug.removeprefix("spf"), name, domain.lower(), sorted(set(domains) - {domain.lower()}), today, boxes)
    replace_file(path, render(draft).encode())
    for what, why in left_out.items():
        session.warn(Phrase("Left out: {what}: {why}.", what=what, why=why))
    adopted = _adopt(session, slug)
    are = Phrase("is now ours, as it is") if adopted == 1 else Phrase("are now ours, as they are")
    boxes_written = Phrase.counted("{number} mailbox", "{number} mailboxes", len(boxes))
    resources = Phrase.counted("{number} resource", "{number} resources", adopted)
    session.warn(
        Phrase(
            "Wrote {path}: {boxes_written}; {resources} {are}.",
            path=path,
            boxes_written=boxes_written,
            resources=resources,
            are=are,
        )
    )
    session.warn(Phrase("  → look at what remains: reconcile plan {slug}", slug=slug))


def _boxes(reader: Reader, slug: str, domains: Mapping[str, str]) -> tuple[list[DraftBox], dict[str, str]]:
    """The mailboxes of the domains, and what cannot be written in a federation file, with the reason."""
    from reconcile.providers.base import Scope, Wanted
    from reconcile.resources.address import Address
    from reconcile.resources.resource import Live

    listed = [one for one in reader.observe(Scope([], domains)).unmanaged if one.kind == "mailbox"]
    asked = [Address(slug, kind, one.key) for one in listed for kind in ("mailbox", "access")]
    observed = reader.observe(Scope([Wanted(address, None) for address in asked], domains)).observed
    _refuse_unknown(observed)
    boxes: list[DraftBox] = []
    left_out: dict[str, str] = {}
    people = {one.key for one in listed}
    for one in listed:
        live = observed[Address(slug, "mailbox", one.key)]
        access = observed[Address(slug, "access", one.key)]
        if not isinstance(live, Live) or live.fields.get("licence") not in ("E1", "E3", "shared"):
            left_out[one.key] = Phrase("it has no E1 or E3 licence and is not a shared mailbox")
            continue
        box = _draft_box(live, access if isinstance(access, Live) else None)
        for who in [who for who in box.delegates if who not in people]:
            left_out[Phrase("{who} as a delegate of {key}", who=who, key=one.key)] = Phrase(
                "it keeps its rights; to manage them, name it under external_members and among the delegates"
            )
            del box.delegates[who]
        boxes.append(box)
    return boxes, left_out


def _refuse_unknown(observed: Mapping[Address, Observed]) -> None:
    from reconcile.providers.base import Unknown

    for address, shown in observed.items():
        if isinstance(shown, Unknown):
            raise Problem(
                "IMP03",
                Phrase("{address} cannot be read: {reason}.", address=address, reason=shown.reason),
                "nothing was written; try again",
            )


def _draft_box(live: Live, access: Live | None) -> DraftBox:
    from reconcile.config.document.draft import DraftBox

    def text(name: str) -> str:
        value = live.fields.get(name)
        return value if isinstance(value, str) else ""

    rights: dict[str, list[str]] = {}
    for field, right in (("full_access", "read"), ("send_as", "send_as"), ("send_on_behalf", "send_on_behalf")):
        holders = access.fields.get(field) if access else ()
        for who in holders if isinstance(holders, tuple) else ():
            rights.setdefault(who, []).append(right)
    aliases = live.fields.get("aliases")
    return DraftBox(
        address=live.address.key,
        licence=text("licence"),
        display_name=text("display_name"),
        first_name=text("first_name"),
        last_name=text("last_name"),
        job_title=text("job_title"),
        phone=text("phone"),
        atrium_id=text("atrium_id"),
        place={"name": text("office"), **{name: text(name) for name in _PLACE}},
        aliases=aliases if isinstance(aliases, tuple) else (),
        hidden=live.fields.get("hidden") is True,
        delegates={who: tuple(names) for who, names in rights.items()},
    )


#: What a structure says besides its name.
_PLACE = ("street", "postal_code", "city", "website", "networks")


def _adopt(session: Session, slug: str) -> int:
    """Record what exists exactly as the new file says; how many resources that is."""
    from reconcile.applying.recorder import Recorder
    from reconcile.cli.wiring.holder import holder_of
    from reconcile.cli.wiring.planning import observe_and_plan
    from reconcile.cli.wiring.prepare import prepare
    from reconcile.cli.wiring.providers import readers
    from reconcile.cli.wiring.store import journals_of, store, with_lineage
    from reconcile.planning.plan.plan import Action
    from reconcile.resources.resource import Reference
    from reconcile.state.journal.journal import Journal, new_run_id

    prepared = prepare(session, (slug,))
    plan = observe_and_plan(session, prepared, readers(session))
    as_they_are = [change for change in plan.changes if change.action is Action.ADOPT and not change.fields]
    run = new_run_id(session.clock, secrets.token_hex(3))
    holder = holder_of(session, run, "import")
    states = store(session)
    journal = Journal.create(session.state / "runs", run, {"who": holder.who}, session.clock)
    with states.lock(slug, holder), journal:
        snapshots = with_lineage(session, prepared.snapshots)
        recorder = Recorder(journal, states, snapshots, session.clock, journals_of(session))
        for change in as_they_are:
            recorder.begin(change)
            known = {name: value for name, value in change.wanted.items() if not isinstance(value, Reference)}
            recorder.done(change, change.before, known, 0.0, ())
        for found in plan.unrecorded:
            recorder.note(found)
        recorder.close({"done": len(as_they_are)})
    return len(as_they_are) + len(plan.unrecorded)
