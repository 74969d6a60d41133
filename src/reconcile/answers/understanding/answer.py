"""What a returned file decides."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Literal

from reconcile.answers.finding import Finding
from reconcile.answers.table import Record
from reconcile.documents.workbook.columns import Key

Outcome = Literal["mailbox", "alias", "given_up", "undecided"]


@dataclasses.dataclass(frozen=True, slots=True)
class Decision:
    """What one row decides. ``fields``: what it says of a mailbox, by column; a column that is not in it was not filled
    in, or says what was pre-filled. ``people``: None when that is so of them."""

    address: str
    outcome: Outcome
    licence: str = ""
    target: str = ""
    old_mail: str | None = None
    people: tuple[str, ...] | None = None
    fields: Mapping[Key, str | int | None] = dataclasses.field(default_factory=dict)
    why: str = ""
    new: bool = False
    row: int = -1


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """Everything a returned file says. ``undecided``: addresses nobody decided on, in it or in the YAML."""

    decisions: tuple[Decision, ...]
    findings: tuple[Finding, ...]
    records: tuple[Record, ...]
    undecided: tuple[str, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(one for one in self.findings if one.level == "error")
