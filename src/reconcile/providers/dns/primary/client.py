"""The primary server of the zones: many questions at once, and updates, each answer judged before it is believed."""

from __future__ import annotations

import base64
import binascii
import contextlib
import dataclasses
import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.tsig
import dns.update

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.dns.primary import failures
from reconcile.providers.dns.primary.answers import Answer, Failure, Question, parsed_reply, query_for
from reconcile.providers.dns.primary.connection import TcpConnection, Unreachable
from reconcile.providers.dns.primary.gss import GssKey

#: The TSIG algorithms a key may use; HMAC-MD5 and SHA-1 are left out on purpose (RFC 8945 §6).
_ALGORITHMS = {
    "hmac-sha224": dns.tsig.HMAC_SHA224,
    "hmac-sha256": dns.tsig.HMAC_SHA256,
    "hmac-sha384": dns.tsig.HMAC_SHA384,
    "hmac-sha512": dns.tsig.HMAC_SHA512,
}


class Verdict(enum.Enum):
    """What became of an UPDATE. Only reading tells what ``UNHEARD`` means: its answer was lost."""

    ACCEPTED = "accepted"
    CONFLICT = "conflict"
    UNHEARD = "unheard"


@dataclasses.dataclass(frozen=True, slots=True)
class Primary:
    """One authoritative server. ``key`` signs updates (TSIG, RFC 8945); ``timeout`` is in seconds per answer."""

    host: str
    port: int = 53
    key: dns.tsig.Key | None = dataclasses.field(default=None, repr=False)
    timeout: float = 5.0
    #: Agrees on a key with the server before the first update, where there is none.
    gss: GssKey | None = dataclasses.field(default=None, repr=False, compare=False)
    _connection: TcpConnection | None = dataclasses.field(default=None, repr=False, compare=False)

    @contextlib.contextmanager
    def connected(self) -> Iterator[Primary]:
        """The same server, asked over a connection that is kept until the end of the block. For one thread."""
        connection = TcpConnection(self.host, self.port, self.timeout)
        try:
            yield dataclasses.replace(self, _connection=connection)
        finally:
            connection.close()

    def ask(self, questions: Iterable[Question]) -> Mapping[Question, Answer | Failure]:
        """Every answer, read without recursion over one TCP connection. Raises nothing: a failed read is a Failure.

        Reads are not signed: before anything is written, the prerequisites of the signed update prove them.
        """
        asked = list(dict.fromkeys(questions))
        queries = [query_for(question, number) for number, question in enumerate(asked)]
        replies = self._send_all(queries)
        return {
            question: parsed_reply(str(self), question, reply) for question, reply in zip(asked, replies, strict=True)
        }

    def ask_signed(self, questions: Iterable[Question]) -> Mapping[Question, dns.message.Message | None]:
        """The whole answers with their signatures (the bit DO, RFC 4035 §3.2.1); None for one that cannot be read."""
        asked = list(dict.fromkeys(questions))
        queries = [dns.message.make_query(one.name, one.rdtype, flags=0, want_dnssec=True) for one in asked]
        for number, query in enumerate(queries):
            query.id = number
        replies = self._send_all([query.to_wire() for query in queries])
        return {question: _message(reply) for question, reply in zip(asked, replies, strict=True)}

    def update(self, messages: Sequence[dns.update.UpdateMessage]) -> list[Verdict | Problem]:
        """Send UPDATEs, all at once, and give the server's verdict on each.

        Problems: DNS01 unreachable, DNS03 key refused, DNS04 clocks apart, DNS05 refused, DNS06 not the primary of the
        zone, DNS11 any other answer, DNS21 no key could be agreed.
        """
        if self.gss is None:
            return self._update(messages)
        try:
            with self.gss.locked(self._send_all) as key:
                return dataclasses.replace(self, key=key)._update(messages)
        except Problem as problem:
            return [problem] * len(messages)

    def _update(self, messages: Sequence[dns.update.UpdateMessage]) -> list[Verdict | Problem]:
        for number, message in enumerate(messages):
            message.id = number
            if self.key is not None:
                message.use_tsig(self.key)
        replies = self._send_all([message.to_wire() for message in messages])
        return [self._verdict(message, reply) for message, reply in zip(messages, replies, strict=True)]

    def __str__(self) -> str:
        port = f":{self.port}" if self.port != 53 else ""
        return Phrase("the DNS server {host}{port}", host=self.host, port=port)

    @property
    def key_name(self) -> str:
        """The name of the TSIG key, "" without one."""
        return self.key.name.to_text(omit_final_dot=True) if self.key else ""

    def _send_all(self, messages: Sequence[bytes]) -> list[bytes | Unreachable]:
        if self._connection is not None:
            return self._connection.exchange(messages)
        with self.connected() as primary:
            return primary._send_all(messages)

    def _verdict(self, message: dns.update.UpdateMessage, reply: bytes | Unreachable) -> Verdict | Problem:
        zone = message.zone[0].name.to_text(omit_final_dot=True)
        if isinstance(reply, Unreachable) and reply.connected:
            return Verdict.UNHEARD
        try:
            rcode = self._read(message, reply, zone).rcode()
        except Problem as problem:
            return problem
        if rcode == dns.rcode.REFUSED:
            return Problem(
                "DNS05",
                Phrase(
                    "{server} refused to change {zone}: the key may not update these records.", server=self, zone=zone
                ),
                Phrase("grant the key '{key_name}' updates of {zone} on the server", key_name=self.key_name, zone=zone),
            )
        if rcode == dns.rcode.NOTAUTH:
            return Problem(
                "DNS06",
                Phrase("{server} is not the primary of {zone}.", server=self, zone=zone),
                "correct [dns] host in reconcile.toml",
            )
        if rcode == dns.rcode.NOTIMP:
            return self._no_updates(zone)
        if rcode in _PREREQUISITE_FAILED:
            return Verdict.CONFLICT
        if rcode != dns.rcode.NOERROR:
            return Problem(
                "DNS11",
                Phrase(
                    "{server} answered {rcode} to an update of {zone}.",
                    server=self,
                    rcode=dns.rcode.to_text(rcode),
                    zone=zone,
                ),
                "read its log",
            )
        return Verdict.ACCEPTED

    def _read(self, query: dns.message.Message, reply: bytes | Unreachable, name: str) -> dns.message.Message:
        """The reply to an update, its signature verified. Raises Problem."""
        if isinstance(reply, Unreachable):
            raise failures.unreachable(str(self), reply, name)
        try:
            message = dns.message.from_wire(reply, keyring=self.key, request_mac=query.mac)
        except dns.tsig.PeerBadTime:
            raise Problem(
                "DNS04",
                Phrase(
                    "{server} refused the key '{key_name}': its clock and ours are more than 300 s apart.",
                    server=self,
                    key_name=self.key_name,
                ),
                "set both clocks by NTP, then run again",
            ) from None
        except (dns.tsig.PeerError, dns.tsig.BadSignature, dns.tsig.BadKey, dns.tsig.BadTime):
            raise self._key_refused(name) from None
        except dns.exception.DNSException as error:
            if reply[3] & 0xF == dns.rcode.NOTIMP:
                raise self._no_updates(name) from None
            if self.key is not None and dns.rcode.Rcode(reply[3] & 0xF) in _UNSIGNED_REFUSALS:
                raise self._key_refused(name) from None
            raise failures.unreadable(str(self), name, error) from None
        return message

    def _no_updates(self, zone: str) -> Problem:
        return Problem(
            "DNS24",
            Phrase(
                "{server} takes no dynamic updates (NOTIMP to an update of {zone}; NSD, for one, never does).",
                server=self,
                zone=zone,
            ),
            "have the zone served by one that does, or name it in [dns.hosted] or [dns.manual]",
        )

    def _key_refused(self, name: str) -> Problem:
        return Problem(
            "DNS03",
            Phrase(
                "{server} refused the key '{key_name}' for {name}: unknown name, other secret or other algorithm.",
                server=self,
                key_name=self.key_name,
                name=name,
            ),
            # Knot says BADKEY of a good key that no rule allows here, too; PowerDNS says no more of a bad time.
            "compare name, algorithm and secret with the server's own; see that it allows the key, and both clocks",
        )


