"""``reconcile copy work --dry-run|--sizes``: what would be copied, and what the old mailboxes hold."""

from __future__ import annotations

from reconcile.cli.copies import chosen, copies_location, endpoints_of
from reconcile.cli.exits import PARTLY_APPLIED
from reconcile.cli.session import Session


def show_sizes(session: Session, names: tuple[str, ...]) -> int:
    """Only the old mailboxes are looked at."""
    return _show(session, names, sizes=True)


def show_plan(session: Session, names: tuple[str, ...]) -> int:
    """Both mailboxes are looked at; neither is changed, and the list of copies is not either."""
    return _show(session, names, sizes=False)


def _show(session: Session, names: tuple[str, ...], *, sizes: bool) -> int:
    from reconcile.mailcopy.imap.interruptions import ConnectionLost
    from reconcile.mailcopy.preview import preview_copy, preview_sizes
    from reconcile.problem import Problem
    from reconcile.views.copy_preview import preview_text, sizes_text
    from reconcile.views.copy_report import failed_check_text

    console, endpoints, location, failed = session.console(), endpoints_of(session), copies_location(session), 0
    for job in chosen(location.jobs, names):
        if job.state == "cancelled":
            continue
        both = endpoints(job)
        try:
            if sizes:
                console.print(sizes_text(job.key, preview_sizes(both.source)))
                continue
            with location.reading(job) as ledger:
                folders = preview_copy(both.source, both.destination, ledger, folder=job.folder)
            console.print(preview_text(job.key, folders))
        except (Problem, ConnectionLost) as error:
            failed += 1
            console.print(failed_check_text(job.key, str(error)))
    return PARTLY_APPLIED if failed else 0
