"""How an observation of any kind is put: what a resource wanted is called, and why nothing is known of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from reconcile.problem import Problem
from reconcile.providers.base import ABSENT, Observed, Unknown, Wanted
from reconcile.providers.microsoft.wire.refusals import Refused, explained
from reconcile.resources.address import Address
from reconcile.resources.resource import Live, Value

#: What reading an answer raises that is not as described.
MALFORMED = (KeyError, TypeError, ValueError, AttributeError)


def key_of(one: Wanted) -> str:
    """The name it is looked up by, in lower case: a domain, or a primary address."""
    return one.address.key.lower()


def switched_on(
    one: Wanted, fields: Mapping[str, Value], outputs: Mapping[str, Value] = MappingProxyType({})
) -> Observed:
    """A domain's setting, absent while it is off."""
    return Live(one.address, fields, key_of(one), outputs) if any(fields.values()) else ABSENT


def unknown(failure: Problem | Refused | object, address: Address) -> Unknown:
    """That nothing is known of it, in the words of the failure, with what to do."""
    if isinstance(failure, Refused):
        failure = explained(failure, address)
    if isinstance(failure, Problem):
        return Unknown(failure.with_hint())
    return Unknown(str(failure))
