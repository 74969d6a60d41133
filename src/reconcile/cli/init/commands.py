"""``reconcile init``: write what a mailboxes repository begins with, never over what is there."""

from __future__ import annotations

import datetime as dt
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconcile.cli.init import answers
from reconcile.cli.session.exits import DONE
from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.documents.new_folder import Beginning

_IMPORT = re.compile(r"([^=\s]+)=(?:spf)?([0-9A-Za-z-]+):(.+)")


@click.command()
@answers.options
@click.option("--protect", "protected", multiple=True, help="Address or domain never to touch; may be repeated.")
@click.option(
    "--batch", "batches", multiple=True, type=click.DateTime(["%Y-%m-%d"]), help="A migration date; may be repeated."
)
@click.option("--forge", type=click.Choice(["github", "gitlab", "none"]), help="Where pull requests are planned.")
@click.option(
    "--import",
    "imports",
    multiple=True,
    metavar="DOMAIN=CODE:NAME",
    help="Write the federation file of mailboxes the tenant has in a domain; may be repeated.",
)
@click.pass_obj
def init(
    session: Session,
    /,
    protected: tuple[str, ...],
    batches: tuple[dt.datetime, ...],
    forge: str | None,
    imports: tuple[str, ...],
    **given: str | None,
) -> int:
    """Begin a mailboxes repository in this folder: reconcile.toml, folders, an editor's schema, pipelines.

    What is not given is asked for on a terminal. A file that is there is left as it is, so init may be called again:
    to add what is missing, or to import what the tenant has.
    """
    wanted = [_import(one) for one in imports]
    asking = sys.stdin.isatty()
    if session.settings_file.exists():
        session.warn(
            Phrase("{settings_file} is there: it counts, no question is asked.", settings_file=session.settings_file)
        )
    else:
        known = answers.answered(given, asking, session.say)
        chosen = forge or (_ask_forge(session) if asking else "none")
        _write(session, answers.beginning(known, protected, tuple(day.date() for day in batches), chosen))
    _pipelines(session, forge)
    from reconcile.cli.import_ import import_federation

    for domain, code, name in wanted:
        import_federation(session, code, domain, (), name)
    _next(session)
    return DONE


def _ask_forge(session: Session) -> str:
    kind = click.Choice(["github", "gitlab", "none"])
    return str(
        click.prompt(session.say(Phrase("Where pull requests are planned")), type=kind, default="none", err=True)
    )


def _import(text: str) -> tuple[str, str, str]:
    found = _IMPORT.fullmatch(text)
    if not found:
        raise click.UsageError(
            Phrase("--import: {text!r} is not DOMAIN=CODE:NAME, such as 'spf55.org=55:Meuse'.", text=text)
        )
    return found[1].lower(), found[2].lower(), found[3].strip()


def _write(session: Session, begun: Beginning) -> None:
    """The files that are missing. The settings are read back before anything is written: none is left invalid."""
    from reconcile.config.schema.json_schema import federation_schema
    from reconcile.config.settings.load import load_settings
    from reconcile.documents.new_folder import files

    texts = files(begun, federation_schema())
    load_settings([session.settings_file], {session.settings_file: texts["reconcile.toml"]})
    # The settings come last: a folder that has them has the rest.
    for name in sorted(texts, key=lambda name: name == "reconcile.toml"):
        _put(session, Path(name), texts[name])


def _put(session: Session, path: Path, text: str) -> None:
    from reconcile.state.durable import replace_file

    if path.name == ".gitignore" and path.exists():
        there = path.read_text(encoding="utf-8", errors="replace")
        lacking = [line for line in text.splitlines() if line not in there.splitlines()]
        if not lacking:
            return
        text = there + ("" if there.endswith("\n") or not there else "\n") + "".join(f"{line}\n" for line in lacking)
        told = Phrase("added to {path}: {lacking}", path=path, lacking=", ".join(lacking))
    elif path.exists() or path.is_symlink():
        session.warn(Phrase("kept {path}, which is there", path=path))
        return
    else:
        told = Phrase("wrote {path}", path=path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, text.encode())
    except OSError as error:
        raise Problem("CFG05", Phrase("Cannot write {path}: {strerror}.", path=path, strerror=error.strerror)) from None
    session.warn(told)


