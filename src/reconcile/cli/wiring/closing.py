"""The end of a migration, with what it takes: the copies, a comparison of both mailboxes, the vault."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reconcile.cli.session.session import Session
from reconcile.cli.wiring.copies import copies_location, endpoints_of
from reconcile.cli.wiring.passwords.vault import vault
from reconcile.language.phrase import Phrase

if TYPE_CHECKING:
    from reconcile.mailcopy.queue.jobs import Job
    from reconcile.providers.base import Provider


def closing(session: Session) -> Provider:
    """The provider of the kinds ``last_pass`` and ``closing``."""
    from reconcile.providers.closing.book import ClosingBook
    from reconcile.providers.closing.provider import Copies, closing_provider

    location = copies_location(session)

    def of(slug: str) -> Sequence[Job]:
        jobs = location.jobs.list()
        return [one for one in jobs if one.key.startswith(f"{slug}/copy/") and one.state != "cancelled"]

    def differs(key: str) -> str:
        from reconcile.mailcopy.imap.interruptions import ConnectionLost
        from reconcile.mailcopy.verification import verify_mailbox
        from reconcile.problem import Problem

        (job,) = (one for one in location.jobs.list() if one.key == key)
        try:
            both = endpoints_of(session)(job)
            with location.reading(job) as ledger:
                if ledger is None:
                    return Phrase("nothing is recorded of it")
                checks = verify_mailbox(both.source, both.destination, ledger, with_digests=False)
        except (Problem, ConnectionLost) as error:
            raise Problem(
                "GAT53",
                Phrase("{key} cannot be compared: {error}", key=key, error=error),
                "once both hosts answer, apply again",
            ) from None
        unsound = [check for check in checks if not check.sound]
        if not unsound:
            return ""
        return Phrase.counted(
            "{number} of {all} folders differ", "{number} of {all} folders differ", len(unsound), all=len(checks)
        )

    def sealed(slug: str) -> int:
        return len(vault(session).entries(slug))

    def purge(slug: str) -> None:
        kept = vault(session)
        kept.remove(kept.entries(slug))

    copies = Copies(of, location.jobs.another_pass, differs, sealed, purge)
    return closing_provider(ClosingBook(session.state / "closings"), copies, session.clock)
