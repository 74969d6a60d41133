"""What we look at in a hosted zone, and how long a host may keep us waiting."""

from __future__ import annotations

#: What we write, and what would stand in the way of it. Any other type is invisible here, and so out of danger: octoDNS
#: fails on whole zones for one odd LOC or TLSA.
OURS = frozenset({"A", "AAAA", "CNAME", "MX", "NS", "SRV", "TXT"})
#: Seconds. octoDNS's client of Gandi would wait for ever.
TIMEOUT = 20.0