def _message(reply: bytes | Unreachable) -> dns.message.Message | None:
    if isinstance(reply, Unreachable):
        return None
    try:
        return dns.message.from_wire(reply)
    except dns.exception.DNSException:
        return None


#: How servers refuse a key without signing that they do: dnspython calls such an answer malformed.
_UNSIGNED_REFUSALS = frozenset({dns.rcode.NOTAUTH, dns.rcode.FORMERR, dns.rcode.REFUSED})
#: What a server answers when a prerequisite of an update does not hold (RFC 2136 §3.2).
_PREREQUISITE_FAILED = frozenset({dns.rcode.NXRRSET, dns.rcode.YXRRSET, dns.rcode.YXDOMAIN, dns.rcode.NXDOMAIN})


def tsig_key(name: str, algorithm: str, secret: str) -> dns.tsig.Key:
    """The key from its settings. Raises DNS12, without quoting the secret, when one of them cannot be used."""
    known = _ALGORITHMS.get(algorithm.lower().rstrip("."))
    if known is None:
        raise Problem(
            "DNS12",
            Phrase("'{algorithm}' is not a TSIG algorithm in use.", algorithm=algorithm),
            Phrase("one of {algorithms}", algorithms=", ".join(_ALGORITHMS)),
        )
    try:
        octets = base64.b64decode("".join(secret.split()), validate=True)
    except (binascii.Error, ValueError):
        octets = b""
    if not octets:
        raise Problem(
            "DNS12",
            Phrase("The secret of the DNS key '{name}' is not base64.", name=name),
            "copy it again from the server",
        )
    return dns.tsig.Key(dns.name.from_text(name), octets, known)
