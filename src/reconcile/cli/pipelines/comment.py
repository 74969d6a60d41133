"""``reconcile comment``: one comment on the pull request, one issue for what drifted, edited in place."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.providers.forge.pages import Forge, Written

_LARGEST = 4 << 20


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--number", type=click.IntRange(min=1), help="The pull or merge request; the job's own when unsaid.")
@click.option("--issue", default="", metavar="TITLE", help="Keep one open issue of that title instead.")
@click.option("--settled", is_flag=True, help="With --issue: close it, with FILE as the last word.")
@click.pass_obj
def comment(session: Session, file: Path, number: int | None, issue: str, settled: bool) -> None:
    """Put FILE where the people who review will read it, in a job of GitHub Actions or GitLab CI.

    There is one comment of ours on a pull request and it is edited in place; one open issue of ours for each title. A
    file that is not Markdown (.md) is shown as it is. The token comes from GITHUB_TOKEN, or RECONCILE_GITLAB_TOKEN.
    """
    if settled and not issue:
        raise click.UsageError("--settled closes the issue that --issue names.")
    forge = _forge(session)
    mark, text = _text(file, issue, forge.longest, session)
    if settled:
        closed = forge.settle(mark, text)
        click.echo(session.say(_said(closed) if closed else "No such issue is open."), err=True)
    elif issue:
        click.echo(_said(forge.issue(issue, mark, text)), err=True)
    else:
        click.echo(_said(forge.comment(number or _number(session), mark, text)), err=True)


def _forge(session: Session) -> Forge:
    from reconcile.providers.forge.github import GitHub
    from reconcile.providers.forge.gitlab import GitLab

    environment = session.environment
    if environment.get("GITHUB_REPOSITORY"):
        root = environment.get("GITHUB_API_URL") or "https://api.github.com"
        token = _token(session, "GITHUB_TOKEN", "give the step: env: GITHUB_TOKEN: ${{ github.token }}")
        author = environment.get("RECONCILE_COMMENT_AUTHOR") or "github-actions[bot]"
        return GitHub(root, environment["GITHUB_REPOSITORY"], token, author)
    if environment.get("CI_API_V4_URL") and environment.get("CI_PROJECT_ID"):
        hint = Phrase("make a project access token with the scope api, and keep it as a masked variable of that name")
        token = _token(session, "RECONCILE_GITLAB_TOKEN", hint)
        return GitLab(environment["CI_API_V4_URL"], environment["CI_PROJECT_ID"], token)
    raise Problem(
        "FRG04", "This is no job of GitHub Actions or GitLab CI.", "nothing was written; the file is as it was", 64
    )


def _token(session: Session, name: str, hint: str) -> str:
    token = session.environment.get(name, "").strip()
    if not token:
        raise Problem("AUTH01", Phrase("No token to write comments with: {name} is not set.", name=name), hint)
    return token


def _number(session: Session) -> int:
    """The pull or merge request this job belongs to. Raises FRG05 outside of one."""
    environment = session.environment
    if told := environment.get("CI_MERGE_REQUEST_IID", ""):
        return int(told) if told.isdecimal() else _nobodys()
    try:
        event = json.loads(Path(environment.get("GITHUB_EVENT_PATH", "")).read_text(encoding="utf-8"))
        number = event["pull_request"]["number"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return _nobodys()
    return number if isinstance(number, int) and not isinstance(number, bool) else _nobodys()


def _nobodys() -> int:
    raise Problem("FRG05", "This job belongs to no pull request.", "say which: --number N", 64)


def _text(file: Path, issue: str, longest: int, session: Session) -> tuple[str, str]:
    """The hidden mark, and the text that opens with it."""
    from reconcile.providers.forge.pages import cut
    from reconcile.views.markdown import fence
    from reconcile.views.plan.markdown import MARKER
    from reconcile.views.wording import plain

    try:
        if file.stat().st_size > _LARGEST:
            raise Problem(
                "FRG06",
                Phrase("{file} has more than {largest:,} bytes.", file=file, largest=_LARGEST),
                "a comment is read by people",
            )
        said = file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise Problem("FRG06", Phrase("Cannot read {file}: {strerror}.", file=file, strerror=error.strerror)) from None
    mark = f"<!-- reconcile-issue:{hashlib.sha256(issue.encode()).hexdigest()[:12]} -->" if issue else MARKER
    page = Phrase(", {link}", link=session.pipeline) if session.pipeline else ""
    notice = session.say(Phrase("Cut here: the whole of it is on the job's page{page}.", page=page))
    if file.suffix == ".md":
        return mark, cut(said if said.startswith(mark) else f"{mark}\n{said}", longest, notice)
    shown = "\n".join(map(plain, said.rstrip().split("\n")))
    ticks = fence([shown])
    body = cut(shown, longest - len(mark) - len(notice) - 4 * len(ticks) - 20, "…")
    return mark, f"{mark}\n{ticks}text\n{body}\n{ticks}\n" + (f"\n{notice}\n" if body != shown else "")


def _said(written: Written) -> str:
    return f"{written.how} {written.address}".strip()
