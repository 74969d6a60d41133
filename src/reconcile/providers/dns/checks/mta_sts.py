"""MTA-STS (RFC 8461): a policy that senders keep for weeks must name the new host before the MX does."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import requests

from reconcile.providers.base import Weight
from reconcile.providers.dns.checks.facts import Facts
from reconcile.providers.dns.records.microsoft_hosts import MICROSOFT
from reconcile.providers.dns.spf.lookups import Resolve

#: Seconds, and octets a policy may have.
_TIMEOUT = 5.0
_LONGEST = 64_000


@dataclasses.dataclass(frozen=True, slots=True)
class Policy:
    """A policy file. ``hosts`` are patterns such as ``*.example.com``; ``max_age`` is in seconds."""

    mode: str
    hosts: tuple[str, ...]
    max_age: int

    @classmethod
    def parse(cls, text: str) -> Policy | None:
        """Read the file, None when it is no policy (§3.2)."""
        pairs = [(key.strip(), value.strip()) for key, _, value in (line.partition(":") for line in text.splitlines())]
        fields = dict(pairs)
        if fields.get("version") != "STSv1" or fields.get("mode") not in ("enforce", "testing", "none"):
            return None
        age = fields.get("max_age", "")
        hosts = tuple(value.lower().rstrip(".") for key, value in pairs if key == "mx")
        return cls(fields["mode"], hosts, int(age) if age.isdecimal() else 0)

    @property
    def names_microsoft(self) -> bool:
        return any(f".{host}".endswith(MICROSOFT) for host in self.hosts)


def publishes(facts: Facts) -> bool:
    """Whether the domain says that it has a policy."""
    return any(text.lower().startswith("v=stsv1") for text in facts.texts("_mta-sts", "TXT"))


def fetch_policy(domain: str) -> str | None:
    """The policy file as any sender would read it, None when it cannot be had (§3.3: over HTTPS, no redirect)."""
    address = f"https://mta-sts.{domain}/.well-known/mta-sts.txt"
    try:
        with requests.get(address, timeout=_TIMEOUT, allow_redirects=False, stream=True) as answer:
            if answer.status_code != requests.codes.ok:
                return None
            return next(answer.iter_content(_LONGEST), b"").decode("utf-8", "replace")
    except requests.RequestException:
        return None


def mta_sts(facts: Facts, _: Resolve) -> Iterator[tuple[Weight, str]]:
    """Whether senders that hold the policy would deliver to Microsoft."""
    if not publishes(facts):
        return
    policy = Policy.parse(facts.policy) if facts.policy is not None else None
    where = f"The MTA-STS policy of {facts.domain}"
    if policy is None:
        yield (
            Weight.BLOCKS,
            f"{where} cannot be read, and senders may hold it for weeks: it must name Microsoft's host first.",
        )
    elif policy.mode == "none" or policy.names_microsoft:
        yield Weight.FINE, f"{where} lets Microsoft's hosts receive."
    elif policy.mode == "testing":
        yield Weight.WARNS, f"{where} does not name Microsoft's host: senders will report it ({policy.mode})."
    else:
        todo = (
            f"add it there, change the id in _mta-sts, then wait the {policy.max_age} s that senders keep the old one"
        )
        yield Weight.BLOCKS, f"{where} does not name Microsoft's host: {todo}."
