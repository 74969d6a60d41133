"""The stable name of one managed thing: ``spf55/mailbox/contact@spf55.org``."""

from __future__ import annotations

from typing import NamedTuple

#: What the resources of the network as a whole are recorded under; no federation's file can have this name.
NETWORK = "network"


class Address(NamedTuple):
    """``federation/kind/key``; the key may itself hold slashes (``spf55/dns/spf55.org/MX``). Sorts by its parts."""

    federation: str
    kind: str
    key: str

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read ``federation/kind/key``. Raises ValueError when a part is missing."""
        federation, _, rest = text.partition("/")
        kind, _, key = rest.partition("/")
        if not (federation and kind and key):
            raise ValueError(f"not a resource address: {text!r} (expected federation/kind/key)")
        return cls(federation, kind, key)

    def __str__(self) -> str:
        return f"{self.federation}/{self.kind}/{self.key}"

    @property
    def mail_domain(self) -> str:
        """The mail domain it belongs to: autodiscover.spf55.org and _dmarc.spf55.org are spf55.org's."""
        if self.kind != "dns":
            return self.key.rpartition("@")[2]
        name = self.key.partition("/")[0]
        for prefix in _BELOW:
            name = name.removeprefix(prefix)
        return name


#: What a mail domain has records at, besides its own name.
_BELOW = ("autodiscover.", "_dmarc.", "selector1._domainkey.", "selector2._domainkey.", "_smtp._tls.")
