"""``reconcile dns``: what was changed in the zones taken back, and which servers show it."""

from __future__ import annotations

import fnmatch
import json
import secrets
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from reconcile.cli.session.completion import FEDERATION
from reconcile.cli.session.exits import CHANGES, DONE, ERROR, PARTLY_APPLIED, REFUSED
from reconcile.cli.session.group import CommandGroup
from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.config.federation.federation import Federation
    from reconcile.providers.dns.undo import Revert, Undo


@click.group(cls=CommandGroup)
def dns() -> None:
    """The records of a federation, on its primary and as servers show them."""


@dns.command()
@click.argument("federation", type=FEDERATION)
@click.option("--only", multiple=True, metavar="GLOB", help="Only these records: 'spf55.org/MX', '*/CNAME'.")
@click.option("--yes", is_flag=True, help="Do not ask: for pipelines.")
@click.pass_obj
def undo(session: Session, federation: str, only: tuple[str, ...], yes: bool) -> int:
    """Put the records of FEDERATION back, exactly as they stood before the first apply.

    What somebody else changed since is left to them, and said. The federation's file still asks for the records, so
    that the next apply would publish them again: what to write so that it does not is said at the end.
    """
    from reconcile.cli.wiring.holder import holder_of
    from reconcile.cli.wiring.store import store
    from reconcile.state.journal.journal import new_run_id

    chosen = _federation(session, federation)
    slug = chosen.slug
    undoing = _undo(session)
    holder = holder_of(session, new_run_id(session.clock, secrets.token_hex(3)), "dns undo")
    with store(session).lock(slug, holder):
        found = [revert for revert in undoing.look(slug) if not only or _named(revert, only)]
        if not found:
            session.console().print(session.say(Phrase("Nothing to take back for {slug}.", slug=slug)))
            return DONE
        for revert in found:
            _show(session, revert)
        if not (yes or _confirmed(session)):
            raise Problem("GRD03", "Nothing was taken back: it was not confirmed.", "say --yes", REFUSED)
        ended = _carry_out(session, undoing, found)
        _say_what_next(session, chosen, found)
        return ended


@dns.command()
@click.argument("federation", type=FEDERATION)
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.pass_obj
def check(session: Session, federation: str, as_json: bool) -> int:
    """Check the domains of FEDERATION: named checks, every authoritative server, the configured resolvers.

    Exits 0 when no problem is found and all servers agree, 2 when some server or cache still answers otherwise,
    1 when something would stop mail.
    """
    from reconcile.cli.dns.output import survey_document, survey_lines
    from reconcile.cli.wiring.assigned_mx import assigned_mx
    from reconcile.cli.wiring.providers import dns_services
    from reconcile.providers.base import Finding, Weight
    from reconcile.providers.dns.checks.propagation import State
    from reconcile.providers.dns.checks.servers import SwitchMoments
    from reconcile.providers.dns.checks.survey import Survey
    from reconcile.resources.milestones import milestones

    chosen = _federation(session, federation)
    now = session.clock.now()
    moments = milestones(chosen.file.migration.date, session.settings.calendar)
    switch = SwitchMoments(moments.preparation, moments.cutover)
    surveyors = dns_services(session).surveyors().sorted_out(chosen.domains)
    new_mx = assigned_mx(session, [chosen])
    surveys = [surveyor.survey(domains, switch, now, new_mx) for surveyor, domains in surveyors]
    unseen = set(chosen.domains).difference(*(domains for _, domains in surveyors))
    for domain in sorted(unseen):
        session.warn(
            Phrase("{domain} was not checked: name the server that serves it, [dns.hosted] server.", domain=domain)
        )
    findings = [finding for one in surveys for finding in one.findings]
    findings += [
        Finding(domain, "servers", Weight.WARNS, sentence)
        for domain, differing in dns_services(session).listed(chosen.domains).items()
        if not isinstance(differing, Problem)
        for sentence in differing
    ]
    seen = Survey(findings, [report for one in surveys for report in one.reports])
    if as_json:
        click.echo(json.dumps(survey_document(seen), indent=1, ensure_ascii=False))
    else:
        for line in survey_lines(seen, chosen.domains, now, session.zone, session.words):
            session.console().print(line, markup=False)
    if any(one.weight is Weight.BLOCKS for one in seen.findings):
        return ERROR
    return CHANGES if any(one.state is not State.CURRENT for one in seen.reports) else DONE


def _carry_out(session: Session, undoing: Undo, found: Sequence[Revert]) -> int:
    ends = undoing.carry_out(found)
    refused = [end for end in ends if isinstance(end, Problem)]
    for problem in refused:
        session.warn(
            Phrase("{code} {message}\n  → {hint}", code=problem.code, message=problem.message, hint=problem.hint)
        )
    done = len(ends) - len(refused)
    told = Phrase.counted(
        "{number} taken back, {refused} left as they are.",
        "{number} taken back, {refused} left as they are.",
        done,
        refused=len(refused),
    )
    session.console().print(session.say(told))
    if not refused:
        return DONE
    return PARTLY_APPLIED if done else ERROR


def _say_what_next(session: Session, federation: Federation, found: Sequence[Revert]) -> None:
    """The next apply would take it back: what to write so that it does not."""
    mark = federation.marks.get(("migration", "date")) or federation.marks.get(("domain",))
    place = f"{federation.path}:{mark.key_line}" if mark else str(federation.path)
    console = session.console()
    again = Phrase("The next apply of {slug} would publish them again, as its file asks.", slug=federation.slug)
    console.print(session.say(again), markup=False)
    if any(map(_is_switched, found)):
        later = Phrase("  → to keep the switch undone, write a later day in {place}: migration: date:", place=place)
        console.print(session.say(later), markup=False)
    if any(not _is_switched(revert) for revert in found):
        prepared = Phrase(
            "  → what prepares a domain (its proof, SPF, DKIM, DMARC) is published while the file declares the domain: "
            "take it out of the file, or leave its records out of each apply with --target"
        )
        console.print(session.say(prepared), markup=False)


def _is_switched(revert: Revert) -> bool:
    """Whether the record is one of those that lead mail and programs to Microsoft: MX and autodiscover."""
    return revert.key.rdtype.name == "MX" or revert.key.owner.startswith("autodiscover.")


def _show(session: Session, revert: Revert) -> None:
    going, coming = revert.lines
    console = session.console()
    console.print(f"  {revert.key}", markup=False)
    for text in going:
        console.print(f"    - {text}", markup=False)
    for text in coming:
        console.print(f"    + {text}", markup=False)
    if not (going or coming):
        console.print(f"    {session.say(Phrase('TTL only'))}", markup=False)


def _named(revert: Revert, patterns: Sequence[str]) -> bool:
    name = f"{revert.key.owner}/{str(revert.key).rpartition(' ')[2]}"
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _federation(session: Session, name: str) -> Federation:
    from reconcile.config.load import load_federations

    (chosen,) = load_federations(session.federations).select([name])
    return chosen


def _undo(session: Session) -> Undo:
    from reconcile.cli.wiring.providers import dns_services

    return dns_services(session).undo(session.state / "dns")


def _confirmed(session: Session) -> bool:
    if not sys.stdin.isatty():
        return False
    asked = session.say("Undo these changes? Only 'yes' confirms")
    return click.prompt(asked, default="no", show_default=False) == "yes"
