"""``reconcile pipeline``: the workflow files of a mailboxes repository, as this network's settings ask them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import click

from reconcile.cli.session.exits import DONE, ERROR
from reconcile.cli.session.group import CommandGroup
from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.config.settings.settings import Settings
    from reconcile.documents.pipelines.network import Network

Command = TypeVar("Command", bound=Callable[..., Any])

#: Where state is kept → the environment variables that open it, by the scheme of ``state``.
_STATE = {
    "s3": ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    "az": ("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT_KEY"),
    "postgresql": ("PGPASSWORD",),
    "http": ("RECONCILE_STATE_USER", "RECONCILE_STATE_PASSWORD"),
    "https": ("RECONCILE_STATE_USER", "RECONCILE_STATE_PASSWORD"),
}
#: What a DNS host's account is opened with (docs/dns.md).
_HOSTED = {
    "ovh": ("APPLICATION_KEY", "APPLICATION_SECRET", "CONSUMER_KEY"),
    "gandi": ("TOKEN",),
    "cloudflare": ("TOKEN",),
    "powerdns": ("API_KEY",),
    "azure": ("KEY",),
}


def _options(command: Command) -> Command:
    for option in (
        click.option("--check", is_flag=True, help="Compare with the files; exit 1 if they lag."),
        click.option("--write", is_flag=True, help="Write the files, not stdout."),
        click.option("--branch", default="main", show_default=True, help="The branch that merges go to."),
        click.option("--no-environments", is_flag=True, help="Keep secrets in the repository, not in environments."),
    ):
        command = option(command)
    return command


@click.group(cls=CommandGroup)
def pipeline() -> None:
    """Write the files by which GitHub or GitLab plans on each pull request and applies after the merge and on the eves.

    They follow reconcile.toml: the batches' eves, the time zone, and the secrets it wants. docs/ci.md says what to set
    up once.
    """


@pipeline.command()
@_options
@click.pass_obj
def github(session: Session, no_environments: bool, branch: str, write: bool, check: bool) -> int:
    """The workflows of GitHub Actions, in .github/workflows."""
    from reconcile.documents.pipelines.github import workflows

    network = _network(session, branch, lent="github", environments=not no_environments)
    return _put(session, workflows(network), network, write=write, check=check)


@pipeline.command()
@_options
@click.pass_obj
def gitlab(session: Session, no_environments: bool, branch: str, write: bool, check: bool) -> int:
    """The pipeline of GitLab CI, in .gitlab-ci.yml, and the calls that make its schedules."""
    from reconcile.documents.pipelines.gitlab import calls
    from reconcile.documents.pipelines.gitlab import pipeline as gitlab_pipeline

    network = _network(session, branch, lent="gitlab", environments=not no_environments)
    code = _put(session, gitlab_pipeline(network), network, write=write, check=check)
    if not check:
        session.warn("\nSchedules are no part of the file. Make them once, with a maintainer's TOKEN:\n")
        session.warn("\n".join(f"  {call}" for call in calls(network)))
    return code


def pipeline_files(session: Session, forge: str) -> Mapping[str, str]:
    """Path → text of the files for "github" or "gitlab", with environments, merges going to ``main``."""
    from reconcile.documents.pipelines.github import workflows
    from reconcile.documents.pipelines.gitlab import pipeline as gitlab_pipeline

    network = _network(session, "main", lent=forge, environments=True)
    return workflows(network) if forge == "github" else gitlab_pipeline(network)


def _network(session: Session, branch: str, *, lent: str, environments: bool) -> Network:
    from reconcile.documents.pipelines.network import Network, starts

    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,99}", branch):
        raise click.UsageError(Phrase("{branch!r} is no name of a branch that a workflow can be given.", branch=branch))
    settings = session.own_settings
    lock = dt.time.fromisoformat(settings.calendar.lock)
    reading = tuple(_reading(settings, lent))
    return Network(
        timezone=settings.calendar.timezone,
        starts=starts([batch.date for batch in settings.batches], lock, session.today),
        reading=reading,
        writing=(*reading, *_writing(settings)),
        lent=settings.tenant.sign_in == lent,
        branch=branch,
        environments=environments,
    )


def _reading(settings: Settings, lent: str) -> list[str]:
    """The secrets that a plan wants. Raises PIP01 for a way to sign in that no job of that forge has."""
    tenant = settings.tenant
    if tenant.sign_in not in ("secret", lent):
        raise Problem(
            "PIP01",
            Phrase(
                'sign_in = "{sign_in}" in [tenant] cannot be carried out in a job of this forge.',
                sign_in=tenant.sign_in,
            ),
            Phrase('say sign_in = "{lent}", so that no secret is kept, or "secret"', lent=lent),
        )
    hosted = [
        re.sub(r"\W", "_", f"RECONCILE_DNS_{name}_{option}".upper())
        for name, account in settings.dns.hosted.items()
        for option in _HOSTED[account.service]
    ]
    return [
        *(["RECONCILE_CLIENT_SECRET"] if tenant.sign_in == "secret" else []),
        *hosted,
        *_STATE.get(urlsplit(settings.state).scheme, ()),
        *(["RECONCILE_STATE_IDENTITY"] if settings.seal_to else []),
        *(["RECONCILE_COPIES_PASSWORD"] if settings.copies.database else []),
    ]


def _writing(settings: Settings) -> list[str]:
    """What an apply wants beside."""
    signed = settings.dns.host and settings.dns.key_algorithm != "gss-tsig"
    return [*(["RECONCILE_DNS_KEY"] if signed else []), "RECONCILE_STATE_KEY"]


def _put(session: Session, files: Mapping[str, str], network: Network, *, write: bool, check: bool) -> int:
    from reconcile.state.durable import replace_file

    if check:
        lagging = [name for name, text in files.items() if _written(Path(name)) != text]
        for name in lagging:
            session.warn(Phrase("{name} is not as reconcile.toml asks it", name=name))
        if lagging:
            session.warn("  → write it again with --write")
        return ERROR if lagging else DONE
    for name, text in files.items():
        if not write:
            click.echo(f"# {name}\n{text}")
            continue
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, text.encode())
        session.warn(Phrase("wrote {name}", name=name))
    if not session.own_settings.state:
        session.warn(
            "PIP02 The state is in the folder spfstate, which the machine of a job forgets.\n"
            "  → keep it elsewhere: state = … in reconcile.toml (docs/state.md)"
        )
    if not network.starts:
        session.warn("No batch of reconcile.toml is still to come: no eve is scheduled.")
    return DONE


def _written(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
