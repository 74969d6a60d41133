"""The sandbox's DNS server with one zone that fails, as long as it is broken."""

from __future__ import annotations

import contextlib
import re
import socket
import socketserver
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import dns.name
import dns.rcode


@contextlib.contextmanager
def broken_zone(folder: Path, zone: str) -> Iterator[threading.Event]:
    """Stands before the sandbox's server of that folder and answers SERVFAIL about the zone until the event is set."""
    settings = folder / ".sandbox" / "settings.toml"
    text = settings.read_text(encoding="utf-8")
    found = re.search(r"\[dns\][^\[]*?^port = (\d+)$", text, re.MULTILINE)
    assert found, text
    mended = threading.Event()
    fails = dns.name.from_text(zone)

    class Before(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with (
                socket.create_connection(("127.0.0.1", int(found[1])), 10) as upstream,
                upstream.makefile("rb") as back,
            ):
                while query := _message(self.rfile):
                    name, _ = dns.name.from_wire(query, 12)
                    if not mended.is_set() and name.is_subdomain(fails):
                        reply = query[:2] + bytes((query[2] | 0x80, dns.rcode.SERVFAIL)) + bytes(8)
                    else:
                        upstream.sendall(struct.pack("!H", len(query)) + query)
                        reply = _message(back)
                    self.wfile.write(struct.pack("!H", len(reply)) + reply)

    with _Server(("127.0.0.1", 0), Before) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        start, end = found.span(1)
        settings.write_text(f"{text[:start]}{server.server_address[1]}{text[end:]}", encoding="utf-8")
        try:
            yield mended
        finally:
            settings.write_text(text, encoding="utf-8")
            server.shutdown()
            thread.join()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64


def _message(stream: BinaryIO) -> bytes:
    """The next message of a TCP stream (RFC 1035 §4.2.2); b"" at its end."""
    size = stream.read(2)
    return stream.read(struct.unpack("!H", size)[0]) if len(size) == 2 else b""
