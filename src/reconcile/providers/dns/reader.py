"""Reads our records from the primary: all names at once, and nothing believed that is not authoritative."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import dns.name
from dns.rdatatype import RdataType

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.base import ABSENT, Observation, Observed, Scope, Unknown, Wanted
from reconcile.providers.dns.checks.preflight import Preflight
from reconcile.providers.dns.desired.aliases import already_leads_there, next_names
from reconcile.providers.dns.desired.ownership import part_of
from reconcile.providers.dns.desired.policies import is_policy, kept_elsewhere
from reconcile.providers.dns.desired.replacement import about_to_go
from reconcile.providers.dns.primary.answers import Answer, Failure, Question
from reconcile.providers.dns.primary.client import Primary
from reconcile.providers.dns.primary.name_status import ask_rrsets, elsewhere, other_rrsets, rrset_at
from reconcile.providers.dns.records.keys import RecordKey
from reconcile.resources.resource import Live


@dataclasses.dataclass(frozen=True, slots=True)
class DnsReader:
    """The reading face of the DNS provider. It holds no key: what it reads is checked again, signed, before a write."""

    primary: Primary
    #: Told of the domains about to be switched.
    preflight: Preflight | None = None
    #: Names where our alias may take the place of other records.
    replace: frozenset[dns.name.Name] = frozenset()

    def observe(self, scope: Scope) -> Observation:
        """Each record found, absent, or unknown with the server, the name and the reason."""
        keys = {wanted.address: RecordKey.parse(wanted.address.key) for wanted in scope.wanted}
        answers = ask_rrsets(self.primary, keys.values())
        observed = {wanted.address: self._observed(wanted, keys[wanted.address], answers) for wanted in scope.wanted}
        if self.preflight:
            resolver = self.preflight.surveyor.resolver
            resolver.resolve_all(next_names((key, observed[address]) for address, key in keys.items()))
            observed = {
                one.address: already_leads_there(one, keys[one.address], observed[one.address], scope, resolver.resolve)
                for one in scope.wanted
            }
        return self.preflight.check(scope, observed, answers) if self.preflight else Observation(observed)

    def _observed(self, wanted: Wanted, key: RecordKey, answers: Mapping[Question, Answer | Failure]) -> Observed:
        answer = answers[Question(key.name, key.rdtype)]
        if isinstance(answer, Failure) and answer.silent is not None:
            return _unknown(answer.silent)  # in the same words for every record, so that it is said once
        where = elsewhere(key, answers)
        if where and is_policy(key):
            return kept_elsewhere(wanted, where)
        if where and key.rdtype == RdataType.CNAME and self.preflight:
            # Delegated: published there or nowhere, and only a resolver can tell.
            values = self.preflight.surveyor.resolver.resolve(key.owner, "CNAME")
            if values:
                return Live(wanted.address, {"values": values}, context={"record": where})
        others = other_rrsets(key, answers) if key.name in self.replace and wanted.desired else {}
        if others and RdataType.NS not in others:
            return about_to_go(wanted, key, others)
        return _read(wanted, key, answers)


def _read(wanted: Wanted, key: RecordKey, answers: Mapping[Question, Answer | Failure]) -> Observed:
    try:
        # What only the state remembers is ours alone: the rest of the RRset must not look as if it were.
        seen = part_of(key).see(rrset_at(key, answers), None if wanted.desired else wanted.recorded)
    except Problem as problem:
        return _unknown(problem)
    return Live(wanted.address, seen.fields, context=seen.context) if seen else ABSENT


def _unknown(problem: Problem) -> Unknown:
    return Unknown(
        Phrase("{message} ({hint})", message=problem.message, hint=problem.hint) if problem.hint else problem.message
    )
