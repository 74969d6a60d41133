"""A caching resolver for tests: it remembers what the server said, as long as it was reported to."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import dns.flags
import dns.message
import dns.query
import dns.rdatatype


class CachingResolver:
    """Answers from its memory, else asks one authoritative server. ``age`` makes what it remembers older."""

    def __init__(self, upstream: int) -> None:
        self._upstream = upstream
        self._known: dict[tuple[str, int], dns.message.Message] = {}
        self._age = 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        #: Every name asked, in order.
        self.asked: list[str] = []

    def age(self, seconds: int) -> None:
        self._age += seconds

    def serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                wire, client = self._socket.recvfrom(4096)
                self._socket.sendto(self._answer(dns.message.from_wire(wire)).to_wire(), client)

    def stop(self) -> None:
        self._socket.close()

    def _answer(self, query: dns.message.Message) -> dns.message.Message:
        (question,) = query.question
        self.asked.append(question.name.to_text(omit_final_dot=True))
        key = (question.name.to_text().lower(), question.rdtype)
        if key not in self._known:
            onward = dns.message.make_query(question.name, question.rdtype, flags=0)
            self._known[key] = dns.query.tcp(onward, "127.0.0.1", 5, port=self._upstream)
            age = 0
        else:
            age = self._age
        known = self._known[key]
        answer = dns.message.make_response(query, recursion_available=True)
        answer.set_rcode(known.rcode())
        for mine, theirs in ((answer.answer, known.answer), (answer.authority, known.authority)):
            for rrset in theirs:
                copy = rrset.copy()
                copy.ttl = max(0, rrset.ttl - age)
                mine.append(copy)
        return answer


@contextlib.contextmanager
def caching_resolver(upstream: int) -> Iterator[CachingResolver]:
    resolver = CachingResolver(upstream)
    thread = threading.Thread(target=resolver.serve, daemon=True)
    thread.start()
    try:
        yield resolver
    finally:
        resolver.stop()
