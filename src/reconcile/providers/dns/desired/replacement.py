"""Other records at a name that our alias takes the place of, where the settings say so. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import dns.rdataset
import dns.rdatatype
from dns.rdatatype import RdataType

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.base import Wanted
from reconcile.providers.dns.desired.ownership import part_of
from reconcile.providers.dns.desired.rrset import RrsetChange
from reconcile.providers.dns.records.canonical import texts_of
from reconcile.providers.dns.records.keys import RecordKey
from reconcile.resources.resource import Live, Value

#: The other records at a name, by type.
Others = Mapping[RdataType, dns.rdataset.Rdataset]


def about_to_go(wanted: Wanted, key: RecordKey, others: Others) -> Live:
    """What a plan shows of a name whose records our alias will replace; a TTL alone is as it will be."""
    seen = part_of(key).see(None)
    texts = replaced_texts(others)
    gone: dict[str, Value] = {"replaces": texts, "record": f"replaces {', '.join(texts)}"}
    return Live(wanted.address, seen.fields if seen else {"values": ()}, context=gone)


def refuse_others_than_shown(change: RrsetChange, others: Others) -> None:
    """Raise DNS07 when the records at the name are no longer those that the plan showed as going."""
    if (planned := change.replaces) is not None and planned != replaced_texts(others):
        now = ", ".join(replaced_texts(others))
        raise Problem(
            "DNS07",
            Phrase("{owner} was changed since the plan: it is now {now}.", owner=change.key.owner, now=now),
            "plan again",
        )


def replaced_texts(others: Others) -> tuple[str, ...]:
    """The records as a plan shows them."""
    return tuple(
        sorted(f"{dns.rdatatype.to_text(rdtype)} {text}" for rdtype, one in others.items() for text in texts_of(one))
    )
