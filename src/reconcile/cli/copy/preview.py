"""``reconcile copy work --dry-run|--sizes``: what would be copied, and what the old mailboxes hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reconcile.cli.session.exits import DONE, PARTLY_APPLIED
from reconcile.cli.session.session import Session
from reconcile.cli.wiring.copies import chosen, copies_location, endpoints_of, old_end
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.config.federation.federation import Federation

#: Old host, login, new address, public folder.
_Ends = tuple[str, str, str, str]


def show_sizes(session: Session, names: tuple[str, ...]) -> int:
    """What the old mailboxes of the federation files hold, queued to be copied or not; only they are looked at."""
    from reconcile.mailcopy.imap.interruptions import ConnectionLost
    from reconcile.mailcopy.preview import preview_sizes
    from reconcile.views.copies.preview import sizes_text
    from reconcile.views.copies.report import failed_check_text

    console, failed = session.console(), 0
    for key, ends in _described(session, names).items():
        federation = key.partition("/")[0]
        try:
            folders = preview_sizes(old_end(session, federation, *ends))
            console.print(sizes_text(key, folders, session.words))
        except (Problem, ConnectionLost) as error:
            failed += 1
            console.print(failed_check_text(key, str(error), session.words))
    return PARTLY_APPLIED if failed else DONE


def _described(session: Session, names: tuple[str, ...]) -> dict[str, _Ends]:
    """Key → (old host, login, new address, public folder) of every copy that the files describe or the list holds.

    Raises ``Problem`` COPY11 when no copy is called by one of the names, or there is none at all.
    """
    from reconcile.config.load import load_federations
    from reconcile.config.rules.criteria import Criteria
    from reconcile.resources.desired.federations import compile_federations

    loaded: Sequence[Federation] = ()
    if session.federations.is_dir():  # a host that only copies may have the list alone
        loaded = load_federations(session.federations, Criteria(protected=session.settings.protected)).select(())
    found: dict[str, _Ends] = {
        str(copy.address): (
            str(copy.fields["source"]),
            str(copy.fields["login"]),
            str(copy.fields["destination"]),
            str(copy.fields["public_folder"]),
        )
        for copy in compile_federations(loaded, session.settings, session.clock.now())
        if copy.address.kind == "copy"
    }
    jobs = copies_location(session).jobs.list()
    found |= {
        job.key: (job.source, job.login, job.destination, job.public_folder) for job in jobs if job.state != "cancelled"
    }
    for name in names:
        if not any(_is_called(key, copy, name) for key, copy in found.items()):
            raise Problem(
                "COPY11",
                Phrase("No mail of {name} is to be copied.", name=name),
                "name a federation, or an address of its file",
            )
    if not found:
        raise Problem("COPY11", "No federation file has old mail to copy.", "see legacy: in docs/reference.md")
    return {key: copy for key, copy in found.items() if not names or any(_is_called(key, copy, one) for one in names)}


def _is_called(key: str, copy: _Ends, name: str) -> bool:
    return name in (key, key.partition("/")[0], key.rpartition("/")[2], copy[2])


def show_plan(session: Session, names: tuple[str, ...]) -> int:
    """Both mailboxes are looked at; neither is changed, and the list of copies is not either."""
    from reconcile.mailcopy.imap.interruptions import ConnectionLost
    from reconcile.mailcopy.preview import preview_copy
    from reconcile.views.copies.preview import preview_text
    from reconcile.views.copies.report import failed_check_text

    console, endpoints, location, failed = session.console(), endpoints_of(session), copies_location(session), 0
    jobs = [job for job in chosen(location.jobs, names) if job.state != "cancelled"]
    if not jobs:
        console.print(
            session.say("No copy is queued. `reconcile apply` queues one for each mailbox whose moment has come.")
        )
    for job in jobs:
        both = endpoints(job)
        try:
            with location.reading(job) as ledger:
                folders = preview_copy(both.source, both.destination, ledger, folder=job.folder)
            console.print(preview_text(job.key, folders, session.words))
        except (Problem, ConnectionLost) as error:
            failed += 1
            console.print(failed_check_text(job.key, str(error), session.words))
    return PARTLY_APPLIED if failed else DONE
