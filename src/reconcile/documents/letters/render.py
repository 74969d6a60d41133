"""A letter out of its template: subject, plain text and HTML. Templates are Jinja2 in its sandbox, strict on names."""

from __future__ import annotations

import dataclasses
import importlib.resources
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from jinja2 import FunctionLoader, StrictUndefined, TemplateError, TemplateNotFound, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from reconcile.documents.cost import euros
from reconcile.documents.french import civil_day, civil_moment, grouped, listed, plain_spaced
from reconcile.documents.letters.harmless import objection
from reconcile.documents.letters.markup import as_html, as_text, escaped, one_line
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

if TYPE_CHECKING:
    from types import TracebackType

#: The layout around every letter, and what may be a template's name.
LAYOUT = "layout.html"
NAME = re.compile(r"[a-z][a-z-]*\.(?:md|html)")

_SUBJECT = re.compile(r"\s*(?:Objet|Subject) ?: *(?P<subject>[^\n]+)(?:\n(?P<body>.*))?", re.DOTALL)
#: A tag alone on its line leaves no line; one at the end of a sentence leaves the sentence's end.
_TAG_ALONE = re.compile(r"^([ \t]*\{%(?:(?!%\}).)*%\})[ \t]*\n", re.MULTILINE)
#: A subject longer than this is cut by what lists it.
_LONGEST_SUBJECT = 150


@dataclasses.dataclass(frozen=True, slots=True)
class Rendered:
    """What a letter says: its subject in plain characters, and its body twice."""

    subject: str
    text: str
    html: str


def render(name: str, facts: Mapping[str, object], overrides: Mapping[str, str]) -> Rendered:
    """The letter of that name. ``overrides``: the postmaster's templates, file name → text; the others are ours.

    Raises ``Problem`` LET01, with the template and its line, for a template that cannot be read so, names what is not
    known, or has no subject.
    """
    file = f"{name}.md"
    said = _rendered(file, facts, overrides)
    parts = _SUBJECT.fullmatch(said)
    if parts is None or not (subject := plain_spaced(one_line(parts["subject"]))):
        raise _wrong(file, 1, "its first line is not « Objet : … »")
    if len(subject) > _LONGEST_SUBJECT:
        raise _wrong(file, 1, f"its subject is {len(subject)} characters long, and {_LONGEST_SUBJECT} are shown")
    body = (parts["body"] or "").strip()
    if not body:
        raise _wrong(file, 1, "it has a subject and no text")
    page = {**facts, "subject": subject, "body": Markup(as_html(body))}  # noqa: S704 - made of tokens without HTML
    html = _rendered(LAYOUT, page, overrides)
    if why := objection(html):
        raise _wrong(LAYOUT, 1, why)
    return Rendered(subject, as_text(body), html)


def packaged(name: str) -> str | None:
    """The text of one of our own templates, None when there is none of that name."""
    if not NAME.fullmatch(name):
        return None
    file = importlib.resources.files("reconcile.documents.letters") / "templates" / name
    return file.read_text(encoding="utf-8") if file.is_file() else None


def packaged_names() -> tuple[str, ...]:
    """The files of our own templates, the layout and what several letters include among them."""
    folder = importlib.resources.files("reconcile.documents.letters") / "templates"
    return tuple(sorted(file.name for file in folder.iterdir() if NAME.fullmatch(file.name)))


def _rendered(file: str, facts: Mapping[str, object], overrides: Mapping[str, str]) -> str:
    environment = _environment(overrides, markup=file != LAYOUT)
    try:
        return environment.get_template(file).render(facts)
    except TemplateSyntaxError as error:
        raise _wrong(error.name or file, error.lineno, error.message or "it is no template") from None
    except TemplateNotFound as error:
        raise _wrong(file, 1, f"it includes {error.name}, which is no template") from None
    except (TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        where, line = _place(error.__traceback__, file)
        raise _wrong(where, line, str(error) or type(error).__name__) from None


def _environment(overrides: Mapping[str, str], *, markup: bool) -> ImmutableSandboxedEnvironment:
    def source(name: str) -> tuple[str, str, None] | None:
        text = overrides.get(name)
        if text is None:
            text = packaged(name)
        return None if text is None else (_TAG_ALONE.sub(r"\1{#\n#}", text), name, None)

    environment = ImmutableSandboxedEnvironment(
        loader=FunctionLoader(source),
        autoescape=True,
        undefined=StrictUndefined,
        lstrip_blocks=True,
        finalize=_as_markup if markup else None,
    )
    environment.filters |= {
        "day": civil_day,
        "moment": civil_moment,
        "euros": euros,
        "listed": listed,
        "number": grouped,
    }
    return environment


def _as_markup(value: object) -> object:
    """A value as text of the markup, which autoescape then leaves alone; what is of the markup already stays."""
    if isinstance(value, Markup | StrictUndefined):
        return value  # an unknown name raises when it is written
    if value is None:
        raise ValueError("a value that is not there is written; ask for it with {% if … %}")
    return Markup(escaped(str(value)))  # noqa: S704 - nothing in it is markup any more


def _place(trace: TracebackType | None, file: str) -> tuple[str, int]:
    """The template and the line in which an error arose."""
    found = (file, 1)
    while trace is not None:
        if NAME.fullmatch(trace.tb_frame.f_code.co_filename):
            found = (trace.tb_frame.f_code.co_filename, trace.tb_lineno)
        trace = trace.tb_next
    return found


def _wrong(file: str, line: int, why: str) -> Problem:
    message = Phrase("The template {file}, line {line}: {why}.", file=file, line=line, why=why.rstrip("."))
    return Problem("LET01", message, "mend it, or delete it to have the tool's own; docs/letters.md lists the names")
