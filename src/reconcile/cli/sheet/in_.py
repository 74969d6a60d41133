"""``reconcile sheet in``: returned workbooks, understood, and written into the federations' files when that is said."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.text import Text

from reconcile.cli.session.exits import DONE, INVALID
from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.answers.reading.grid import Returned
    from reconcile.answers.understanding.answer import Answer
    from reconcile.config.federation.federation import Federation
    from reconcile.config.load import Loaded
    from reconcile.documents.workbook.identity import Identity
    from reconcile.language.catalogue import Catalogue

_LEVELS = {"error": Phrase("error"), "confirm": Phrase("to confirm"), "corrected": Phrase("corrected")}
_STYLES = {"error": "bold red", "confirm": "yellow", "corrected": "dim"}


@click.command("in")
@click.argument("files", nargs=-1, required=True, type=click.Path(dir_okay=False, path_type=Path), metavar="FILE...")
@click.option("--write", is_flag=True, help="Write the difference into the federation's file; else it is only shown.")
@click.option("--federation", default="", metavar="NAME", help="Whose it is, for a file that does not say (a .csv).")
@click.option("--older", is_flag=True, help="Take the answer to a workbook that another one has replaced since.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("sheets"),
    show_default=True,
    help="Where the copy to send back and the draft of its letter are written.",
)
@click.pass_obj
def in_(session: Session, files: tuple[Path, ...], write: bool, federation: str, older: bool, folder: Path) -> int:
    """Read workbooks that came back (.xlsx, .xls, .ods, .csv): what was understood, what is to be confirmed, what is
    wrong, and the difference it makes to the federation's file.

    Each file is read in a child process with bounds; nothing in it is executed or fetched. A row with an error changes
    nothing. Exits 3 when a file could not be taken or has errors.
    """
    from reconcile.answers.reading.grid import Refused
    from reconcile.config.load import load_federations
    from reconcile.config.rules.criteria import Criteria

    failed = False
    loaded: Loaded | None = None
    for path in files:
        if loaded is None or write:  # what the file before has changed
            loaded = load_federations(session.federations, Criteria(protected=session.settings.protected))
        try:
            failed |= _one(session, path, loaded, federation, older, write, folder)
        except Refused as refused:
            session.print([Text(f"{path}: ").append(f"{refused.code} ", "bold red").append(refused.sentence)])
            failed = True
        except Problem as problem:
            session.warn(
                Phrase(
                    "{path}: {code} {said}\n  → {hint}" if problem.hint else "{path}: {code} {said}",
                    path=path,
                    code=problem.code,
                    said=problem.message,
                    hint=problem.hint,
                )
            )
            failed = True
    return INVALID if failed else DONE


def _one(session: Session, path: Path, loaded: Loaded, named: str, older: bool, write: bool, folder: Path) -> bool:
    """Whether it has errors."""
    from reconcile.answers.federation_file import decided_tree
    from reconcile.answers.source import source
    from reconcile.answers.table import table
    from reconcile.answers.understanding.understand import understand
    from reconcile.cli.session.difference import difference
    from reconcile.cli.sheet.confined import read_bytes, read_confined
    from reconcile.cli.wiring.letters.workbook import content
    from reconcile.config.document.document import read_document
    from reconcile.config.document.edit import edited
    from reconcile.config.document.format import as_before
    from reconcile.state.durable import replace_file
    from reconcile.state.sheets import Sheet, newest_out

    data = read_bytes(path)
    returned = read_confined(data)
    known = source(returned)
    federation = _whose(returned, known, loaded, named)
    last = newest_out(session.sheet_folder.read(federation.slug))
    _of_today(known, last.version if last else 0, last.digest if last else "", older)
    inventory = session.inventory_folder.newest(federation.slug)
    workbook = content(session, federation, inventory, last, session.clock.now())
    answer = _with_marks(understand(table(returned), federation, inventory, workbook.rows), returned)
    before = _text(federation.path)
    tree = read_document(before).tree
    place = str(federation.path)
    after = as_before(before, edited(before, decided_tree(tree, federation, answer.decisions), place), place)
    told = [Text(session.say(_whose_answer(path, federation)), "bold"), *_told(answer, session.words)]
    session.print([Text("\n").join([*told, *difference(federation.path, before, after)])])
    copy = _sent_back(workbook, answer, folder, federation)
    written = write and after != before
    if written:
        replace_file(federation.path, after.encode())
    record = Sheet(
        "back",
        session.clock.now(),
        int(known.version) if known and known.version.isdigit() else 0,
        hashlib.sha256(data).hexdigest()[:16],
        "".join(one for one in path.name if one.isprintable()),
        errors=len(answer.errors),
        confirm=sum(one.level == "confirm" for one in answer.findings),
        undecided=len(answer.undecided),
        written=write or (after == before and not answer.errors),
    )
    session.sheet_folder.add(federation.slug, record)
    if after == before:
        click.echo(session.say(Phrase("{path} says so already.", path=federation.path)))
    elif not write:
        click.echo(session.say("Nothing was written: --write does."))
    click.echo(session.say(Phrase("To send back: {copy} and {value}", copy=copy, value=copy.with_suffix(".txt"))))
    return bool(answer.errors)


def _whose(returned: Returned, known: Identity | None, loaded: Loaded, named: str) -> Federation:
    from reconcile.answers.reading.grid import Refused
    from reconcile.answers.source import owner

    wanted = loaded.select([named])[0].slug if named else ""
    slug = known.federation if known is not None else wanted
    if wanted and slug != wanted:
        raise Refused(
            "WBK12",
            f"Ce fichier est celui d’une autre fédération ({slug}), pas de {wanted}.",
        )
    if not slug:
        slug = owner(returned, {one.slug: one.domains for one in loaded.federations})
    if slug not in {path.stem for path in loaded.paths}:
        raise Refused("WBK12", f"Ce fichier est celui de {slug}, qui n’est pas une fédération d’ici.")
    return loaded.select([slug])[0]


def _of_today(known: Identity | None, version: int, digest: str, older: bool) -> None:
    from reconcile.answers.reading.grid import Refused

    if known is None or older or not known.version.isdigit() or not version:
        return
    if int(known.version) < version and known.rows != digest:
        told = f"Ce fichier est la version {known.version}, que la version {version} a remplacée : complétez celle-ci."
        raise Refused("WBK13", told)


def _with_marks(answer: Answer, returned: Returned) -> Answer:
    """The answer, with what is said of the file as a whole."""
    import dataclasses

    from reconcile.answers.finding import Finding

    more = []
    if returned.macros:
        told = "Ce fichier contient des macros : elles n’ont pas été exécutées. Notre classeur n’en a pas."
        more.append(Finding("WBK20", "confirm", told))
    if returned.unmarked:
        told = "Les lignes barrées ou masquées et les commentaires de ce fichier n’ont pas pu être lus : vérifiez-les."
        more.append(Finding("WBK21", "confirm", told))
    return dataclasses.replace(answer, findings=(*more, *answer.findings))


def _text(path: Path) -> str:
    with path.open(encoding="utf-8", newline="") as file:
        return file.read()


def _whose_answer(path: Path, federation: Federation) -> Phrase:
    return Phrase("{path}: the answer of {federation}", path=path, federation=federation.slug)


def _told(answer: Answer, words: Catalogue) -> list[Text]:
    from reconcile.answers.finding import ORDER
    from reconcile.views.counts import errors
    from reconcile.views.wording import colon, plain

    lines = []
    for one in sorted(answer.findings, key=lambda one: ORDER[one.level]):
        where = f"{one.sheet}!{one.cell} " if one.cell else ""
        line = Text(f"  {plain(where)}").append(f"{one.code} {words.say(_LEVELS[one.level])}", _STYLES[one.level])
        line.append(f"{colon(words)}{plain(one.address)} " if one.address else colon(words))
        lines.append(line.append(words.say(one.sentence, plain)))
    counts = {level: sum(one.level == level for one in answer.findings) for level in _STYLES}
    counted = [
        Phrase.counted("{number} decision", "{number} decisions", len(answer.decisions)),
        errors(counts["error"]),
        Phrase("{number} to confirm", number=counts["confirm"]),
        Phrase.counted("{number} corrected", "{number} corrected", counts["corrected"]),
        Phrase.counted("{number} undecided", "{number} undecided", len(answer.undecided)),
    ]
    lines.append(Text(f"  {words.say(Phrase.joined(', ', counted))}"))
    return lines


def _sent_back(workbook: object, answer: Answer, folder: Path, federation: Federation) -> Path:
    from reconcile.answers.reply import annotated, letter
    from reconcile.documents.workbook.workbook import Workbook, write
    from reconcile.state.durable import keep_private

    assert isinstance(workbook, Workbook)  # noqa: S101 - imported when called
    path = folder / f"{federation.slug}-reponse.xlsx"
    keep_private(path, write(annotated(workbook, answer)))
    text = letter(federation.file, workbook.contact, answer, workbook.answer_by)
    keep_private(path.with_suffix(".txt"), text.encode())
    return path
