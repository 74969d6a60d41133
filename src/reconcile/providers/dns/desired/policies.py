"""Names that announce a policy (DMARC, TLS reports, MTA-STS): one kept elsewhere is its owner's."""

from __future__ import annotations

from dns.rdatatype import RdataType

from reconcile.language.phrase import Phrase
from reconcile.providers.base import ABSENT, Observed, Wanted
from reconcile.providers.dns.records.keys import RecordKey
from reconcile.resources.resource import Live, Reference

_LABELS = ((b"_dmarc",), (b"_smtp", b"_tls"), (b"_mta-sts",))


def is_policy(key: RecordKey) -> bool:
    """Whether the record is one that receivers look up by following aliases and delegations."""
    return key.rdtype == RdataType.TXT and any(key.name.labels[: len(label)] == label for label in _LABELS)


def kept_elsewhere(wanted: Wanted, where: str) -> Observed:
    """The policy as wanted, so that nothing is changed; ``where`` says who keeps it. Absent when nobody wants one."""
    if wanted.desired is None:
        return ABSENT
    fields = {name: value for name, value in wanted.desired.fields.items() if not isinstance(value, Reference)}
    return Live(wanted.address, fields, context={"record": Phrase("{where}: its owner's", where=where)})
