"""What the ``copy`` commands share: the list of copies, a choice from it, and the two mailboxes of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from reconcile.cli.session.credential import credential
from reconcile.cli.session.session import Session
from reconcile.cli.wiring.legacy.sign_in import sign_in
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.mailcopy.imap.session import Endpoint
    from reconcile.mailcopy.queue.endpoints import Endpoints
    from reconcile.mailcopy.queue.jobs import Job, JobList
    from reconcile.mailcopy.queue.location import Location


def copies_location(session: Session) -> Location:
    """Where the list and the ledgers are: this folder, or the database that reconcile.toml names."""
    from reconcile.clock import SystemClock
    from reconcile.mailcopy.queue.location import FolderLocation, PostgresLocation

    # The machine's own clock: leases and retries are about processes, not about the federations' calendar.
    if url := session.settings.copies.database:
        return PostgresLocation(url, _database_password(session), SystemClock())
    return FolderLocation(session.state / "copies", SystemClock())


def copy_jobs(session: Session) -> JobList:
    """The list of copies."""
    return copies_location(session).jobs


def _database_password(session: Session) -> str:
    """From the environment or its file; "" leaves it to libpq, which knows ~/.pgpass and peers."""
    file = session.settings.copies.database_password_file
    if file is None and not session.environment.get(
        "RECONCILE_COPIES_PASSWORD"
    ):  # a job sets it to "" when it has none
        return ""
    return session.secret("RECONCILE_COPIES_PASSWORD", file, Phrase("password of the copies' database"))


def chosen(jobs: JobList, names: Sequence[str]) -> list[Job]:
    """The copies named by federation (``spf55``), old or new address (``contact@spf55.org``) or key; all without names.

    Raises ``Problem`` COPY11 for a name that means nothing, so that a slip of the pen is not silence.
    """
    from reconcile.mailcopy.queue.choice import Choice

    listed, wanted = jobs.list(), Choice(tuple(names))
    for name in names:
        called = Choice((name,))
        if not any(called.includes(job.key, job.destination) for job in listed):
            raise Problem("COPY11", Phrase("No copy of {name} is queued.", name=name), "see: reconcile copy status")
    return [job for job in listed if wanted.includes(job.key, job.destination)]


def endpoints_of(session: Session) -> Callable[[Job], Endpoints]:
    """From a job to its two mailboxes: the old one as its host is opened, the new one with the tenant's token."""
    from reconcile.mailcopy.imap.session import Endpoint, Token
    from reconcile.mailcopy.queue.endpoints import Endpoints
    from reconcile.providers.microsoft.wire.auth import Device, Tokens

    settings = session.settings
    tenant, new = settings.tenant, settings.destination
    proof = credential(session)
    if isinstance(proof, Device):
        raise Problem(
            "AUTH01",
            "A person who signed in cannot open everybody's mailbox, and a copy outlives a sign-in.",
            "run the copies where the application has a secret, a certificate or a pipeline's identity",
        )
    tokens = Tokens(tenant, proof)

    def endpoints(job: Job) -> Endpoints:
        app = Token(job.destination, tokens.exchange)
        return Endpoints(
            old_end(session, job.key.partition("/")[0], job.source, job.login, job.destination, job.public_folder),
            Endpoint(
                *(new.host, new.port, app, new.tls, new.ca_file, new.connections),
                largest=new.largest_message * 1_000_000,
                silences_receipts=new.read_receipts == "silence",
                quota=_quota(session, job.key.partition("/")[0], job.destination),
            ),
        )

    return endpoints


def _quota(session: Session, federation: str, destination: str) -> int:
    """Bytes the licence of a new mailbox holds; 0 where this machine has no file that says which it is."""
    path = session.federations / f"{federation}.yaml"
    if not path.is_file():
        return 0
    from reconcile.config.load import load_files
    from reconcile.planning.gates.old_host import QUOTA

    for found in load_files([path]).federations:
        for address, mailbox in found.file.mailboxes.items():
            if address.lower() == destination.lower():
                return QUOTA[mailbox.licence]
    return 0


def old_end(
    session: Session, federation: str, source: str, login: str, destination: str, public_folder: str = ""
) -> Endpoint:
    """An old mailbox of that federation (a slug), and how it is opened. ``destination``: its new address.
    ``public_folder``: the folder that it is, "" for the login's own mail.

    Raises COPY09 for a host nobody describes, COPY17 for a login or folder that is not the federation's, COPY82 where
    no password is known, and what ``sign_in`` raises.
    """
    from reconcile.mailcopy.imap.session import Endpoint, Password

    old = session.outside.legacy.get(source)
    if old is None:
        raise Problem(
            "COPY09",
            Phrase(
                "{login} is on the old server {source!r}, which reconcile.toml does not describe.",
                login=login,
                source=source,
            ),
            Phrase("add a table [legacy.{source}]", source=source),
        )
    if why := _refusal(session, federation, source, login, destination, public_folder):
        key, listed = ("public_folder", "public_folders") if public_folder in why else ("legacy_login", "logins")
        raise Problem(
            "COPY17",
            Phrase("The mailbox is not opened for {federation}: {why}.", federation=federation, why=why),
            Phrase(
                "correct {key} in {federation}.yaml, or list it under [legacy.{source}.{listed}]; then apply",
                key=key,
                federation=federation,
                source=source,
                listed=listed,
            ),
        )
    known = sign_in(session, old).credentials(login)
    if known is None:
        file = old.mailbox_passwords_file
        raise Problem(
            "COPY82",
            Phrase("No password of {login} is in {file}.", login=login, file=file),
            "add its line, then: reconcile copy retry",
        )
    opening = Password(*known, shared=bool(old.master_user))
    host = (old.host, old.port, opening, old.tls, old.ca_file, old.connections)
    return Endpoint(*host, public_folder=public_folder)


def _refusal(session: Session, federation: str, source: str, login: str, destination: str, public_folder: str) -> str:
    """Why the login, or the folder, is not the federation's; "" when it is.

    A domain is one federation's, so a login in the domain of its new address needs no file: a worker may have none. For
    any other, the file is read as it is now: a worker outlives many changes of it.
    """
    from reconcile.config.inventory.logins import Logins

    settings, path = session.settings, session.federations / f"{federation}.yaml"
    owners = {destination.rpartition("@")[2].lower(): federation}
    mailbox = (federation, source, login, public_folder)
    why = Logins.known(owners, settings.legacy, settings.protected, ()).refusal(*mailbox)
    if why and path.is_file():
        from reconcile.config.load import load_files
        from reconcile.resources.desired.federations import declared_domains

        owners = declared_domains(load_files([path]).federations)
        inventories = session.inventories.values()
        why = Logins.known(owners, settings.legacy, settings.protected, inventories).refusal(*mailbox)
    return why
