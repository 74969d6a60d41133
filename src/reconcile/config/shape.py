"""From a document to a typed federation file, or to remarks: is every key known, and can every value be read?"""

from __future__ import annotations

import dataclasses
import difflib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from reconcile.config.diagnostic import Diagnostic
from reconcile.config.document import Document, Flaw
from reconcile.config.federation import Mark, Route, nearest
from reconcile.config.models import FederationFile, Section
from reconcile.config.scalars import shown


@dataclasses.dataclass(frozen=True, slots=True)
class Shape:
    """What a document holds, once typed.

    ``file`` is None when too little could be read. With ``remarks`` it is only a likeness, good for finding the other
    mistakes in one go: the mailboxes of ``broken`` stand there empty, and whatever else was wrong was left out.
    """

    file: FederationFile | None
    remarks: tuple[Diagnostic, ...]
    broken: frozenset[Route] = frozenset()


def read_shape(document: Document, path: Path) -> Shape:
    """Type a document; say what is wrong with its shape (rules 101 to 108, 301, 402)."""
    remarks = [from_flaw(flaw, path) for flaw in document.flaws]
    if document.broken:
        return Shape(None, tuple(remarks))
    remarks += _addresses_differing_in_case(document, path)
    try:
        return Shape(FederationFile.model_validate(document.tree), tuple(remarks))
    except ValidationError as error:
        found = error.errors(include_url=False)
    remarks += [_remark(one, document, path) for one in found if not _follows_from_a_flaw(one, document)]
    tree, broken = _likeness(document.tree, [one["loc"] for one in found])
    try:
        return Shape(FederationFile.model_validate(tree), tuple(remarks), broken)
    except ValidationError:
        return Shape(None, tuple(remarks))


def _follows_from_a_flaw(error: Any, document: Document) -> bool:
    """Is this error only the echo of an alias or a merge key, refused already?"""
    route: Route = error["loc"][:-1] if error["type"] == "missing" else error["loc"]
    return route in document.refused and (error["type"] == "missing" or error["input"] is None)


#: Without these nothing can be said of the rest.
_ESSENTIAL = frozenset({"domain", "subdomains", "code"})


def _likeness(tree: Any, wrong: Iterable[tuple[str | int, ...]]) -> tuple[Any, frozenset[Route]]:
    """The tree with a stand-in for each mailbox in error and without anything else in error."""
    if not isinstance(tree, dict):
        return None, frozenset()
    kept, broken = dict(tree), set()
    boxes = dict(written) if isinstance(written := tree.get("mailboxes"), dict) else {}
    for location in wrong:
        match location:
            case ("mailboxes", address, "[key]"):
                boxes.pop(address, None)
            case ("mailboxes", str(address), *_):
                broken.add(("mailboxes", address.strip().lower()))
                if address in boxes:
                    boxes[address] = {"licence": "E1"}
            case (str(key), *_) if key not in _ESSENTIAL:
                kept.pop(key, None)
    return {"name": "?", **kept, "mailboxes": boxes}, frozenset(broken)


def from_flaw(flaw: Flaw, path: Path) -> Diagnostic:
    """A flaw of the text, as a remark on the file at ``path``."""
    return Diagnostic(flaw.code, "error", path, flaw.line, flaw.column, flaw.message, flaw.hint)


def _addresses_differing_in_case(document: Document, path: Path) -> Iterator[Diagnostic]:
    mailboxes = document.tree.get("mailboxes") if isinstance(document.tree, dict) else None
    seen: dict[str, str] = {}
    for address in mailboxes if isinstance(mailboxes, dict) else ():
        first = seen.setdefault(address.strip().lower(), address)
        if first is not address:
            mark = document.marks["mailboxes", address]
            line = document.marks["mailboxes", first].key_line
            message = f"the address {shown(address)} is already on line {line}, in other letters"
            yield Diagnostic("SPF102", "error", path, mark.key_line, mark.key_column, message, "keep one of the two")


def _remark(error: Any, document: Document, path: Path) -> Diagnostic:
    """One of pydantic's errors, in the postmaster's words and at its place."""
    kind: str = error["type"]
    location: tuple[str | int, ...] = error["loc"]
    on_key = location[-1:] == ("[key]",)
    route = location[:-1] if on_key else location
    if kind == "extra_forbidden":
        return _at_key(route, document.marks, path, "SPF103", *_unknown_key(route))
    if error["input"] is None and not on_key:
        hint = "write {} when there is none" if route == ("mailboxes",) else "write its value, or delete the line"
        return _at_key(route, document.marks, path, "SPF104", f"{_named(route)} is empty", hint)
    if kind == "missing":
        message = f"{_named(route[:-1])} has no {shown(route[-1])}"
        return _at_key(route[:-1], document.marks, path, "SPF104", message, _instead(route, document.tree))
    code, message, hint = _words(kind, error)
    place = _at_key if on_key else _at_value
    return place(route, document.marks, path, code, message, hint)


