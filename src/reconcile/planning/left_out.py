"""Federations for which nothing is planned, because their file is not valid; the others go on without them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from reconcile.config.rules.diagnostic import Diagnostic
from reconcile.language.phrase import Phrase


@dataclasses.dataclass(frozen=True, slots=True)
class LeftOut:
    """``where``: file:line:column of the first error. ``why``: its code and message. ``more``: errors besides."""

    federation: str
    where: str
    why: str
    more: int = 0


def left_out(errors: Iterable[Diagnostic]) -> tuple[LeftOut, ...]:
    """One for each file that has errors, in the order of the files."""
    by_file: dict[str, list[Diagnostic]] = {}
    for one in errors:
        by_file.setdefault(one.path.stem, []).append(one)
    return tuple(
        LeftOut(
            slug,
            f"{first.path}:{first.line}:{first.column}",
            Phrase("{code} {message}", code=first.code, message=first.message),
            len(of_file) - 1,
        )
        for slug, of_file in sorted(by_file.items())
        for first in of_file[:1]
    )
