"""``reconcile letter``: show, list, check, templates, bounces, settle, resend."""

from __future__ import annotations

import json
from pathlib import Path

import click

from reconcile.cli.letter.following import bounces, resend, settle
from reconcile.cli.session.completion import FEDERATION
from reconcile.cli.session.exits import DONE, ERROR
from reconcile.cli.session.group import CommandGroup
from reconcile.cli.session.moment import as_of_option
from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem


@click.group(cls=CommandGroup)
def letter() -> None:
    """Letters to the federations: see one before it leaves, and where each stands. ``apply`` sends them."""


for _command in (bounces, settle, resend):
    letter.add_command(_command)


@letter.command()
@click.argument("federation", type=FEDERATION)
@click.argument("name", metavar="LETTER")
@click.option("--html", type=click.Path(path_type=Path), help="Write the HTML part to this file too.")
@click.option("--eml", type=click.Path(path_type=Path), help="Write the whole message to this file too.")
@as_of_option
@click.pass_obj
def show(session: Session, federation: str, name: str, html: Path | None, eml: Path | None) -> int:
    """Show the LETTER of FEDERATION as it would leave now: list, reminder, last-reminder, confirmation, locked,
    opening, copied, postponed, rolled-back, closed. Nothing is sent."""
    from reconcile.cli.letter.naming import letter_named
    from reconcile.cli.wiring.letters.writing import Writing
    from reconcile.resources.address import Address
    from reconcile.resources.notices import UNDATED
    from reconcile.state.durable import PRIVATE_FILE, replace_file
    from reconcile.views.letters import letter_text

    writing = Writing(session)
    found, chosen = writing.federation(federation), letter_named(name)
    contact, day = found.file.contact, found.file.migration.date
    told = day.isoformat() if day else UNDATED
    rendered, attachments = writing.letter(found, chosen, told)
    to = contact.email if contact else session.say(Phrase("nobody: the file names no contact"))
    head = {"From": session.settings.letters.sender or "–", "To": to, "Subject": rendered.subject}
    session.print(letter_text(head, {one.name: len(one.data) for one in attachments}, rendered.text, session.words))
    if html:
        replace_file(html, rendered.html.encode(), PRIVATE_FILE)
    if eml:
        if contact is None or not session.settings.letters.sender:
            raise Problem(
                "LET05", Phrase("{slug}: a message takes a contact in its file, and letters.sender.", slug=found.slug)
            )
        parcel = writing.parcel(Address(found.slug, "notice", chosen.value), contact.email, told, 1)
        replace_file(eml, parcel.data, PRIVATE_FILE)
    return DONE


@letter.command("list")
@click.argument("what", nargs=-1, type=FEDERATION, metavar="[DATE|FEDERATION]...")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@as_of_option
@click.pass_obj
def list_(session: Session, what: tuple[str, ...], as_json: bool) -> int:
    """Show each letter: sent, come back, unsure, late, planned or missed. Nothing outside is asked."""
    from reconcile.cli.session.named import named
    from reconcile.cli.wiring.letters.notices import CopyJobs
    from reconcile.cli.wiring.letters.statuses import letter_statuses_of
    from reconcile.cli.wiring.store import store
    from reconcile.config.load import load_federations
    from reconcile.config.rules.criteria import Criteria
    from reconcile.views.letters import letters_document, letters_table

    loaded = load_federations(session.federations, Criteria(protected=session.settings.protected))
    chosen, states, jobs = named(loaded, what), store(session), CopyJobs(session)
    rows = {
        one.slug: letter_statuses_of(session, one, states.read(one.slug), jobs)
        for one in loaded.federations
        if one.slug in chosen
    }
    if as_json:
        click.echo(json.dumps(letters_document(rows), ensure_ascii=False, indent=1))
    else:
        session.print(letters_table(rows, session.zone, session.words))
    return DONE


@letter.command()
@click.pass_obj
def check(session: Session) -> int:
    """Try every template on invented federations, with much to say and with next to nothing; nothing is sent."""
    from reconcile.cli.wiring.letters.writing import Writing
    from reconcile.documents.letters.samples import flaws

    found = list(flaws(session.settings, Writing(session).templates))
    for problem in found:
        session.warn(
            Phrase("{code} {message}\n  → {hint}", code=problem.code, message=problem.message, hint=problem.hint)
        )
    if not found:
        session.warn("Every letter can be written.")
    return ERROR if found else DONE


@letter.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.pass_obj
def templates(session: Session, folder: Path) -> int:
    """Copy the tool's own templates into FOLDER, to be edited; one that is there already is left alone."""
    from reconcile.documents.letters.render import packaged, packaged_names
    from reconcile.state.durable import replace_file

    folder.mkdir(parents=True, exist_ok=True)
    for name in packaged_names():
        if (folder / name).exists():
            session.warn(Phrase("{folder} is there already.", folder=folder / name))
        elif (text := packaged(name)) is not None:
            replace_file(folder / name, text.encode())
    session.warn(
        Phrase(
            "Edit them, delete those you leave as they are, and set letters.templates_folder to {folder}.",
            folder=folder,
        )
    )
    return DONE
