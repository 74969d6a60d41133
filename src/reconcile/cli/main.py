"""The ``reconcile`` command: global options, and commands imported only when called."""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import resource
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import click

from reconcile import __version__
from reconcile.cli.commands import COMMANDS
from reconcile.cli.session.exits import DONE, ERROR, INTERRUPTED, USAGE
from reconcile.cli.session.language import VARIABLE, chosen_language, click_speaks, settings_of, typed_language
from reconcile.cli.session.lazy_group import LazyGroup
from reconcile.garbage_collection import tune_garbage_collection
from reconcile.language.catalogue import LANGUAGES, Catalogue, catalogue
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem


class Commands(LazyGroup):
    """The command's own group: a name that is mistyped is asked after."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, 1)
            if near:
                ctx.fail(Phrase("No such command '{name}'. Did you mean '{near}'?", name=args[0], near=near[0]))
            ctx.fail(Phrase("No such command '{name}'.", name=args[0]))
        return super().resolve_command(ctx, args)


EXIT_CODES = """\b
Exit codes: 0 done, or nothing to change · 1 error · 2 changes (plan --detailed-exitcode) · 3 invalid
configuration · 4 stale plan, or another run holds the lock · 5 refused by a guard · 6 partly applied ·
64 wrong usage · 130 interrupted.
"""


@click.group(
    cls=Commands, subcommands=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]}, epilog=EXIT_CODES
)
@click.version_option(__version__, message="%(prog)s %(version)s", help="Show the version and exit.")
@click.option("--chdir", metavar="DIR", type=click.Path(exists=True, file_okay=False), help="Work in this folder.")
@click.option("--sandbox/--live", default=None, help="Talk to the sandbox of this folder, not to the live world.")
@click.option("--settings-from", default="", metavar="REF", help="Take reconcile.toml from this git revision.")
@click.option("--lang", type=click.Choice(LANGUAGES), envvar=VARIABLE, help="Speak this language to people.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
@click.pass_context
def cli(
    ctx: click.Context, chdir: str | None, sandbox: bool | None, settings_from: str, lang: str | None, color: str
) -> None:
    """Mailboxes as code: YAML federations reconciled with Microsoft 365 and DNS, their old mail copied."""
    from reconcile.cli.session.session import Session

    if chdir:
        os.chdir(chdir)
    if sandbox is None:
        sandbox = os.environ.get("RECONCILE_SANDBOX", "") not in ("", "0")
    environment = dict(os.environ)
    ctx.obj = Session(
        environment=environment,
        sandbox=sandbox,
        color=color,
        settings_from=settings_from,
        language=chosen_language(lang or "", environment, Session.settings_file),
    )


def main() -> NoReturn:
    """Entry point of the ``reconcile`` command. Every failure leaves by one of the documented exit codes."""
    tune_garbage_collection()
    _leave_no_core()
    _open_streams()
    quiet_libraries()
    click.UsageError.exit_code = USAGE  # click's own is 2, which means "changes present" here
    arguments = sys.argv[1:]
    words = catalogue(chosen_language(typed_language(arguments), os.environ, settings_of(arguments)))
    try:
        with click_speaks(words):
            code = _call(arguments, words)
        sys.stdout.flush()
    except OSError as error:
        # The reader of a pipe left (reconcile plan | head), which is no error of ours, or the disk is full.
        if not isinstance(error, BrokenPipeError):
            with contextlib.suppress(OSError):
                told = Phrase("The output cannot be written: {reason}.", reason=error.strerror)
                click.echo(f"OUT01 {words.say(told)}", err=True)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        code = ERROR
    sys.exit(code)


def quiet_libraries() -> None:
    """What a library logs is no sentence for people, and may be a traceback: what matters of it is raised, and told as
    a problem. Our own parts' warnings are shown."""
    logging.getLogger().addHandler(logging.NullHandler())
    logging.getLogger("reconcile").addHandler(logging.StreamHandler())


def _leave_no_core() -> None:
    """A process that dies leaves no picture of its memory behind, for passwords may be in it."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _open_streams() -> None:
    """Standard streams that take any letter, even under LC_ALL=C, and that are there, even when the caller shut them.

    A file opened later would otherwise get the number of a missing stream, and receive what is meant for it.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]


def _call(arguments: Sequence[str], words: Catalogue) -> int:
    """Carry the command line out; the exit code. Raises OSError only when the output cannot be written."""
    try:
        code = cli.main(_whole_call_first(arguments), prog_name="reconcile", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo(words.say("Interrupted."), err=True)
        return INTERRUPTED
    except click.ClickException as error:
        error.message = words.say(error.message)  # type: ignore[misc]  # nobody reads it after this
        error.show()
        return error.exit_code
    except Problem as problem:
        return _tell(problem, words)
    except SystemExit as leaving:
        code = leaving.code
    except OSError as error:
        if error.errno is None:  # a library's own, which only looks like one
            return _tell(_fault(error), words)
        if error.filename is None:
            raise
        told = Phrase("{path}: {reason}.", path=_quoted(error.filename), reason=error.strerror)
        return _tell(Problem("OUT02", told, "check that it is there, and its owner and permissions"), words)
    except Exception as error:
        if os.environ.get("RECONCILE_DEBUG"):
            raise
        return _tell(_fault(error), words)
    return code if isinstance(code, int) else DONE


def _whole_call_first(arguments: Sequence[str]) -> list[str]:
    """The options of the whole call before the command, wherever they were written; the last one of a kind counts."""
    taking = {name for option in cli.params if isinstance(option, click.Option) for name in _takes_value(option)}
    end = arguments.index("--") if "--" in arguments else len(arguments)
    whole, others = list[str](), list[str]()
    rest = iter(arguments[:end])
    for one in rest:
        if one in ("--sandbox", "--live"):
            whole.append(one)
        elif one in taking:
            whole += [one, *itertools.islice(rest, 1)]
        elif one.partition("=")[0] in taking:
            whole.append(one)
        else:
            others.append(one)
    return [*whole, *others, *arguments[end:]]


def _takes_value(option: click.Option) -> Sequence[str]:
    return () if option.is_flag or option.is_eager else option.opts


def _tell(problem: Problem, words: Catalogue) -> int:
    """A message may quote a server, a file or a name: nothing in it moves the cursor."""
    from reconcile.views.wording import harmless

    click.echo(f"{problem.code} {words.say(problem.message, harmless)}", err=True)
    if problem.hint:
        click.echo(f"  → {words.say(problem.hint, harmless)}", err=True)
    return problem.exit_code


def _fault(error: Exception) -> Problem:
    """What is our own fault, told by its kind and its place alone: the words of an unknown error may hold a secret."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return Problem(
        "BUG01",
        Phrase(
            "reconcile itself is at fault: {kind} in {file}, line {line}.",
            kind=type(error).__name__,
            file=Path(trace.tb_frame.f_code.co_filename).name if trace else "?",
            line=trace.tb_lineno if trace else 0,
        ),
        "what was applied so far is in its journal (reconcile log); RECONCILE_DEBUG=1 shows more, for a report",
    )


def _quoted(name: object) -> str:
    return os.fsdecode(name) if isinstance(name, str | bytes) else str(name)
