"""Whether the primary takes our key, tried with an update that changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import dns.name
import dns.update
from dns.rdatatype import RdataType

from reconcile.problem import Problem
from reconcile.providers.dns.primary.client import Primary, Verdict
from reconcile.providers.dns.primary.zones import Zones


def try_key(primary: Primary, domains: Sequence[str]) -> Mapping[str, Problem | None]:
    """What the server has against our key, for each domain; None when it takes it.

    An UPDATE that only requires the zone to have its SOA (RFC 2136 §2.4.1) and changes nothing. A server that judges
    record by record may still refuse one of them later.
    """
    names = {domain: dns.name.from_text(domain).canonicalize() for domain in domains}
    apexes = Zones().of(primary, names.values())
    asked = sorted({apex for apex in apexes.values() if not isinstance(apex, Problem)})
    messages = [dns.update.UpdateMessage(apex) for apex in asked]
    for apex, message in zip(asked, messages, strict=True):
        message.present(apex, RdataType.SOA)
    verdicts = dict(zip(asked, primary.update(messages), strict=True))
    found: dict[str, Problem | None] = {}
    for domain, name in names.items():
        home = apexes[name]
        verdict = home if isinstance(home, Problem) else verdicts[home]
        if verdict is Verdict.UNHEARD:
            verdict = Problem("DNS02", f"{primary} did not answer an update of {domain}.", "let TCP through to it")
        found[domain] = verdict if isinstance(verdict, Problem) else None
    return found