def _pipelines(session: Session, forge: str | None) -> None:
    """The forge's files: of the one that was chosen, else of the one whose identity the settings sign in with."""
    from reconcile.cli.pipelines.pipeline import pipeline_files

    chosen = forge or session.own_settings.tenant.sign_in
    if chosen in ("github", "gitlab"):
        for name, text in pipeline_files(session, chosen).items():
            _put(session, Path(name), text)


def _next(session: Session) -> None:
    there = sorted(path.stem for path in session.federations.glob("spf*.yaml"))
    steps = _steps(session, there)
    session.warn("\nNext:")
    for number, line in enumerate(steps, 1):
        session.warn(Phrase("  {number}. {line}", number=number, line=line))


def _steps(session: Session, there: list[str]) -> list[str]:
    settings = session.own_settings
    steps: list[str] = [Phrase("give the application its rights: docs/permissions.md")]
    wanted = _secrets(session)
    if wanted:
        names = ", ".join(wanted)
        steps.append(Phrase("set {names} where the command runs, never in a file that git holds", names=names))
    if settings.tenant.sign_in in ("github", "gitlab") and not settings.state:
        steps.append(Phrase("keep the state where a job's machine does not forget it: state = … (docs/state.md)"))
    if not settings.passwords.seal_to:
        steps.append(Phrase("make the key that first passwords are sealed to, and say it in [passwords] seal_to"))
    steps += [
        Phrase("say how {name} is locked: [legacy.{name}.lock] (docs/lock.md)", name=name)
        for name, old in settings.legacy.items()
        if old.lock is None
    ]
    for name, count in _unmanaged(session, there).items():
        steps.append(
            Phrase.counted(
                "{name} has {number} mailboxes in the tenant: reconcile import CODE --domain {name} --name NAME",
                "{name} has {number} mailboxes in the tenant: reconcile import CODE --domain {name} --name NAME",
                count,
                name=name,
            )
        )
    if not there:
        steps.append(Phrase("write a first federation file, federations/spfCODE.yaml (docs/reference.md)"))
    return [*steps, "reconcile validate, reconcile rehearse, reconcile plan", "git add --all && git commit"]


def _secrets(session: Session) -> list[str]:
    settings = session.own_settings
    wanted = {
        "RECONCILE_CLIENT_SECRET": settings.tenant.sign_in == "secret",
        "RECONCILE_DNS_KEY": bool(settings.dns.host),
        "RECONCILE_LEGACY_PASSWORD": any(old.master_user for old in settings.legacy.values()),
    }
    return [name for name, needed in wanted.items() if needed and not session.environment.get(name)]


def _unmanaged(session: Session, there: list[str]) -> Mapping[str, int]:
    """The tenant's mail domains that no file names, and their mailboxes. None, and said, when it is not reached."""
    from reconcile.cli.session.credential import registration
    from reconcile.cli.wiring.providers import readers
    from reconcile.config.load import load_federations
    from reconcile.config.rules.criteria import Criteria
    from reconcile.providers.base import Scope
    from reconcile.providers.microsoft.provider import mail_domains

    settings = session.outside
    try:
        names = mail_domains(settings, registration(session), session.clock)
    except Problem as problem:
        session.warn(Phrase("What the tenant holds was not looked at: {message}", message=problem.message))
        return {}
    covered: set[str] = set()
    if there:
        loaded = load_federations(session.federations, Criteria(protected=settings.protected))
        covered = {name for federation in loaded.federations for name in federation.domains}
    open_ = [name for name in names if name not in covered and name not in settings.protected]
    if not open_:
        return {}
    seen = readers(session)["microsoft"].observe(Scope([], dict.fromkeys(open_, "import"))).unmanaged
    boxes = [one.key.rpartition("@")[2] for one in seen if one.kind == "mailbox"]
    return {name: boxes.count(name) for name in open_ if name in boxes}
