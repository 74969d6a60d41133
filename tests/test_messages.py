"""Whatever the command says is in the French catalogue, whole, and the catalogue says nothing that is gone."""

from __future__ import annotations

import ast
import gettext
import io
import re
import string
from collections.abc import Iterator
from functools import cache

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from scripts.messages import PO, SOURCE, every

from reconcile.documents.french import spaced


@cache
def messages() -> dict[str, str]:
    """Each message, and its form for several. Exchange's own words, which the sandbox's tenant says, are none."""
    return {text: many for text, (many, _) in every().items()}


@cache
def source() -> Catalog:
    with PO.open("rb") as file:
        return read_po(file, locale="fr")


def said(text: str) -> list[str]:
    known = source().get(text)
    if known is None or known.fuzzy:
        return []
    return list(known.string) if isinstance(known.string, tuple) else [known.string]


def test_every_message_has_its_french() -> None:
    assert [text for text in messages() if not all(said(text) or [""])] == [], "make messages names them"


def test_french_shows_what_english_shows() -> None:
    differing = {
        text: french
        for text, many in messages().items()
        for french in said(text)
        if not fields(text) & fields(many or text) <= fields(french) <= fields(text) | fields(many)
    }
    assert differing == {}


def test_double_punctuation_never_begins_a_line() -> None:
    assert [one for text in messages() for one in said(text) if spaced(one) != one] == []


def test_no_entry_is_left_of_what_nobody_says_any_more() -> None:
    assert {one.id[0] if isinstance(one.id, tuple) else one.id for one in source() if one.id} - every().keys() == set()


def test_the_compiled_catalogue_is_that_of_the_source() -> None:
    with PO.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    again = io.BytesIO()
    write_mo(again, source())
    again.seek(0)
    words = gettext.GNUTranslations(again)
    assert {text: compiled.gettext(text) for text in messages()} == {text: words.gettext(text) for text in messages()}


#: What ends up before people beside problems: why something broke off, was refused or is not known.
TOLD = {
    *("Problem", "BeyondBounds", "CommandFailed", "ConnectionLost", "Doubt", "Excess", "FolderRefused", "LostAnswer"),
    *("MalformedSpf", "NotProved", "Stopped", "Throttled", "Unknown", "Unreachable", "Unreadable", "Unsure"),
}


def test_no_problem_is_told_in_a_sentence_that_no_catalogue_can_know() -> None:
    """A text made in the call, by an f-string, ``format`` or ``+``, is English in every language; a Phrase is not."""
    made = {
        f"{path.relative_to(SOURCE).as_posix()}:{part.lineno}"
        for path in SOURCE.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and TOLD & {getattr(call.func, "id", ""), getattr(call.func, "attr", "")}
        for argument in (*call.args, *(one.value for one in call.keywords))
        for part in parts(argument)
        if is_made(part)
    }
    assert made == set()


#: Where what is found in the world is put into words.
FINDERS = ("planning", "applying", "providers", "mailcopy")
#: In what no person reads: code, header lines, commands, SQL.
TECHNICAL = re.compile(r"[\r\n?<]| asked=|^(reconcile|#|-c|[A-Z]{4,}) ")


def test_what_was_found_is_told_in_no_f_string() -> None:
    """A sentence in an f-string, wherever it stands, is English in every language."""
    made = {
        f"{path.relative_to(SOURCE).as_posix()}:{node.lineno}: {text}"
        for folder in FINDERS
        for path in (SOURCE / folder).rglob("*.py")
        for node in ast.walk(without_defects(ast.parse(path.read_text(encoding="utf-8"))))
        if isinstance(node, ast.JoinedStr)
        and (text := "".join(one.value if isinstance(one, ast.Constant) else "…" for one in node.values))
        and len(re.findall(r" [a-z]{2,}", text)) > 1
        and not TECHNICAL.search(text)
    }
    assert made == set()


def without_defects(tree: ast.Module) -> ast.Module:
    """What a ValueError or another exception of Python's says is for whoever mends us."""

    class Without(ast.NodeTransformer):
        def visit_Raise(self, node: ast.Raise) -> ast.Raise | None:
            ours = isinstance(node.exc, ast.Call) and getattr(node.exc.func, "id", "").endswith(("Error", "Exception"))
            return None if ours else node

    return ast.fix_missing_locations(Without().visit(tree))


def parts(node: ast.expr) -> Iterator[ast.expr]:
    """The values an argument may be, whichever way its conditions fall."""
    match node:
        case ast.IfExp(_, one, other):
            yield from (*parts(one), *parts(other))
        case ast.BoolOp(_, values):
            for value in values:
                yield from parts(value)
        case _:
            yield node


def is_made(node: ast.expr) -> bool:
    match node:
        case ast.JoinedStr() | ast.BinOp(ast.Constant(), ast.Add() | ast.Mod(), _) | ast.BinOp(_, ast.Add(), _):
            return True
        case ast.Call(ast.Attribute(_, "format" | "format_map")):
            return True
    return False


def fields(template: str) -> set[str]:
    """``{address!r}`` and the like; a text that is no template of ours shows none."""
    try:
        parsed = list(string.Formatter().parse(template))
    except ValueError:
        return set()
    return {
        "".join((name, f"!{conversion}" * bool(conversion), f":{spec}" * bool(spec)))
        for _, name, spec, conversion in parsed
        if name
    }
