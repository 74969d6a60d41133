"""One spelling for every record value, so that comparing wanted and live never trips on case or a final dot."""

from __future__ import annotations

import functools

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.CNAME import CNAME
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.TXT import TXT

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

#: A character-string holds at most 255 octets (RFC 1035 §3.3); longer texts are several in a row.
_STRING_OCTETS = 255


def canonical(rdtype: str, text: str) -> str:
    """The spelling used everywhere: ``0 host.example.`` for MX, ``host.example.`` for CNAME, the bare text for TXT.

    Host names are in lower case with a final dot, whether or not ``text`` has them so. Raises DNS12 when ``text`` is
    not a value of that type.
    """
    return text_of(rdata_of(dns.rdatatype.from_text(rdtype), text))


def text_of(rdata: dns.rdata.Rdata) -> str:
    """A record's value in the canonical spelling. What a TXT holds that cannot be printed is shown as ``\\xNN``."""
    if isinstance(rdata, MX):
        return f"{rdata.preference} {rdata.exchange.canonicalize().to_text()}"
    if isinstance(rdata, CNAME):
        return rdata.target.canonicalize().to_text()
    if isinstance(rdata, TXT):
        return _printable(b"".join(rdata.strings))
    return rdata.to_text()


@functools.lru_cache(maxsize=8192)
def rdata_of(rdtype: RdataType, text: str) -> dns.rdata.Rdata:
    """The record value a canonical (or carelessly spelt) text stands for. Raises DNS12 when it stands for none."""
    try:
        if rdtype == RdataType.TXT:
            return _txt(text)
        # A name without its final dot is meant whole: there is no other origin than the root.
        rdata = dns.rdata.from_text(dns.rdataclass.IN, rdtype, text, origin=dns.name.root, relativize=False)
        return dns.rdata.from_wire(dns.rdataclass.IN, rdtype, wire := rdata.to_digestable(), 0, len(wire))
    except (dns.exception.DNSException, ValueError):
        raise Problem(
            "DNS12",
            Phrase("'{text}' is not a value of a {kind} record.", text=text, kind=dns.rdatatype.to_text(rdtype)),
        ) from None


def texts_of(rdataset: dns.rdataset.Rdataset | None) -> tuple[str, ...]:
    """Every value of an RRset in the canonical spelling, sorted; none for None."""
    return tuple(sorted(text_of(rdata) for rdata in rdataset or ()))


def _txt(text: str) -> TXT:
    octets = text.encode()
    strings = [octets[at : at + _STRING_OCTETS] for at in range(0, len(octets), _STRING_OCTETS)]
    return TXT(dns.rdataclass.IN, RdataType.TXT, strings or [b""])


def _printable(octets: bytes) -> str:
    text = octets.decode("utf-8", "backslashreplace")
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)
