"""What a rehearsal tries on the old mail host, the DNS primary and DNS hosts: the very sign-ins the eve will need."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from reconcile.cli.session.session import Session
from reconcile.cli.wiring.providers import dns_services
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.config.federation.federation import Federation
    from reconcile.providers.microsoft.rehearsal.rehearsal import Check

#: Sign-ins refused by a host that accepted none, before no further one is tried: it might lock the master user out.
_REFUSALS = 2
#: The server cannot be reached, or does not answer.
_SILENT = ("DNS01", "DNS02")


def dns_key(session: Session, domains: Sequence[str], unread: Collection[str]) -> list[Check]:
    """Whether the primary takes our key for these domains; those kept elsewhere than on the primary are left out.
    ``unread``: domains of which it is said already that their server cannot be read."""
    from reconcile.providers.microsoft.rehearsal.rehearsal import Check, Verdict

    try:
        tried = dns_services(session).try_key(domains)
    except Problem as problem:
        return [_stopped(problem)]
    return [
        _stopped(refused)
        if refused
        else Check(Verdict.READY, Phrase("The DNS server takes our key for {domain}.", domain=domain))
        for domain, refused in tried.items()
        if not (refused and refused.code in _SILENT and domain in unread)
    ]


def dns_hosts(session: Session, domains: Sequence[str]) -> list[Check]:
    """Whether the zones kept at DNS hosts can be read there, and what their name servers show otherwise."""
    from reconcile.providers.microsoft.rehearsal.rehearsal import Check, Verdict

    checks: list[Check] = []
    for domain, seen in dns_services(session).listed(domains).items():
        if isinstance(seen, Problem):
            checks.append(_stopped(seen))
        else:
            checks.append(Check(Verdict.READY, Phrase("The DNS host lists the zone of {domain}.", domain=domain)))
            checks += [Check(Verdict.WARNING, sentence) for sentence in seen]
    return checks


def old_mailboxes(session: Session, federation: Federation) -> list[Check]:
    """Whether the master user can open every old mailbox whose mail is to be copied."""
    from reconcile.providers.microsoft.rehearsal.rehearsal import Check, Verdict

    opened, checks, lacking = 0, list[Check](), set[str]()
    for who, problem in _tried(session, federation, lacking):
        opened += problem is None
        if problem is not None and problem.code == "AUTH01":
            return [_stopped(problem)]
        if problem is not None:
            checks.append(
                Check(
                    Verdict.BLOCKED,
                    Phrase("{code} {who}: {message}", code=problem.code, who=who, message=problem.message),
                    problem.hint,
                )
            )
        if not opened and len(checks) == _REFUSALS:
            break
    if opened:
        checks.insert(
            0, Check(Verdict.READY, Phrase("The old host opens {opened} mailboxes to the copier.", opened=opened))
        )
    for extensions in sorted(lacking):
        slow = Phrase(
            "The old host lacks {extensions}: a copy back into it works, one message after the other.",
            extensions=extensions,
        )
        checks.append(Check(Verdict.READY, slow))
    return checks


def roads(session: Session, federation: Federation) -> list[Check]:
    """What reconcile.toml says nothing of: how mail finds its way after the switch."""
    from reconcile.providers.microsoft.rehearsal.rehearsal import Check, Verdict

    name = federation.file.legacy.server if federation.file.legacy else ""
    server = session.outside.legacy.get(name)
    checks: list[Check] = []
    if server is not None and server.relay is None:
        said = Phrase(
            "Nothing leads mail that the tenant does not know to {name}: once the mail is switched, addresses nobody "
            "listed and mailboxes that are late bounce.",
            name=name,
        )
        checks.append(Check(Verdict.WARNING, said, Phrase("add [legacy.{name}.relay]: docs/cutover.md", name=name)))
    if server is not None and server.handover is None:
        said = Phrase(
            "Nothing has {name} send the domain on by its MX: what is sent on that host goes on arriving in the old "
            "mailboxes, which nobody opens any more.",
            name=name,
        )
        checks.append(Check(Verdict.WARNING, said, Phrase("add [legacy.{name}.handover]: docs/handover.md", name=name)))
    return checks


def _tried(session: Session, federation: Federation, lacking: set[str]) -> Iterator[tuple[str, Problem | None]]:
    """``lacking`` is added what the host cannot do."""
    from reconcile.cli.wiring.copies import old_end
    from reconcile.mailcopy.imap.interruptions import ConnectionLost
    from reconcile.mailcopy.imap.session import connect
    from reconcile.resources.desired.federations import compile_federations

    for copy in compile_federations([federation], session.settings, session.clock.now()):
        if copy.address.kind != "copy":
            continue
        try:
            ends = (str(copy.fields[name]) for name in ("source", "login", "destination", "public_folder"))
            opened = connect(old_end(session, federation.slug, *ends))
            try:
                lacking |= {opened.lacking} - {""}
                if opened.endpoint.public_folder:
                    opened.layout()
            finally:
                opened.log_out()
        except Problem as problem:
            yield copy.address.key, problem
        except ConnectionLost as lost:
            yield (
                copy.address.key,
                Problem("COPY06", Phrase("the connection broke: {lost}.", lost=lost), "rehearse again"),
            )
        else:
            yield copy.address.key, None


def _stopped(problem: Problem) -> Check:
    """A credential that is not on this machine may well be where the work will be done: it is only told."""
    from reconcile.providers.microsoft.rehearsal.rehearsal import Check, Verdict

    if problem.code == "AUTH01":
        return Check(Verdict.WARNING, Phrase("Not tried: {message}", message=problem.message), problem.hint)
    return Check(Verdict.BLOCKED, Phrase("{code} {message}", code=problem.code, message=problem.message), problem.hint)
