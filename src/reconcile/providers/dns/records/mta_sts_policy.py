"""An MTA-STS policy as text (RFC 8461 §3.2), and whether it lets an MX host receive (§4.1). Pure."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable

from reconcile.providers.dns.records.microsoft_hosts import MICROSOFT


@dataclasses.dataclass(frozen=True, slots=True)
class Policy:
    """A policy file. ``hosts`` are patterns such as ``*.example.com``; ``max_age`` is in seconds."""

    mode: str
    hosts: tuple[str, ...]
    max_age: int

    @classmethod
    def parse(cls, text: str) -> Policy | None:
        """Read the file, None when it is no policy (§3.2). A key given twice keeps its first value, but ``mx``."""
        pairs = [(key.strip(), value.strip()) for key, _, value in (line.partition(":") for line in text.splitlines())]
        fields = dict(reversed(pairs))
        if fields.get("version") != "STSv1" or fields.get("mode") not in ("enforce", "testing", "none"):
            return None
        age = fields.get("max_age", "")
        hosts = tuple(value.lower().rstrip(".") for key, value in pairs if key == "mx")
        return cls(fields["mode"], hosts, int(age) if age.isdecimal() and len(age) <= 10 else 0)

    def allows(self, host: str) -> bool:
        """Whether a sender that holds the policy delivers to this MX host."""
        return any(_matches(pattern, host.lower().rstrip(".")) for pattern in self.hosts)

    def refused(self, hosts: Iterable[str]) -> tuple[str, ...]:
        """Those of the MX hosts that senders would not deliver to; none when the policy does not bind them."""
        return () if self.mode == "none" else tuple(host for host in hosts if not self.allows(host))

    @property
    def may_allow_microsoft(self) -> bool:
        """Whether some host that Microsoft might assign would be allowed: all that can be said before it is known.

        Hosts under ``mx.microsoft`` have two labels before it (``spf55-org.o-v1.mx.microsoft``): a wildcard stands for
        one.
        """
        return any(
            f".{host.removeprefix('*.')}".endswith(MICROSOFT) and host != "*.mx.microsoft" for host in self.hosts
        )


def announced(texts: Iterable[str]) -> bool:
    """Whether the TXT records at ``_mta-sts`` announce a policy: exactly one has the version and an id (§3.1).

    Senders treat anything else as no policy.
    """
    found = [text for text in texts if text.startswith(("v=STSv1;", "v=STSv1 "))]
    return len(found) == 1 and _ID.search(found[0]) is not None


_ID = re.compile(r";[ \t]*id[ \t]*=[ \t]*[A-Za-z0-9]{1,32}[ \t]*(;|$)")


def _matches(pattern: str, host: str) -> bool:
    """A wildcard stands for exactly one label, the leftmost."""
    if pattern.startswith("*."):
        return pattern[2:] == host.partition(".")[2]
    return pattern == host
