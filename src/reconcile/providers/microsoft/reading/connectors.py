"""The outbound connectors by which mail for unknown addresses reaches the old hosts, and others that may take it.

Exchange prefers the connector that names a domain exactly, then one for all accepted domains, then one with a wildcard.
Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from reconcile.language.phrase import Phrase
from reconcile.resources.resource import Value

Row = dict[str, Any]

#: How the names of our connectors begin; one for each old host follows.
PREFIX = "reconcile "

#: What reconcile.toml calls it, and Exchange's TlsSettings.
TLS: Mapping[str, str | None] = {
    "opportunistic": None,
    "encrypted": "EncryptionOnly",
    "certificate": "CertificateValidation",
    "name": "DomainValidation",
}


def ours(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if str(row.get("Name") or "").startswith(PREFIX)]


def connector_fields(row: Row, domains: Collection[str]) -> dict[str, Value]:
    """The fields of kind *connector*, as far as these domains are concerned."""
    tls = next((word for word, setting in TLS.items() if setting == (row.get("TlsSettings") or None)), "")
    name = str(row.get("TlsDomain") or "").lower()
    return {
        "server": str(row.get("Name") or "").removeprefix(PREFIX),
        "host": "MX" if row.get("UseMXRecord") else ",".join(sorted(_texts(row.get("SmartHosts")))),
        "tls": f"{tls} {name}".strip(),
        "enabled": bool(row.get("Enabled")) and not row.get("TestMode"),
        "domains": tuple(sorted(listed(row) & set(domains))),
        "proved_by": tuple(sorted(one for one in recipients(row) if one.rpartition("@")[2] in domains)),
    }


def listed(row: Row) -> set[str]:
    """The domains a connector names."""
    return _texts(row.get("RecipientDomains"))


def recipients(row: Row) -> set[str]:
    """Who received a message when the connector was last validated."""
    return _texts(row.get("ValidationRecipients"))


def astray(rows: Iterable[Row], domains: Collection[str]) -> Iterator[tuple[str, str]]:
    """Each domain that a connector of somebody else's takes, and a sentence about it."""
    for row in rows:
        name, texts = str(row.get("Name")), listed(row)
        if name.startswith(PREFIX) or not row.get("Enabled") or row.get("IsTransportRuleScoped"):
            continue
        for domain in sorted(domains):
            if domain in texts:
                yield (
                    domain,
                    Phrase(
                        "the outbound connector {name} names {domain} too: mail may take either way",
                        name=name,
                        domain=domain,
                    ),
                )
            elif "*" in texts or any(domain.endswith(text[1:]) for text in texts if text.startswith("*.")):
                yield (
                    domain,
                    Phrase(
                        "the outbound connector {name} takes {domain} by a wildcard wherever no other names it",
                        name=name,
                        domain=domain,
                    ),
                )


def _texts(value: object) -> set[str]:
    items = value if isinstance(value, list | tuple) else [value] if value else []
    return {str(item).strip().lower() for item in items}
