"""The catalogue of French messages, found in the code, kept in reconcile.po, compiled to reconcile.mo: make messages

What is found: the template of each ``Phrase``; what is given as it stands to those who tell people (``SINKS``); the
help of every command and option; click's own messages. Entries whose English is gone are dropped, new ones come empty,
and what merely resembles an old one is never guessed. Exits 1 while an entry is empty, and names it.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click

from reconcile.cli.session.language import paragraphs
from reconcile.cli.session.lazy_group import LazyGroup

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "reconcile"
PO = SOURCE / "language" / "fr" / "LC_MESSAGES" / "reconcile.po"

HEADERS = [
    ("Language", "fr"),
    ("MIME-Version", "1.0"),
    ("Content-Type", "text/plain; charset=utf-8"),
    ("Content-Transfer-Encoding", "8bit"),
    ("Plural-Forms", "nplurals=2; plural=(n > 1);"),
]

#: Whose text arguments people read. A constant given to them is looked up as it stands.
SINKS = {
    *("Problem", "Check", "Finding", "Flaw", "refuse", "mistake", "warn", "say", "UsageError", "BadParameter", "fail"),
}

CODE = re.compile("[A-Z0-9]+-?[0-9]+")

#: What the names of a function are assigned in it.
Names = Mapping[str, Sequence[ast.expr]]

#: Where texts are another's own words, told as they are.
QUOTED = "reconcile/sandbox/tenant/exchange/connectors.py"


@dataclasses.dataclass(frozen=True)
class Found:
    """A message, its form for several or "", and the file it is in."""

    text: str
    many: str
    where: str


def in_code() -> Iterator[Found]:
    """The messages that the code tells people, file by file."""
    for path in sorted(SOURCE.rglob("*.py")):
        where = path.relative_to(ROOT / "src").as_posix()
        if where == QUOTED:
            continue
        module = ast.parse(path.read_text(encoding="utf-8"))
        for node, names in _within(module, {}):
            if isinstance(node, ast.Call):
                for text, many in _told(node, names):
                    if _outside_fields(text).strip():  # punctuation too: each language has its own
                        yield Found(text, many, where)


def of_commands() -> Iterator[Found]:
    """The help of every command, group and option, as click shows it."""
    from reconcile.cli.main import cli

    yield from _help(cli, "reconcile", click.Context(cli))


def of_click() -> Iterator[Found]:
    """What click itself says, in its own sources."""
    for path in sorted(Path(inspect.getfile(click)).parent.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("_", "ngettext"):
                words = [one.value for one in node.args if isinstance(one, ast.Constant)]
                if words and all(isinstance(one, str) for one in words):
                    yield Found(words[0], words[1] if node.func.id == "ngettext" else "", f"click/{path.name}")
    yield Found("required", "", "click/core.py")  # handed to gettext by a name


def every() -> dict[str, tuple[str, set[str]]]:
    """Each message once: its form for several, and where it is told."""
    found: dict[str, tuple[str, set[str]]] = {}
    for one in (*in_code(), *of_commands(), *of_click()):
        many, places = found.setdefault(one.text, (one.many, set()))
        places.add(one.where)
        found[one.text] = (many or one.many, places)
    return found


def _within(scope: ast.AST, names: Names) -> Iterator[tuple[ast.AST, Names]]:
    """Each node, and what the names of its function may be: a hint is often chosen some lines before it is told."""
    for node in ast.iter_child_nodes(scope):
        inside = _assigned(node) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else names
        yield node, inside
        yield from _within(node, inside)


def _assigned(function: ast.AST) -> Names:
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(function):
        match node:
            case ast.Assign([ast.Tuple(targets)], ast.Tuple(values)) if len(targets) == len(values):
                pairs = list(zip(targets, values, strict=True))
            case ast.Assign([target], value) | ast.NamedExpr(target, value):
                pairs = [(target, value)]
            case _:
                continue
        for target, value in pairs:
            if isinstance(target, ast.Name):
                found.setdefault(target.id, []).append(value)
    return found


def _told(call: ast.Call, names: Names) -> Iterator[tuple[str, str]]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    values: list[ast.expr] = [one.value for one in call.keywords]
    if name == "Phrase" and call.args:
        yield from ((text, "") for text in _constants(call.args[0], {}))
    elif name == "counted" and len(call.args) > 1:
        yield from zip(_constants(call.args[0], {}), _constants(call.args[1], {}), strict=True)
    elif name in SINKS or _is_of_a_problem(call):
        values += call.args
    else:
        return
    for value in values:
        yield from ((text, "") for text in _constants(value, names) if " " in text)


def _is_of_a_problem(call: ast.Call) -> bool:
    """``super().__init__("COPY18", …)``: what a problem of a class of its own says."""
    match call:
        case ast.Call(ast.Attribute(ast.Call(ast.Name("super")), "__init__"), [ast.Constant(str() as code), _, *_]):
            return CODE.fullmatch(code) is not None
    return False


def _constants(node: ast.expr, names: Names) -> Iterator[str]:
    """The texts an argument may be, whichever way its conditions fall."""
    match node:
        case ast.Constant(str() as text):
            yield text
        case ast.IfExp(_, one, other):
            yield from (*_constants(one, names), *_constants(other, names))
        case ast.BoolOp(_, values):
            for value in values:
                yield from _constants(value, names)
        case ast.Name(name):
            for value in names.get(name, ()):
                yield from _constants(value, {})


def _outside_fields(template: str) -> str:
    shown, depth = "", 0
    for letter in template:
        depth += (letter == "{") - (letter == "}")
        shown += letter if depth == 0 else ""
    return shown


def _help(command: click.Command, name: str, context: click.Context) -> Iterator[Found]:
    for text in (command.help, command.epilog):
        if text:
            yield from (Found(one, "", name) for one in paragraphs(inspect.cleandoc(text)))
    if context.parent and not isinstance(context.parent.command, LazyGroup):
        yield Found(command.get_short_help_str(sys.maxsize), "", name)
    for option in command.params:
        if isinstance(option, click.Option) and option.help:
            yield Found(option.help, "", name)
    if isinstance(command, LazyGroup):
        yield from (Found(line, "", name) for line in command.lines.values())
    if isinstance(command, click.Group):
        for word in command.list_commands(context):
            if (below := command.get_command(context, word)) is not None:
                yield from _help(below, f"{name} {word}", click.Context(below, parent=context))


def main() -> int:
    """Bring the catalogue up to date with the code; the number of messages that still want their French."""
    from babel.messages.catalog import Catalog
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po, write_po

    from reconcile.documents.french import spaced

    class French(Catalog):
        """Headers that say nothing of who ran this, nor when: the files change when a message does."""

        mime_headers = property(lambda _: HEADERS)
        num_plurals = 2

    old = read_po(PO.open("rb"), locale="fr") if PO.exists() else Catalog(locale="fr")
    new = French(locale="fr", header_comment="# What the command says, in French. Kept by make messages.", fuzzy=False)
    for text, (many, places) in sorted(every().items(), key=lambda one: (sorted(one[1][1]), one[0])):
        known = old.get(text)
        said = known.string if known is not None and not known.fuzzy else ""
        forms = tuple(map(spaced, said)) if isinstance(said, tuple) else spaced(said)
        if many and not isinstance(forms, tuple):
            forms = (forms, forms)
        new.add((text, many) if many else text, forms, locations=[(place, "") for place in sorted(places)])
    with PO.open("wb") as file:
        write_po(file, new, width=0, no_location=False, omit_header=False)
    with PO.with_suffix(".mo").open("wb") as file:
        write_mo(file, new)
    empty = [one.id for one in new if one.id and not (all(one.string) if isinstance(one.string, tuple) else one.string)]
    for one in empty:
        print(f"no French yet: {one!r}")
    return 1 if empty else 0


if __name__ == "__main__":
    sys.exit(main())
