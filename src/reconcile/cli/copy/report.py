"""``reconcile copy report|verify``: what was copied, message by message, and whether it is there."""

from __future__ import annotations

import click

from reconcile.cli.session.completion import FEDERATION
from reconcile.cli.session.exits import PARTLY_APPLIED
from reconcile.cli.session.session import Session
from reconcile.cli.wiring.copies import chosen, copies_location, endpoints_of

_NAMES = click.argument("names", type=FEDERATION, metavar="[FEDERATION|ADDRESS]...", nargs=-1)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@_NAMES
@click.pass_obj
def report(session: Session, as_json: bool, names: tuple[str, ...]) -> None:
    """Say for each mailbox how many messages of each folder are copied, and every one refused, with its reason."""
    from reconcile.views.copies.report import MailboxReport, reports_json, reports_text

    reports, location = [], copies_location(session)
    for job in chosen(location.jobs, names):
        with location.reading(job) as ledger:
            folders = [(ledger.label(row.id), ledger.count(row.id)) for row in ledger.rows()] if ledger else []
            reports.append(MailboxReport(job.key, job.state, folders, ledger.refusals() if ledger else []))
    if as_json:
        click.echo(reports_json(reports))
    else:
        session.console().print(reports_text(reports, session.words))


@click.command()
@click.option("--digests", is_flag=True, help="Read every copied message again and compare its bytes.")
@_NAMES
@click.pass_obj
def verify(session: Session, digests: bool, names: tuple[str, ...]) -> int:
    """Compare both mailboxes, message by message, with what was recorded. Nothing is written anywhere."""
    from reconcile.mailcopy.imap.interruptions import ConnectionLost
    from reconcile.mailcopy.verification import verify_mailbox
    from reconcile.problem import Problem
    from reconcile.views.copies.report import failed_check_text, unchecked_text, verification_text

    console, location, unsound = session.console(), copies_location(session), 0
    wanted = [job for job in chosen(location.jobs, names) if job.state != "cancelled" and not job.goes_back]
    if not wanted:
        console.print(session.say("No copy is queued."))
        return 0
    endpoints = endpoints_of(session)
    for job in wanted:
        both = endpoints(job)
        try:
            with location.reading(job) as ledger:
                if ledger is None:
                    unsound += 1
                    console.print(unchecked_text(job.key, session.words))
                    continue
                checks = verify_mailbox(both.source, both.destination, ledger, with_digests=digests)
        except (Problem, ConnectionLost) as error:
            unsound += 1
            console.print(failed_check_text(job.key, str(error), session.words))
            continue
        unsound += not all(check.sound for check in checks)
        console.print(verification_text(job.key, checks, session.words))
    return PARTLY_APPLIED if unsound else 0
