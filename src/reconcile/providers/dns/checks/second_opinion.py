"""What checkdmarc thinks of a domain's SPF and DMARC, where it is installed: somebody else's reading of the RFCs."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from typing import Any

import dns.resolver

from reconcile.language.phrase import Phrase
from reconcile.providers.base import Weight

#: Seconds for each question.
_TIMEOUT = 2.0


def installed() -> bool:
    """Whether the package is there (``pip install 'reconcile[verify]'``)."""
    return importlib.util.find_spec("checkdmarc") is not None


def second_opinion(
    domain: str, resolver: dns.resolver.Resolver, *, spf: bool, dmarc: bool
) -> Iterator[tuple[Weight, str]]:
    """Errors and warnings on the records that are published (``spf``, ``dmarc``: whether there is one to look at).

    Only its record checks are used: others of its functions open SMTP and HTTPS connections.
    """
    from checkdmarc.dmarc import check_dmarc
    from checkdmarc.spf import check_spf

    if spf:
        yield from _opinion("SPF", domain, check_spf(domain, resolver=resolver, timeout=_TIMEOUT))
    if dmarc:
        yield from _opinion("DMARC", domain, check_dmarc(domain, resolver=resolver, timeout=_TIMEOUT))


def _opinion(what: str, domain: str, answer: Mapping[str, Any]) -> Iterator[tuple[Weight, str]]:
    if error := answer.get("error"):
        yield (
            Weight.WARNS,
            Phrase(
                "checkdmarc finds the {what} record of {domain} wrong: {error}", what=what, domain=domain, error=error
            ),
        )
        return
    for warning in answer.get("warnings") or ():
        yield (
            Weight.WARNS,
            Phrase("checkdmarc on the {what} record of {domain}: {warning}", what=what, domain=domain, warning=warning),
        )
    if not answer.get("warnings"):
        yield (
            Weight.FINE,
            Phrase("checkdmarc finds nothing wrong with the {what} record of {domain}.", what=what, domain=domain),
        )
