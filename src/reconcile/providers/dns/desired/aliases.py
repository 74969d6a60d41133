"""A name that is an alias of another name, which leads where ours would: left as it is. Pure, given a resolver."""

from __future__ import annotations

from collections.abc import Iterable

from dns.rdatatype import RdataType

from reconcile.language.phrase import Phrase
from reconcile.providers.base import Observed, Scope, Wanted
from reconcile.providers.dns.records.keys import RecordKey
from reconcile.providers.dns.spf.lookups import Resolve
from reconcile.resources.resource import Live, Reference

#: Aliases followed from one name.
_LONGEST_CHAIN = 8
#: How the names end that Microsoft assigns for signing and autodiscover: nothing to follow from there.
_MICROSOFT = (".outlook.com", ".onmicrosoft.com", ".mail.microsoft")


def next_names(shown: Iterable[tuple[RecordKey, Observed]]) -> set[tuple[str, str]]:
    """What following the aliases will ask first, so that it can be asked together."""
    return {(first, "CNAME") for key, one in shown if (first := _first(key, one))}


def already_leads_there(wanted: Wanted, key: RecordKey, shown: Observed, scope: Scope, resolve: Resolve) -> Observed:
    """What was read; or, where its alias ends at the one asked for by way of others, as wanted with the way shown."""
    first = _first(key, shown)
    if not isinstance(shown, Live) or not first or wanted.desired is None:
        return shown
    way = [first]
    ends: list[str] = []
    while len(way) <= _LONGEST_CHAIN and (following := resolve(way[-1], "CNAME")):
        ends.append(following[0])
        way.append(following[0].rstrip("."))
    if not ends:
        return shown  # the other provider need not be waited for
    field = wanted.desired.fields.get("values")
    asked = scope.resolve(field) if isinstance(field, Reference) else field
    if not isinstance(asked, tuple) or shown.fields["values"] == asked or not set(asked) & set(ends):
        return shown
    where = Phrase("{name} is an alias (CNAME) of {other}, which leads there: its owner's", name=key.owner, other=first)
    return Live(wanted.address, {**shown.fields, "values": asked}, context={"record": where})


def _first(key: RecordKey, shown: Observed) -> str:
    """Where the alias at a name leads; "" for anything else, and for a name of Microsoft's."""
    values = shown.fields.get("values") if isinstance(shown, Live) else ()
    if key.rdtype != RdataType.CNAME or key.part or not isinstance(values, tuple) or not values:
        return ""
    first = values[0].rstrip(".")
    return "" if first.lower().endswith(_MICROSOFT) else first
