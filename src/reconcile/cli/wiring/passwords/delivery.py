"""The way passwords leave: what is made of them for a federation, and where it is laid."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from reconcile.cli.session.credential import registration
from reconcile.cli.session.session import Session
from reconcile.cli.wiring.passwords.vault import vault
from reconcile.language.phrase import Phrase

if TYPE_CHECKING:
    from reconcile.config.federation.models import FederationFile
    from reconcile.providers.base import Provider
    from reconcile.providers.delivery.outbox import Delivery, Outbox
    from reconcile.providers.delivery.place import Place
    from reconcile.providers.delivery.provider import Handed, Packed
    from reconcile.providers.microsoft.writing.mailbox.first_passwords import FirstPasswordAccounts
    from reconcile.state.snapshot.snapshot import Snapshot

#: Under this name the vault keeps what opens a federation's files: told by telephone, never sent with them.
OPENING = "ouverture"


def delivery(session: Session) -> Provider:
    """The provider of the kind ``credentials``. Nothing is opened or contacted before something is delivered."""
    from reconcile.providers.delivery.provider import Hands, delivery_provider

    reached: list[FirstPasswordAccounts] = []

    def entries(federation: str, addresses: Collection[str]) -> Mapping[str, str | None]:
        if not reached:
            reached.append(accounts(session))
        return reached[0].entries(federation, addresses)

    hands = Hands(
        vault=vault(session),
        entries=entries,
        pack=lambda slug, people, former: _packed(session, slug, people, former),
        place=lambda slug, account, one: _place(session, slug, account, one),
        outbox=outbox(session),
        clock=session.clock,
        named=_named(session),
    )
    return delivery_provider(hands)


def outbox(session: Session) -> Outbox:
    """What is on its way, and the receipts of what has arrived."""
    from reconcile.providers.delivery.outbox import Outbox

    return Outbox(session.state / "deliveries")


def handed_by(session: Session, slug: str, snapshot: Snapshot | None) -> frozenset[str]:
    """Who of the federation has had their first password, by the receipts and by this state of it."""
    recorded: set[str] = set()
    for address, record in snapshot.records.items() if snapshot else ():
        people = record.fields.get("people")
        if address.kind == "credentials" and isinstance(people, tuple):
            recorded.update(people)
    return outbox(session).handed(slug, recorded)


def accounts(session: Session) -> FirstPasswordAccounts:
    """The tenant's accounts, as far as their first passwords go."""
    from reconcile.providers.microsoft.provider import first_password_accounts

    return first_password_accounts(session.outside, registration(session), session.clock)


def _packed(session: Session, slug: str, people: Sequence[Handed], former: str) -> Packed:
    """The list and the sheets of these people, encrypted: to the federation's own age key where it gave one, else with
    a password that is in the vault, and that the contact is told by telephone."""
    from reconcile.documents.encrypted import encrypted_pages, encrypted_workbook
    from reconcile.documents.password_list import password_list
    from reconcile.documents.people import people as everybody
    from reconcile.documents.person_sheet import person_sheets
    from reconcile.passwords.passphrase import passphrase
    from reconcile.problem import Problem
    from reconcile.providers.delivery.outbox import File
    from reconcile.providers.delivery.provider import Packed

    file = _file(session, slug)
    known = {one.address: one for one in everybody(file, session.settings.letters)}
    chosen = [(known[one.address], one.password) for one in people if one.address in known]
    if len(chosen) < len(people):
        raise Problem("SEC19", Phrase("{slug}: its file has changed while it was applied.", slug=slug), "apply again")
    workbook = password_list(file.name, chosen, session.today)
    names = f"{slug}-mots-de-passe", f"{slug}-feuilles"
    sheets = person_sheets(chosen, f"Feuilles individuelles – {file.name}")
    recipient = file.contact.age_recipient if file.contact else None
    if recipient:
        from reconcile.passwords.sealed_files import sealed

        return Packed(
            (
                File(names[0], ".xlsx.age", sealed(workbook, recipient)),
                File(names[1], ".pdf.age", sealed(sheets, recipient)),
            ),
            "",
        )
    kept = vault(session)
    password = kept.open(slug, OPENING, former) if former else None
    opening = former
    if password is None:
        # What a run sealed that died before its files were kept opens nothing, and must not be told for what does.
        named = {one.opening for one in outbox(session).deliveries(slug)}
        kept.remove([one for one in kept.entries(slug) if one.address == OPENING and one.entry not in named])
        sealed_one = kept.seal(slug, OPENING, passphrase((), secrets.randbelow))
        password, opening = sealed_one.password, sealed_one.entry
    return Packed(
        (
            File(names[0], ".xlsx", encrypted_workbook(workbook, password)),
            File(names[1], ".pdf", encrypted_pages(sheets, password)),
        ),
        opening,
    )


def _file(session: Session, slug: str) -> FederationFile:
    from reconcile.config.load import load_files

    (found,) = load_files([session.federations / f"{slug}.yaml"]).select(())
    return found.file


@contextlib.contextmanager
def _place(session: Session, slug: str, account: str, one: Delivery) -> Iterator[Place]:
    from reconcile.problem import Problem
    from reconcile.providers.delivery.by_hand import ByHand
    from reconcile.providers.delivery.folder import Folder
    from reconcile.providers.delivery.sftp import connected
    from reconcile.providers.delivery.webdav import WebDav

    way = session.settings.delivery

    def password() -> str:
        return session.secret("RECONCILE_DELIVERY_PASSWORD", way.password_file, Phrase("password of the delivery"))

    if way.way == "folder" and way.local_folder:
        yield Folder(way.local_folder / account)
    elif way.way == "webdav":
        yield WebDav(way.url, account, way.user, password() if way.user else "", way.ca_file)
    elif way.way == "sftp" and way.known_hosts_file:
        folder = f"{way.path.rstrip('/')}/{account}" if way.path else account
        secret = "" if way.key_file else password()
        with connected(way.host, way.port, way.user, folder, way.known_hosts_file, secret, way.key_file) as place:
            yield place
    elif way.way == "by_hand":
        box = outbox(session)
        yield ByHand(slug, account, one.folder, lambda: box.carried(one))
    else:
        raise Problem("CFG02", "[delivery] does not say where the accounts are.", "see docs/passwords.md", 3)


def _named(session: Session) -> str:
    way = session.settings.delivery
    return {"by_hand": "by hand", "folder": str(way.local_folder), "webdav": way.url, "sftp": f"sftp://{way.host}"}[
        way.way
    ]
