"""The part of OData's $filter that a directory of users needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from reconcile.sandbox.tenant.graph.entity import Entity
from reconcile.sandbox.tenant.graph.refusal import GraphRefusal

Test = Callable[[Mapping[str, Any]], bool]

#: Expressions of one filter ("Use the $filter query parameter"), and what endsWith searches (user resource type).
_MOST = 15
_SEARCHED = ("mail", "userPrincipalName")

_TOKEN = re.compile(r"\s*('(?:[^']|'')*'|[A-Za-z_][\w]*(?:/[A-Za-z_]\w*)*|\d+|[(),:])")


def parse_filter(text: str, entity: Entity, *, advanced: bool) -> Test:
    """A test of an object's values. Raises GraphRefusal for what the service does not understand.

    ``advanced``: the request says ``ConsistencyLevel: eventual`` and ``$count=true``, which ne, not, endsWith and mail
    addresses need.
    """
    return _Parser(text, entity, advanced).whole()


class _Parser:
    def __init__(self, text: str, entity: Entity, advanced: bool) -> None:
        self._text = text
        self._entity = entity
        self._advanced = advanced
        self._tokens: list[str] = []
        self._expressions = 0
        place = 0
        while text[place:].strip():
            found = _TOKEN.match(text, place)
            if found is None:
                raise self._invalid()
            self._tokens.append(found.group(1))
            place = found.end()

    def whole(self) -> Test:
        test = self._either()
        if self._tokens:
            raise self._invalid()
        return test

    def _either(self) -> Test:
        tests = [self._both()]
        while self._next_is("or"):
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda values: any(test(values) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._next_is("and"):
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda values: all(test(values) for test in tests)

    def _one(self) -> Test:
        if self._next_is("not"):
            self._needs_advanced()
            inner = self._one()
            return lambda values: not inner(values)
        if self._next_is("("):
            inner = self._either()
            self._expect(")")
            return inner
        word = self._take()
        if word.lower() in ("startswith", "endswith"):
            return self._affix(word.lower())
        if word.endswith("/any"):
            return self._any(word.removesuffix("/any"))
        return self._comparison(word)

    def _affix(self, function: str) -> Test:
        self._count(1)
        self._expect("(")
        name = self._property(self._take())
        if function == "endswith":
            self._needs_advanced()
            if name not in _SEARCHED:
                raise self._unsupported()
        self._expect(",")
        affix = str(self._literal()).lower()
        self._expect(")")
        check = str.startswith if function == "startswith" else str.endswith
        return lambda values: check(str(values.get(name) or "").lower(), affix)

    def _any(self, path: str) -> Test:
        name = self._property(path)
        self._count(1)
        if name == "proxyAddresses":
            self._needs_advanced()
        self._expect("(")
        variable = self._take()
        self._expect(":")
        if self._next_is("startswith"):
            self._expect("(")
            self._expect(variable)
            self._expect(",")
            affix = str(self._literal()).lower()
            self._expect(")")
            self._expect(")")
            return lambda values: any(str(item).lower().startswith(affix) for item in values.get(name) or ())
        operand, _, field = self._take().partition("/")
        if operand != variable:
            raise self._invalid()
        self._expect("eq")
        wanted = str(self._literal()).lower()
        self._expect(")")

        def holds(values: Mapping[str, Any]) -> bool:
            items = values.get(name) or ()
            return any(str(item.get(field) if field else item).lower() == wanted for item in items)

        return holds

    def _comparison(self, word: str) -> Test:
        name = self._property(word)
        operator = self._take()
        if operator == "in":
            self._expect("(")
            choices = [_folded(self._literal())]
            while self._next_is(","):
                choices.append(_folded(self._literal()))
            self._expect(")")
            self._count(len(choices))
            return lambda values: _folded(values.get(name)) in choices
        self._count(1)
        wanted = _folded(self._literal())
        if operator == "eq":
            return lambda values: _folded(values.get(name)) == wanted
        if operator == "ne":
            self._needs_advanced()
            return lambda values: _folded(values.get(name)) != wanted
        raise self._invalid()

    def _property(self, name: str) -> str:
        if name not in self._entity.properties:
            raise GraphRefusal(
                400, "BadRequest", f"Invalid filter clause: Could not find a property named '{name}' on type "
                f"'microsoft.graph.{self._entity.name}'.",
            )  # fmt: skip
        return name

    def _literal(self) -> Any:
        token = self._take()
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if token.isdigit():
            return int(token)
        if token in ("true", "false", "null"):
            return {"true": True, "false": False, "null": None}[token]
        raise self._invalid()

    def _take(self) -> str:
        if not self._tokens:
            raise self._invalid()
        return self._tokens.pop(0)

    def _next_is(self, word: str) -> bool:
        if self._tokens and self._tokens[0].lower() == word:
            self._tokens.pop(0)
            return True
        return False

    def _expect(self, word: str) -> None:
        if self._take() != word:
            raise self._invalid()

    def _count(self, expressions: int) -> None:
        self._expressions += expressions
        if self._expressions > _MOST:
            raise GraphRefusal(
                400, "Request_UnsupportedQuery",
                "Too many child clauses specified in search filter expression containing 'OR' operators: "
                f"{self._expressions}. Max allowed: {_MOST}.",
            )  # fmt: skip

    def _needs_advanced(self) -> None:
        if not self._advanced:
            raise self._unsupported()

    @staticmethod
    def _unsupported() -> GraphRefusal:
        return GraphRefusal(
            400, "Request_UnsupportedQuery",
            "Operator or function is only supported with the ConsistencyLevel:eventual header and $count=true.",
        )  # fmt: skip

    def _invalid(self) -> GraphRefusal:
        return GraphRefusal(400, "BadRequest", f"Invalid filter clause: Syntax error in '{self._text}'.")


def _folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value
