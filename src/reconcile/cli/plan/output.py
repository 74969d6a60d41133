"""The formats a plan is written in: the options ``plan`` and ``show`` share, and what they write."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reconcile.cli.session.session import Session

if TYPE_CHECKING:
    from reconcile.planning.plan.plan import Plan

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--format",
        "output_format",
        type=click.Choice(["text", "json", "markdown", "terraform", "events", "gitlab"]),
        default="text",
        show_default=True,
        help="json is ours; markdown is for a pull request; terraform and events as Terraform's -json; gitlab "
        "is for its widget.",
    ),
    click.option("--json", "output_format", flag_value="json", help="The same as --format json."),
    click.option("--events", "output_format", flag_value="events", help="The same as --format events."),
    click.option(
        "--markdown",
        metavar="FILE",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Write the Markdown to this file, whatever is printed.",
    ),
    click.option("-v", "--verbose", is_flag=True, help="Show every field, and what is not managed."),
)


def format_options(command: Command) -> Command:
    """Add ``--format``, its short forms, ``--markdown`` and ``-v``: parameters output_format, markdown, verbose."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def say_plan(session: Session, plan: Plan, output_format: str, *, markdown: Path | None, verbose: bool) -> None:
    """Print the plan in the format asked for, and write it to the file asked for."""
    match output_format:
        case "json":
            from reconcile.planning.plan.planfile import document

            click.echo(_indented(document(plan)))
        case "markdown":
            click.echo(_page(session, plan), nl=False)
        case "terraform":
            from reconcile.views.terraform.plan import document

            click.echo(_indented(document(plan)))
        case "events":
            from reconcile.views.terraform.events import plan_events

            say_events(plan_events(plan, session.clock.now()))
        case "gitlab":
            from reconcile.views.gitlab import widget

            click.echo(widget(plan))
        case _:
            from reconcile.planning.guards.guards import Permission, refusals
            from reconcile.views.plan.change_text import Detail
            from reconcile.views.plan.text import plan_text, refusals_text

            session.print(plan_text(plan, session.zone, Detail.EVERYTHING if verbose else Detail.REVIEW, session.words))
            session.print(refusals_text(refusals(plan, "", session.settings.guards, Permission()), session.words))
    if markdown:
        from reconcile.state.durable import replace_file

        replace_file(markdown, _page(session, plan).encode())


def say_events(events: Iterable[Mapping[str, Any]]) -> None:
    """Print events, one JSON object a line, each at once."""
    for event in events:
        click.echo(json.dumps(event, ensure_ascii=False))


def _page(session: Session, plan: Plan) -> str:
    from reconcile.planning.guards.guards import Permission, refusals
    from reconcile.planning.plan.planfile import digest_of
    from reconcile.views.plan.markdown import render

    refused = refusals(plan, digest_of(plan), session.settings.guards, Permission())
    now = session.clock.now().astimezone(session.zone)
    return render(plan, now, refusals=refused, link=session.pipeline, words=session.words)


def _indented(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False)
