"""GSS-TSIG (RFC 3645): a key agreed with the server from a Kerberos ticket, as Active Directory wants it."""

from __future__ import annotations

import contextlib
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.tsig
from dns.rdtypes.ANY.TKEY import TKEY

from reconcile.clock import Clock
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem, pip_install
from reconcile.providers.dns.primary.connection import Unreachable

#: How [dns] key_algorithm asks for it.
ALGORITHM = "gss-tsig"
#: Messages out, the reply to each in: see TcpConnection.exchange.
SendAll = Callable[[Sequence[bytes]], list[bytes | Unreachable]]

#: Seconds the key is asked to live; the server may forget it earlier.
_LIFE = 3600
#: The exchange ends when both sides know each other; Kerberos needs one round, other mechanisms a few.
_ROUNDS = 5


class GssKey:
    """Agreed when first needed. ``service`` is the server's Kerberos name, such as ``DNS@dc1.spf.example``."""

    def __init__(self, service: str, clock: Clock) -> None:
        self._service = service
        self._clock = clock
        self._key: dns.tsig.Key | None = None
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def locked(self, exchange: SendAll) -> Iterator[dns.tsig.Key]:
        """The key, for one thread at a time: a security context knows no other. Raises DNS16, DNS21."""
        with self._lock:
            if self._key is None:
                self._key = self._agreed(exchange)
            yield self._key

    def _agreed(self, exchange: SendAll) -> dns.tsig.Key:
        gssapi = _library()
        try:
            return self._negotiate(gssapi, exchange)
        except gssapi.exceptions.GSSError as error:
            hint = "get a ticket (kinit, or KRB5_CLIENT_KTNAME), and see that key_name is the server's Kerberos name"
            reason = " ".join(str(error.gen_message()).split())
            raise Problem(
                "DNS21",
                Phrase("No key could be agreed with {service}: {reason}.", service=self._service, reason=reason),
                hint,
            ) from None
        except dns.exception.DNSException as error:
            kind = type(error).__name__
            raise Problem(
                "DNS21",
                Phrase("No key could be agreed with {service} ({kind}).", service=self._service, kind=kind),
                "read its log",
            ) from None

    def _negotiate(self, gssapi: Any, exchange: SendAll) -> dns.tsig.Key:
        flags = gssapi.RequirementFlag.mutual_authentication | gssapi.RequirementFlag.integrity
        service = gssapi.Name(self._service, gssapi.NameType.hostbased_service)
        context = gssapi.SecurityContext(name=service, usage="initiate", flags=flags)
        name = dns.name.from_text(f"{uuid.uuid4().hex}.reconcile.")
        key = dns.tsig.Key(name, context, dns.tsig.GSS_TSIG)
        token = context.step()
        for _ in range(_ROUNDS):
            answer = self._asked(name, key, token, exchange)
            if not context.complete:  # dnspython takes the last step itself, to verify a signed reply
                token = context.step(answer.key)
            if context.complete:
                return key
        raise Problem(
            "DNS21", Phrase("{service} did not complete the negotiation.", service=self._service), "read its log"
        )

    def _asked(self, name: dns.name.Name, key: dns.tsig.Key, token: bytes, exchange: SendAll) -> TKEY:
        now = int(self._clock.now().timestamp())
        query = dns.message.make_query(name, dns.rdatatype.TKEY, dns.rdataclass.ANY)
        mode = TKEY.GSSAPI_NEGOTIATION
        offer = TKEY(  # type: ignore[no-untyped-call]
            dns.rdataclass.ANY, dns.rdatatype.TKEY, dns.tsig.GSS_TSIG, now, now + _LIFE, mode, dns.rcode.NOERROR, token
        )
        query.additional.append(dns.rrset.from_rdata(name, 0, offer))
        (reply,) = exchange([query.to_wire()])
        if isinstance(reply, Unreachable):
            raise Problem(
                "DNS01",
                Phrase("The DNS server cannot be reached to agree on a key ({reason}).", reason=reply.reason),
                "try again",
            )
        keyring = dns.tsig.GSSTSigAdapter({name: key})  # type: ignore[no-untyped-call]
        message = dns.message.from_wire(reply, keyring=keyring)
        answer = message.get_rrset(message.answer, name, dns.rdataclass.ANY, dns.rdatatype.TKEY)
        if answer is None or answer[0].error != dns.rcode.NOERROR:
            said = (
                dns.rcode.to_text(message.rcode()) if answer is None else Phrase("error {error}", error=answer[0].error)
            )
            raise Problem(
                "DNS21",
                Phrase("{service} refused the ticket ({said}).", service=self._service, said=said),
                "is this account allowed, and its realm?",
            )
        found: TKEY = answer[0]
        return found


def _library() -> Any:
    try:
        import gssapi
    except ImportError:
        hint = Phrase(
            "{install} (it is compiled: apt-get install gcc python3-dev libkrb5-dev first)",
            install=pip_install("kerberos"),
        )
        raise Problem("DNS16", "The Python package gssapi is missing.", hint) from None
    return gssapi
