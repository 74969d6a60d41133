"""In which language this call speaks, and how click is made to speak it."""

from __future__ import annotations

import contextlib
import gettext
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from reconcile.language.catalogue import DOMAIN, FOLDER, LANGUAGES, Catalogue, Language

#: The variable that chooses when nothing is typed.
VARIABLE = "RECONCILE_LANG"
#: What click puts behind an option's help: its default, that it is required.
_EXTRA = re.compile(r"(?s)(.*?)(  \[[^][]*\])?")


def typed_language(arguments: Sequence[str]) -> str:
    """What ``--lang`` says; "" without it."""
    return _typed("--lang", arguments)


def settings_of(arguments: Sequence[str]) -> Path:
    """The reconcile.toml of the folder the call works in."""
    return Path(_typed("--chdir", arguments)) / "reconcile.toml"


def chosen_language(typed: str, environment: Mapping[str, str], settings: Path) -> Language:
    """``--lang``, else RECONCILE_LANG, else ``[network] language``; English when none of them names a language we have.

    The settings are only glanced at: help, and the message that says what is wrong with them, have a language too.
    """
    for said in (typed, environment.get(VARIABLE, "").strip().lower()):
        if said:
            return _known(said)
    try:
        text = settings.read_text(encoding="utf-8")
        if "language" not in text:
            return "en"
        import tomllib  # no other help page needs it

        network = tomllib.loads(text).get("network")
    except (OSError, ValueError):
        return "en"
    return _known(network.get("language") if isinstance(network, dict) else "")


def paragraphs(help_text: str) -> Iterator[str]:
    """The paragraphs of a help text, each on one line; one that begins with a backspace keeps its lines."""
    for one in help_text.split("\n\n"):
        yield one if one.startswith("\b") else " ".join(one.split())


@contextlib.contextmanager
def click_speaks(words: Catalogue) -> Iterator[None]:
    """click's own words, and our help texts, in that language for as long as this lasts.

    click asks gettext's domain of the whole process, which follows LANGUAGE: this is set here and nowhere else, and
    every other sentence is given the catalogue.
    """
    if words.language == "en":
        yield
        return
    before, formatter = os.environ.get("LANGUAGE"), click.Context.formatter_class
    domain, folder = gettext.textdomain(), gettext.bindtextdomain(DOMAIN)
    os.environ["LANGUAGE"] = words.language
    gettext.bindtextdomain(DOMAIN, str(FOLDER))
    gettext.textdomain(DOMAIN)
    click.Context.formatter_class = _formatter(words)
    try:
        yield
    finally:
        click.Context.formatter_class = formatter
        gettext.textdomain(domain)
        gettext.bindtextdomain(DOMAIN, folder)
        if before is None:
            del os.environ["LANGUAGE"]
        else:
            os.environ["LANGUAGE"] = before


def _formatter(words: Catalogue) -> type[click.HelpFormatter]:
    class Speaking(click.HelpFormatter):
        """Help pages, whose texts the commands declare in English."""

        def write_heading(self, heading: str) -> None:
            self.write(f"{'':>{self.current_indent}}{words.say(heading)}\N{NO-BREAK SPACE}:\n")

        def write_text(self, text: str) -> None:
            super().write_text("\n\n".join(map(words.say, paragraphs(text))))

        def write_dl(self, rows: Iterable[tuple[str, str]], *args: Any, **options: Any) -> None:
            super().write_dl([(name, _said(text)) for name, text in rows], *args, **options)

    def _said(text: str) -> str:
        parts = _EXTRA.fullmatch(text)
        return text if parts is None else words.say(parts[1]) + (parts[2] or "")

    return Speaking


def _typed(option: str, arguments: Sequence[str]) -> str:
    """The last value given to an option, before any ``--``."""
    found = ""
    for position, one in enumerate(arguments):
        if one == "--":
            break
        if one == option:
            found = "".join(arguments[position + 1 : position + 2])
        elif one.startswith(f"{option}="):
            found = one.partition("=")[2]
    return found


def _known(said: object) -> Language:
    return next((one for one in LANGUAGES if one == said), "en")
