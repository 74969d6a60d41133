"""An RRset put together from its values."""

from __future__ import annotations

from collections.abc import Sequence

import dns.rdata
import dns.rdataset
import dns.rdatatype


def rdataset_of(ttl: int, rdatas: Sequence[dns.rdata.Rdata]) -> dns.rdataset.Rdataset:
    """The values as one RRset; of a type that stands alone (CNAME) the last. Raises ValueError without a value.

    As ``dns.rdataset.from_rdata_list``, which hashes each value twice; and a hash is its wire form written anew.
    """
    if not rdatas:
        raise ValueError("an RRset has values")
    rdtype = rdatas[0].rdtype
    whole = dns.rdataset.Rdataset(rdatas[0].rdclass, rdtype, ttl=ttl)
    whole.items = dict.fromkeys(rdatas[-1:] if dns.rdatatype.is_singleton(rdtype) else rdatas)
    return whole
