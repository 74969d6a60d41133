"""SPF merges tried before the plan promises them: what the write would refuse is unknown, with the reason."""

from __future__ import annotations

from collections.abc import Mapping

import dns.rdataset
from dns.rdatatype import RdataType

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.base import Observed, Order, Scope, Unknown, Wanted
from reconcile.providers.dns.checks.resolver import Resolver
from reconcile.providers.dns.desired.publication import CheckedPublish
from reconcile.providers.dns.records.canonical import rdata_of
from reconcile.providers.dns.records.keys import RecordKey
from reconcile.providers.dns.records.rdatasets import rdataset_of
from reconcile.providers.dns.spf.lookups import prefetch
from reconcile.resources.address import Address
from reconcile.resources.resource import Live, Reference, Value

Rdataset = dns.rdataset.Rdataset

#: What Microsoft asks to include, for a domain that the tenant does not know yet.
_USUAL_INCLUDE = ("spf.protection.outlook.com",)


def spf_refusals(scope: Scope, observed: Mapping[Address, Observed], resolver: Resolver) -> dict[Address, Unknown]:
    """The SPF changes that receivers would not take, each with the reason and what to write.

    Those of one domain are tried one upon the other, as they will be carried out.
    """
    ahead: dict[str, list[Wanted]] = {}
    for one in scope.wanted:
        key = RecordKey.parse(one.address.key)
        if one.desired and key.part.startswith("spf") and not isinstance(observed[one.address], Unknown):
            ahead.setdefault(key.owner, []).append(one)
    records = [(str(text), owner) for owner, of in ahead.items() if (text := _record(observed[of[0].address]))]
    pending = [(text, owner) for text, owner in records if _unfinished(ahead[owner], observed)]
    prefetch(pending, resolver, [(host, "TXT") for host in _USUAL_INCLUDE] if pending else ())
    refused: dict[Address, Unknown] = {}
    for text, owner in pending:
        now = rdataset_of(0, [rdata_of(RdataType.TXT, text)])
        for one in ahead[owner]:
            change = _change(one, scope, observed[one.address], resolver)
            try:
                now = now if change.satisfied_by(now) else change.applied_to(now) or now
            except Problem as problem:
                refused[one.address] = Unknown(Phrase("{message} ({hint})", message=problem.message, hint=problem.hint))
                break
    return refused


def resolved(wanted: Wanted, scope: Scope) -> Mapping[str, Value]:
    """The fields asked for; None for one that another provider assigns and has not assigned yet."""
    fields = wanted.desired.fields if wanted.desired else {}
    return {name: scope.resolve(value) if isinstance(value, Reference) else value for name, value in fields.items()}


def _unfinished(wanted: list[Wanted], observed: Mapping[Address, Observed]) -> bool:
    """Whether anything is left to do, as far as can be seen without waiting for another provider."""
    for one in wanted:
        shown = observed[one.address]
        if isinstance(shown, Live) and shown.fields.get("gone") is not True and "includes" not in shown.fields:
            return True
        includes = shown.fields.get("includes") if isinstance(shown, Live) else None
        if isinstance(includes, tuple) and not set(_USUAL_INCLUDE) <= set(includes):
            return True
    return False


def _change(one: Wanted, scope: Scope, shown: Observed, resolver: Resolver) -> CheckedPublish:
    fields = dict(resolved(one, scope))
    if fields.get("includes", ()) is None:
        fields["includes"] = _USUAL_INCLUDE
    order = Order(one.address, shown if isinstance(shown, Live) else None, fields, frozenset(fields))
    return CheckedPublish(order, resolver.resolve, lambda _domain: None)


def _record(shown: Observed) -> str:
    text = shown.context.get("record") if isinstance(shown, Live) else ""
    return text if isinstance(text, str) else ""