def _words(kind: str, error: Any) -> tuple[str, str, str]:
    context = error.get("ctx", {})
    written = shown(error["input"])
    match kind:
        case str() if kind.startswith("SPF"):
            return kind, context["message"], context["hint"]
        case "string_type":
            return "SPF105", f"a text is expected here, not {written}", ""
        case "tuple_type":
            return "SPF105", f"a list is expected here, not {written}", "start each item with '- '"
        case "dict_type" | "model_type" | "model_attributes_type":
            return "SPF105", f"a mapping is expected here, not {written}", "write one 'key: value' a line"
        case "literal_error":
            return "SPF105", f"{written} is not allowed here", f"write {context['expected']}"
        case "string_too_long":
            return "SPF105", f"{written} is longer than {context['max_length']} characters", "shorten it"
        case "string_too_short":
            return "SPF105", "the text is empty", ""
    return "SPF105", f"{written}: {error['msg']}", ""


def _at_key(
    route: Route, marks: Mapping[Route, Mark], path: Path, code: str, message: str, hint: str = ""
) -> Diagnostic:
    mark = nearest(marks, route)
    return Diagnostic(code, "error", path, mark.key_line, mark.key_column, message, hint)


def _at_value(
    route: Route, marks: Mapping[Route, Mark], path: Path, code: str, message: str, hint: str = ""
) -> Diagnostic:
    mark = nearest(marks, route)
    return Diagnostic(code, "error", path, mark.line, mark.column, message, hint)


def _named(route: Route) -> str:
    if not route:
        return "the file"
    if isinstance(route[-1], int):
        return f"item {route[-1] + 1} of {shown(route[-2])}"
    return shown(route[-1])


#: What a French reader writes by habit → the keys it may be here.
_FRENCH: Mapping[str, tuple[str, ...]] = {
    "adresse": ("address",),
    "boites": ("mailboxes",),
    "delegue": ("delegates",),
    "delegues": ("delegates",),
    "domaine": ("domain",),
    "droits": ("rights",),
    "fonction": ("job_title",),
    "identifiant": ("legacy_login",),
    "implantation": ("atrium_id",),
    "nom": ("name", "last_name"),
    "nom_affiche": ("display_name",),
    "nouveau": ("new",),
    "poste": ("job_title",),
    "prenom": ("first_name",),
    "qui": ("who",),
    "sous_domaines": ("subdomains",),
    "tel": ("phone",),
    "telephone": ("phone",),
}


def _unknown_key(route: Route) -> tuple[str, str]:
    """What to say of a key nobody knows: the one that was probably meant, or where it belongs."""
    key, section = str(route[-1]), _section_at(route[:-1])
    known = _keys(section)
    plain = "".join(c for c in unicodedata.normalize("NFD", key.lower()) if not unicodedata.combining(c))
    plain = plain.replace("-", "_").replace(" ", "_")
    message = f"the key {shown(key)} is unknown here"
    words = (plain, *_FRENCH.get(plain, ()), *difflib.get_close_matches(plain, known, 1, 0.6))
    for word in words:
        if word in known:
            return message, f"did you mean '{word}'?"
    for word in words:
        for name, inner in _sections(section):
            if word in _keys(inner):
                return message, f"'{word}' belongs under '{name}'"
    return message, "the keys known here are: " + ", ".join(known)


def _instead(route: Route, tree: Any) -> str:
    """A hint for a missing key when one of its neighbours looks like it."""
    for part in route[:-1]:
        tree = tree[part]  # pydantic found its way along it
    strangers = set(tree) - set(_keys(_section_at(route[:-1]))) if isinstance(tree, dict) else set()
    near = difflib.get_close_matches(str(route[-1]), strangers, 1, 0.6)
    return f"{shown(near[0])} is written instead" if near else ""


def _section_at(route: Route) -> type[Section]:
    section: type[Section] = FederationFile
    for part in route:
        section = dict(_sections(section)).get(str(part), section)
    return section


def _keys(section: type[Section]) -> list[str]:
    return [field.alias or name for name, field in section.model_fields.items()]


def _sections(section: type[Section]) -> Iterator[tuple[str, type[Section]]]:
    """The keys of a section whose values are, or hold, sections."""
    for name, field in section.model_fields.items():
        if inner := _section_in(field.annotation):
            yield field.alias or name, inner


def _section_in(annotation: Any) -> type[Section] | None:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return next((inner for part in get_args(annotation) if (inner := _section_in(part))), None)
