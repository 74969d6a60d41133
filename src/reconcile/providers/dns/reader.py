"""Reads our records from the primary: all names at once, and nothing believed that is not authoritative."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from reconcile.problem import Problem
from reconcile.providers.base import ABSENT, Observation, Scope, Sight, Unknown, Wanted
from reconcile.providers.dns.keys import RecordKey
from reconcile.providers.dns.parts import part_of
from reconcile.providers.dns.primary import Answer, Failure, Primary, Question
from reconcile.resources.resource import Live


@dataclasses.dataclass(frozen=True, slots=True)
class DnsReader:
    """The reading face of the DNS provider. It holds no key: what it reads is checked again, signed, before a write."""

    primary: Primary

    def observe(self, scope: Scope) -> Observation:
        """Each record found, absent, or unknown with the server, the name and the reason."""
        keys = {wanted.address: RecordKey.parse(wanted.address.key) for wanted in scope.wanted}
        answers = self.primary.ask([Question(key.name, key.rdtype) for key in keys.values()])
        return Observation({wanted.address: _sight(wanted, keys[wanted.address], answers) for wanted in scope.wanted})


def _sight(wanted: Wanted, key: RecordKey, answers: Mapping[Question, Answer | Failure]) -> Sight:
    answer = answers[Question(key.name, key.rdtype)]
    try:
        if isinstance(answer, Failure):
            raise answer.problem
        refuse_alias(key, answer)
        # What only the state remembers is ours alone: the rest of the RRset must not look as if it were.
        seen = part_of(key).see(answer.rdataset, None if wanted.desired else wanted.recorded)
    except Problem as problem:
        return Unknown(f"{problem.message} ({problem.hint})" if problem.hint else problem.message)
    return Live(wanted.address, seen.fields, context=seen.context) if seen else ABSENT


def refuse_alias(key: RecordKey, answer: Answer) -> None:
    """Raise DNS10 when the name is an alias: nothing may stand beside a CNAME (RFC 1034 §3.6.2)."""
    if answer.alias is not None:
        target = answer.alias.to_text(omit_final_dot=True)
        raise Problem(
            "DNS10",
            f"{key.owner} is an alias (CNAME) of {target}: no other record can stand beside it.",
            "replace the alias by the A and AAAA records of its target",
        )
