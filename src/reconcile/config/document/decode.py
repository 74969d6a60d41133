"""From a document to a typed federation file, or to findings: is every key known, and can every value be read?"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import ValidationError

from reconcile.config.document.document import Document
from reconcile.config.document.suggestions import meant_by, written_instead
from reconcile.config.federation.federation import Route
from reconcile.config.federation.models import FederationFile
from reconcile.config.federation.scalars import shown
from reconcile.config.rules.catalogue import Finding
from reconcile.language.phrase import Phrase


@dataclasses.dataclass(frozen=True, slots=True)
class Decoded:
    """What a document holds, once typed.

    ``file`` is None when too little could be read. With ``findings`` it is only a likeness, good for finding the other
    mistakes in one go: the mailboxes of ``broken`` stand there empty, and whatever else was wrong was left out.
    """

    file: FederationFile | None
    findings: tuple[Finding, ...]
    broken: frozenset[Route] = frozenset()


#: Mistakes of shape that are told of one file: each is compared with all that could have been meant.
_MOST = 500


def decode_file(document: Document) -> Decoded:
    """Type a document; say what is wrong with its shape (rules 102 to 106, 301, 402)."""
    findings = [*_addresses_differing_in_case(document)]
    try:
        return Decoded(FederationFile.model_validate(document.tree), tuple(findings))
    except ValidationError as error:
        wrong = error.errors(include_url=False)
    told = [one for one in wrong if not _follows_from_a_flaw(one, document)]
    findings += [_finding(one, document) for one in told[:_MOST]]
    if (left := len(told) - _MOST) > 0:
        hint = Phrase("correct these first; is this a federation file?")
        findings.append(
            Finding("SPF103", (), Phrase("{left} more mistakes of this kind are not shown", left=left), hint)
        )
    tree, broken = _likeness(document.tree, [one["loc"] for one in wrong])
    try:
        return Decoded(FederationFile.model_validate(tree), tuple(findings), broken)
    except ValidationError:
        return Decoded(None, tuple(findings))


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


def _addresses_differing_in_case(document: Document) -> Iterator[Finding]:
    mailboxes = document.tree.get("mailboxes") if isinstance(document.tree, dict) else None
    seen: dict[str, str] = {}
    for address in mailboxes if isinstance(mailboxes, dict) else ():
        first = seen.setdefault(address.strip().lower(), address)
        if first is not address:
            line = document.marks["mailboxes", first].key_line
            message = Phrase(
                "the address {address} is already on line {line}, in another case", address=shown(address), line=line
            )
            yield Finding("SPF102", ("mailboxes", address), message, "keep one of the two", on_key=True)


def _finding(error: Any, document: Document) -> Finding:
    """One of pydantic's errors, in the postmaster's words."""
    kind: str = error["type"]
    route: tuple[str | int, ...] = error["loc"]
    if kind == "extra_forbidden":
        return Finding(
            "SPF103",
            route,
            Phrase("the key {key} is unknown here", key=shown(route[-1])),
            meant_by(route),
            on_key=True,
        )
    if kind == "missing":
        message = Phrase("{place} has no {key}", place=_named(route[:-1]), key=shown(route[-1]))
        hint = written_instead(route, document.tree) or Phrase("add it: docs/reference.md says what it holds")
        return Finding("SPF104", route[:-1], message, hint, on_key=True)
    if route[-1:] == ("[key]",):
        return Finding(*_words(kind, error, route[:-1]), on_key=True)
    if error["input"] is None:
        hint = (
            Phrase("write {{}} when there is none")
            if route == ("mailboxes",)
            else Phrase("write its value, or delete the line")
        )
        return Finding("SPF104", route, Phrase("{place} is empty", place=_named(route)), hint, on_key=True)
    return Finding(*_words(kind, error, route))


def _words(kind: str, error: Any, route: Route) -> tuple[str, Route, str, str]:
    context = error.get("ctx", {})
    written = shown(error["input"])
    match kind:
        case str() if kind.startswith("SPF"):
            return kind, route, context["message"], context["hint"]
        case "string_type":
            return "SPF105", route, Phrase("a text is expected here, not {written}", written=written), ""
        case "tuple_type":
            return (
                "SPF105",
                route,
                Phrase("a list is expected here, not {written}", written=written),
                Phrase("start each item with '- '"),
            )
        case "dict_type" | "model_type":
            return (
                "SPF105",
                route,
                Phrase("a mapping is expected here, not {written}", written=written),
                Phrase("write one 'key: value' a line"),
            )
        case "literal_error":
            return (
                "SPF105",
                route,
                Phrase("{written} is not allowed here", written=written),
                Phrase("write {expected}", expected=context["expected"]),
            )
        case "string_too_long" | "too_long":
            what = Phrase("characters") if isinstance(error["input"], str) else Phrase("items")
            return (
                "SPF105",
                route,
                Phrase(
                    "{written} is longer than {max_length} {what}",
                    written=written,
                    max_length=context["max_length"],
                    what=what,
                ),
                Phrase("shorten it"),
            )
        case "string_too_short" | "too_short":
            return (
                "SPF105",
                route,
                Phrase("the text is empty") if isinstance(error["input"], str) else Phrase("the list is empty"),
                "",
            )
    return "SPF105", route, f"{written}: {error['msg']}", ""


def _named(route: Route) -> str:
    if not route:
        return Phrase("the file")
    if isinstance(route[-1], int):
        return Phrase("item {number} of {key}", number=route[-1] + 1, key=shown(route[-2]))
    return shown(route[-1])
