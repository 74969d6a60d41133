"""Transaction signatures on arriving messages, and the errors a client must be able to read (RFC 8945 §5.2)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, cast

import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdtypes.ANY.TSIG
import dns.rrset
import dns.tsig

Keyring = Mapping[dns.name.Name, dns.tsig.Key]


class NotAuthentic(Exception):
    """The signature does not hold. ``reply`` is the whole answer to send, with its own TSIG record."""

    def __init__(self, reply: bytes) -> None:
        super().__init__("TSIG not accepted")
        self.reply = reply


def verified(wire: bytes, keyring: Keyring) -> dns.message.Message:
    """The message, its signature checked when it has one; ``had_tsig`` says so.

    Raises NotAuthentic, and dns.exception.DNSException when the message itself is malformed.
    """
    try:
        return dns.message.from_wire(wire, keyring=dict(keyring))
    except (dns.message.UnknownTSIGKey, dns.tsig.BadKey, dns.tsig.BadAlgorithm):
        raise NotAuthentic(_unsigned_error(wire, dns.rcode.BADKEY)) from None
    except dns.tsig.BadSignature:
        raise NotAuthentic(_unsigned_error(wire, dns.rcode.BADSIG)) from None
    except dns.tsig.BadTime:
        raise NotAuthentic(_signed_time_error(wire, keyring)) from None


def _unsigned_error(wire: bytes, error: dns.rcode.Rcode) -> bytes:
    """§5.2.1, §5.2.2: the key cannot be trusted, so the answer carries an empty signature."""
    question = dns.message.from_wire(wire, keyring=False)
    owner, received = _tsig(question)
    return _reply(question, owner, received.replace(mac=b"", error=error, other=b""))


def _signed_time_error(wire: bytes, keyring: Keyring) -> bytes:
    """§5.2.3: signed with the client's own time, the server's clock in the other data."""
    question = dns.message.from_wire(wire, keyring=False)
    owner, received = _tsig(question)
    claim = received.replace(mac=b"", error=dns.rcode.BADTIME, other=int(time.time()).to_bytes(6, "big"))
    sign = cast("Any", dns.tsig.sign)
    signed, _ = sign(_reply(question), keyring[owner], claim, received.time_signed, received.mac)
    return _reply(question, owner, signed)


def _reply(
    question: dns.message.Message, owner: dns.name.Name | None = None, tsig: dns.rdata.Rdata | None = None
) -> bytes:
    """NOTAUTH, with the TSIG record as given: it is final, so dnspython must not sign again."""
    reply = dns.message.make_response(question)
    reply.set_rcode(dns.rcode.NOTAUTH)
    reply.tsig = dns.rrset.from_rdata(owner, 0, tsig) if owner and tsig else None
    reply.want_tsig_sign = False
    return reply.to_wire()


def _tsig(message: dns.message.Message) -> tuple[dns.name.Name, dns.rdtypes.ANY.TSIG.TSIG]:
    record = cast("dns.rrset.RRset", message.tsig)
    return record.name, cast("dns.rdtypes.ANY.TSIG.TSIG", record[0])
