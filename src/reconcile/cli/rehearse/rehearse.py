"""``reconcile rehearse``: would the move of a federation's domain work, as far as can be known today?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click
from rich.text import Text

from reconcile.cli.session.completion import FEDERATION
from reconcile.cli.session.exits import DONE, ERROR
from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase

if TYPE_CHECKING:
    from reconcile.config.federation.federation import Federation
    from reconcile.providers.base import Finding
    from reconcile.providers.microsoft.rehearsal.rehearsal import Check

#: Of each verdict: the mark shown, and its colour.
_MARKS = {"ready": ("✓", "green"), "warning": ("!", "yellow"), "blocked": ("✗", "red")}


@click.command()
@click.argument("federations", nargs=-1, type=FEDERATION, metavar="[FEDERATION]...")
@click.pass_obj
def rehearse(session: Session, federations: tuple[str, ...]) -> int:
    """Look at everything the move of a federation depends on, and change nothing: who holds its domains, whether the
    licences suffice, who in the tenant has one of its addresses, whether the application, the DNS key and the copier on
    the old host may do their work, and what in DNS would stop its mail.

    Exits 0 when nothing stands in the way, 1 when something does. How it ended is kept in spfstate/rehearsals, where
    the gates read it. No federation file is changed: after a good one, the line to write in it is printed.
    """
    from reconcile.cli.rehearse.hosts import dns_hosts, dns_key, old_mailboxes, roads
    from reconcile.cli.session.credential import credential
    from reconcile.cli.wiring.assigned_mx import assigned_mx
    from reconcile.cli.wiring.providers import dns_services
    from reconcile.config.load import load_federations
    from reconcile.config.rules.criteria import Criteria
    from reconcile.providers.base import Weight
    from reconcile.providers.dns.checks.servers import SwitchMoments
    from reconcile.providers.microsoft.rehearsal.rehearsal import Move, Verdict, rehearse
    from reconcile.resources.milestones import milestones

    settings = session.settings
    loaded = load_federations(session.federations, Criteria(protected=settings.protected)).select(federations)
    proof = credential(session)
    switches = {
        domain: SwitchMoments(moments.preparation, moments.cutover)
        for federation in loaded
        for moments in [milestones(federation.file.migration.date, settings.calendar)]
        for domain in federation.domains
    }
    new_mx = assigned_mx(session, loaded)
    found = [
        finding
        for surveyor, domains in dns_services(session).surveyors().sorted_out(switches)
        for finding in surveyor.before_switch(
            {domain: switches[domain] for domain in domains}, session.clock.now(), new_mx
        )
    ]
    blocked = False
    for federation in loaded:
        licences = {address: box.licence for address, box in federation.file.mailboxes.items()}
        aliases = {alias.address for box in federation.file.mailboxes.values() for alias in box.aliases}
        move = Move(federation.slug, federation.domains, licences, aliases)
        checks = rehearse(settings, proof, session.clock, move)
        of_names = [one for one in found if one.domain in federation.domains]
        unread = {one.domain for one in of_names if one.check == "readable" and one.weight is Weight.BLOCKS}
        checks += (*dns_key(session, federation.domains, unread), *dns_hosts(session, federation.domains))
        checks += (*old_mailboxes(session, federation), *roads(session, federation))
        checks += tuple(_of_names(of_names))
        stands = any(check.verdict is Verdict.BLOCKED for check in checks)
        _record(session, federation, checks)
        session.print(_shown(session, federation, checks, stands))
        blocked = blocked or stands
    return ERROR if blocked else DONE


def _record(session: Session, federation: Federation, checks: tuple[Check, ...]) -> None:
    """Keep how it ended where the gates read it, green or not."""
    from reconcile.config.rehearsal import Rehearsal
    from reconcile.providers.microsoft.rehearsal.rehearsal import Verdict

    whose = {check.domain: check.holder for check in checks if check.holder}
    session.rehearsal_folder.write(
        Rehearsal(
            federation.slug,
            session.clock.now(),
            {domain: whose.get(domain, "unknown") for domain in federation.domains},
            tuple(check.message for check in checks if check.verdict is Verdict.BLOCKED),
            tuple(check.setting for check in checks if check.setting),
        )
    )


def _of_names(findings: Sequence[Finding]) -> Iterator[Check]:
    """The checks of DNS as the rehearsal tells them: what several domains share is said once."""
    from reconcile.providers.base import Weight
    from reconcile.providers.microsoft.rehearsal.rehearsal import Check, Verdict

    verdicts = {Weight.FINE: Verdict.READY, Weight.WARNS: Verdict.WARNING, Weight.BLOCKS: Verdict.BLOCKED}
    shared: dict[tuple[str, Weight, str], list[str]] = {}
    for one in findings:
        shared.setdefault((one.check, one.weight, one.sentence), []).append(one.domain)
    for (check, weight, sentence), domains in shared.items():
        yield Check(
            verdicts[weight],
            Phrase("{domains} {check}: {sentence}", domains=", ".join(domains), check=check, sentence=sentence),
        )


def _shown(session: Session, federation: Federation, checks: tuple[Check, ...], stands: bool) -> Iterator[Text]:
    yield Text(f"{federation.slug} · {federation.file.name}", style="bold")
    for check in checks:
        mark, colour = _MARKS[check.verdict.value]
        yield Text(f"  {mark} ", style=colour) + Text(session.say(check.message), style="default")
        if check.hint:
            yield Text(f"      {session.say(check.hint)}", style="dim")
    if stands:
        told = Phrase("Not ready: what is marked ✗ stands in the way.")
        yield Text(f"  {session.say(told)}", style="red")
    else:
        today = session.clock.now().astimezone(session.zone).date()
        told = Phrase(
            "Nothing stands in the way. To say so, write in {path}: {line}",
            path=federation.path,
            line=f"migration: rehearsed: {today}",
        )
        yield Text(f"  {session.say(told)}")
    yield Text()
