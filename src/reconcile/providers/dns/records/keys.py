"""The key of a DNS resource: ``spf55.org/MX``, ``spf55.org/TXT/spf``."""

from __future__ import annotations

import functools
from typing import NamedTuple

import dns.exception
import dns.name
import dns.rdatatype

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem


class RecordKey(NamedTuple):
    """A name, a type and, when we own only some values of the RRset, which part of it: ``verification``, ``spf``."""

    name: dns.name.Name
    rdtype: dns.rdatatype.RdataType
    part: str = ""

    def __hash__(self) -> int:
        """As a question's: a name's own goes through its letters one by one."""
        return hash((b".".join(self.name.labels).lower(), int(self.rdtype), self.part))

    @classmethod
    @functools.lru_cache(maxsize=8192)
    def parse(cls, key: str) -> RecordKey:
        """Read ``name/TYPE[/part]``. Raises DNS12 when it is no such thing."""
        name, _, rest = key.partition("/")
        rdtype, _, part = rest.partition("/")
        try:
            return cls(dns.name.from_text(name).canonicalize(), dns.rdatatype.from_text(rdtype), part)
        except (dns.exception.DNSException, ValueError):
            raise Problem(
                "DNS12", Phrase("'{key}' names no DNS record (expected name/TYPE or name/TYPE/part).", key=key)
            ) from None

    @property
    def owner(self) -> str:
        """The name, without the final dot."""
        return self.name.to_text(omit_final_dot=True)

    def __str__(self) -> str:
        return f"{self.owner} {dns.rdatatype.to_text(self.rdtype)}"
