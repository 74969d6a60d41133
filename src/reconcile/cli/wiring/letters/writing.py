"""Letters made ready to leave: what is known of a federation, its template, what is attached."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reconcile.cli.session.session import Session
from reconcile.cli.wiring.letters.notices import CopyJobs, sent_to
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.config.federation.federation import Federation
    from reconcile.config.load import Loaded
    from reconcile.config.settings.settings import Settings
    from reconcile.documents.letters.facts import Copied, Known
    from reconcile.documents.letters.message import Attachment
    from reconcile.documents.letters.render import Rendered
    from reconcile.mailcopy.queue.jobs import Job
    from reconcile.providers.post.carrier import Parcel
    from reconcile.resources.address import Address
    from reconcile.resources.notices import Letter


@dataclasses.dataclass(frozen=True)
class Writing:
    """Makes letters ready to leave: what is known of a federation, its template, what is attached."""

    session: Session

    def leaving(self, address: Address, to: str, day: str, attempt: int) -> Parcel:
        """The parcel of a letter that is sent now. The workbook it carries is recorded first: after a crash the letter
        that is tried again has the same one. Raises ``Problem`` as ``parcel`` does, and WBK70, STA01 or STA06."""
        from reconcile.cli.wiring.letters.handing import handing, keep
        from reconcile.resources.notices import Letter

        if Letter(address.key) is Letter.LIST:
            federation = self.federation(address.federation)
            keep(self.session, federation, handing(self.session, federation))
        return self.parcel(address, to, day, attempt)

    def parcel(self, address: Address, to: str, day: str, attempt: int) -> Parcel:
        """The letter of that address. Raises ``Problem`` LET01, LET02, or CFG03 when its file is not valid."""
        from reconcile.documents.letters.message import Envelope, message, message_id
        from reconcile.providers.post.carrier import Parcel
        from reconcile.resources.notices import Letter

        letters = self._settings.letters
        federation = self.federation(address.federation)
        contact = federation.file.contact
        rendered, attachments = self.letter(federation, Letter(address.key), day)
        name = f"{address.federation}/{address.key}"
        identifier = message_id(name, day, to, attempt, letters.sender)
        envelope = Envelope(
            letter=name,
            sender=letters.sender,
            sender_name=letters.sender_name,
            reply_to=letters.help_address,
            to=to,
            to_name=contact.name if contact else "",
            message_id=identifier,
            date=self.session.clock.now().astimezone(self.session.zone),
        )
        return Parcel(name, identifier, letters.sender, to, message(rendered, attachments, envelope))

    def letter(self, federation: Federation, letter: Letter, day: str) -> tuple[Rendered, Sequence[Attachment]]:
        """What the letter says, and what goes with it."""
        from reconcile.documents.letters.facts import facts
        from reconcile.documents.letters.render import render

        attachments = self._attachments(federation, letter)
        known = self._known(federation, letter, day, [one.name for one in attachments])
        return render(letter.value, facts(federation, self._settings, known), self.templates), attachments

    def federation(self, slug: str) -> Federation:
        """Raises ``Problem`` CFG03 when its file is not valid, CFG04 when there is none."""
        [found] = self._loaded.select([slug])
        return found

    @functools.cached_property
    def templates(self) -> Mapping[str, str]:
        """The postmaster's templates, file name → text. Raises ``Problem`` LET04 when one cannot be read."""
        folder = self._settings.letters.templates_folder
        return read_templates(folder) if folder else {}

    @functools.cached_property
    def _loaded(self) -> Loaded:
        from reconcile.config.load import load_federations
        from reconcile.config.rules.criteria import Criteria

        return load_federations(self.session.federations, Criteria(protected=self._settings.protected))

    @property
    def _settings(self) -> Settings:
        return self.session.settings

    def _known(self, federation: Federation, letter: Letter, day: str, attached: Sequence[str]) -> Known:
        from reconcile.cli.wiring.gating import judged
        from reconcile.cli.wiring.store import store
        from reconcile.config.inventory.inventory import Inventory
        from reconcile.config.rules.inventory import undecided
        from reconcile.documents.letters.facts import Known
        from reconcile.resources.notices import UNDATED, former_day

        slug = federation.slug
        inventory = self.session.inventory_folder.newest_of([slug]).get(slug)
        listed = inventory if isinstance(inventory, Inventory) else None
        former = former_day(sent_to(self.session, slug, store(self.session).read(slug)), day)
        return Known(
            today=self.session.today,
            total=len(listed.addresses) if listed else 0,
            undecided=[one.address for one in undecided(federation, listed)] if listed else (),
            gates=judged(self.session, [federation], self._loaded.federations)[slug],
            copied=_copied(CopyJobs(self.session).of(slug)),
            former_day=dt.date.fromisoformat(former) if former and former != UNDATED else None,
            attachments=attached,
        )

    def _attachments(self, federation: Federation, letter: Letter) -> Sequence[Attachment]:
        from reconcile.cli.wiring.letters.handing import MEDIA_TYPE, handing
        from reconcile.documents.letters.message import Attachment
        from reconcile.documents.person_sheet import setup_sheet
        from reconcile.documents.workbook.workbook import write
        from reconcile.resources.notices import Letter

        if letter is Letter.LIST:
            handed = handing(self.session, federation)
            return [Attachment(handed.name, MEDIA_TYPE, write(handed.workbook))]
        if letter is Letter.OPENING:
            sheet = setup_sheet(federation.file.name, self._settings.letters)
            return [Attachment("Configurer-sa-messagerie.pdf", "application/pdf", sheet)]
        return []


def read_templates(folder: Path) -> Mapping[str, str]:
    """The templates of a folder. Raises ``Problem`` LET04 for one that cannot be read, or is no letter's."""
    from reconcile.documents.letters.render import packaged_names
    from reconcile.state.durable import read_own

    found = {}
    try:
        for path in sorted(folder.iterdir()):
            if path.name.startswith(".") or path.suffix not in (".md", ".html"):
                continue
            if path.name not in packaged_names():
                names = ", ".join(packaged_names())
                raise Problem(
                    "LET04",
                    Phrase("{path} is the template of no letter.", path=path),
                    Phrase("its name must be one of: {names}", names=names),
                )
            found[path.name] = read_own(path).decode("utf-8")
    except UnicodeDecodeError:
        raise Problem("LET04", Phrase("{path} is not in UTF-8.", path=path), "save it again as UTF-8") from None
    except OSError as error:
        message = Phrase(
            "The templates in {folder} cannot be read: {strerror}.", folder=folder, strerror=error.strerror
        )
        raise Problem("LET04", message, "check letters.templates_folder in reconcile.toml") from None
    return found


def _copied(jobs: Sequence[Job]) -> Copied:
    from reconcile.documents.letters.facts import Copied, Uncopied

    exceptions = []
    for job in jobs:
        left = max(job.refused, (job.messages_total or 0) - job.messages if job.state == "partial" else 0)
        if left > 0:
            what = "1 message n’a pas été accepté" if left == 1 else f"{left} messages n’ont pas été acceptés"
            exceptions.append(Uncopied(job.destination, what))
    return Copied(len(jobs), sum(job.messages for job in jobs), exceptions)
