"""The old hosts that reconcile.toml describes, as the provider of one kind meets them: named, looked at, missing."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.base import ABSENT, Observation, Observed, Scope, Unknown, Wanted
from reconcile.resources.resource import Reference, Value

Host = TypeVar("Host")


@dataclasses.dataclass(frozen=True, slots=True)
class Hosts(Generic[Host]):
    """``named``: each by its name in reconcile.toml. ``what``: the end of *how NAME …*. ``table``: where that is said;
    ``missing`` is the code for a host of which it is not."""

    named: Mapping[str, Host]
    what: str
    table: str
    missing: str

    def one(self, name: object) -> Host:
        """Raises ``Problem`` with the code ``missing``."""
        host = self.named.get(str(name))
        if host is None:
            hint = Phrase("add [legacy.{name}.{table}]", name=name, table=self.table)
            raise Problem(
                self.missing, Phrase("reconcile.toml does not say how {name} {what}.", name=name, what=self.what), hint
            )
        return host

    def observe(self, scope: Scope, look: Callable[[Host, str, Wanted], Observed]) -> Observation:
        """What ``look`` sees of each on its host; unknown where the host cannot be asked, or is described no more."""
        return Observation({wanted.address: self._seen(wanted, look) for wanted in scope.wanted})

    def _seen(self, wanted: Wanted, look: Callable[[Host, str, Wanted], Observed]) -> Observed:
        name = str(wanted.recorded.get("host") or asked_of(wanted).get("host", ""))
        host = self.named.get(name)
        if host is None:
            gone = Phrase("reconcile.toml says no more how {name} {what}", name=name, what=self.what)
            return Unknown(gone) if wanted.recorded else ABSENT
        try:
            return look(host, name, wanted)
        except Problem as problem:
            return Unknown(problem.message)


def asked_of(wanted: Wanted) -> Mapping[str, Value | Reference]:
    """What the files ask; what was recorded, where they ask nothing any more."""
    return wanted.desired.fields if wanted.desired else wanted.recorded


def texts(value: Value | Reference) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


def by_hand(problem: Problem, lines: Sequence[str], mark: str, names: Sequence[str]) -> Problem:
    """The same failure of a proof, with what to do by hand before the next try; a line with ``mark`` is said of each of
    the names."""
    said = [line.replace(mark, name) for line in lines for name in (names if mark in line else names[:1])]
    steps = "\n".join(f"  {number}. {line}" for number, line in enumerate(said, start=1))
    return Problem(
        problem.code,
        Phrase("{message} By hand, then apply again:\n{steps}", message=problem.message, steps=steps),
        problem.hint,
    )
