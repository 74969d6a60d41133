"""The part of Exchange's OPATH filters that finding recipients needs."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Mapping
from typing import Any

from reconcile.sandbox.tenant.cmdlet_error import CmdletError

Test = Callable[[Mapping[str, Any]], bool]

_TOKEN = re.compile(r"\s*('(?:[^']|'')*'|\"[^\"]*\"|-[A-Za-z]+|\$?[A-Za-z_]\w*|\d+|[()])")
_ORDER: Mapping[str, Callable[[str, str], bool]] = {
    "-lt": lambda own, wanted: own < wanted,
    "-le": lambda own, wanted: own <= wanted,
    "-gt": lambda own, wanted: own > wanted,
    "-ge": lambda own, wanted: own >= wanted,
}


def parse_filter(text: str) -> Test:
    """A test of an output row. Raises CmdletError for what Exchange would not understand."""
    tokens, place = [], 0
    while text[place:].strip():
        found = _TOKEN.match(text, place)
        if found is None:
            raise _invalid(text)
        tokens.append(found.group(1))
        place = found.end()
    test = _either(tokens, text)
    if tokens:
        raise _invalid(text)
    return test


def _either(tokens: list[str], text: str) -> Test:
    tests = [_both(tokens, text)]
    while tokens and tokens[0].lower() == "-or":
        tokens.pop(0)
        tests.append(_both(tokens, text))
    return lambda row: any(test(row) for test in tests)


def _both(tokens: list[str], text: str) -> Test:
    tests = [_one(tokens, text)]
    while tokens and tokens[0].lower() == "-and":
        tokens.pop(0)
        tests.append(_one(tokens, text))
    return lambda row: all(test(row) for test in tests)


def _one(tokens: list[str], text: str) -> Test:
    if not tokens:
        raise _invalid(text)
    first = tokens.pop(0)
    if first == "(":
        test = _either(tokens, text)
        if not tokens or tokens.pop(0) != ")":
            raise _invalid(text)
        return test
    if first.lower() == "-not":
        inner = _one(tokens, text)
        return lambda row: not inner(row)
    if len(tokens) < 2 or not first[0].isalpha():
        raise _invalid(text)
    return _comparison(first, tokens.pop(0).lower(), tokens.pop(0), text)


def _comparison(name: str, operator: str, literal: str, text: str) -> Test:
    wanted = literal[1:-1].replace("''", "'").lower() if literal[0] in "'\"" else literal.removeprefix("$").lower()
    if operator in ("-eq", "-like"):
        return lambda row: any(_like(own, wanted) for own in _own(row, name, text))
    if operator in ("-ne", "-notlike"):
        return lambda row: not any(_like(own, wanted) for own in _own(row, name, text))
    if operator in _ORDER:
        return lambda row: any(_ORDER[operator](own, wanted) for own in _own(row, name, text))
    raise _invalid(text)


def _own(row: Mapping[str, Any], name: str, text: str) -> list[str]:
    """The row's values of a property, lower-case; addresses also without their kind, as Exchange compares them."""
    key = next((key for key in row if key.lower() == name.lower()), None)
    if key is None:
        raise _invalid(text)
    value = row[key]
    items = [str(item).lower() for item in (value if isinstance(value, list) else [value])]
    return items + [item.partition(":")[2] for item in items if ":" in item]


def _like(own: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(own, pattern.replace("[", "[[]"))


def _invalid(text: str) -> CmdletError:
    return CmdletError(
        "ParameterBindingException", f"Cannot bind parameter 'Filter'. Invalid filter syntax: \"{text}\"."
    )
