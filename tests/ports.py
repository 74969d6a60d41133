"""Ports for the servers that the tests start: below those the kernel gives to outgoing connections."""

from __future__ import annotations

import itertools
import os
import socket

#: Linux draws the near ends of connections from 32768 on (ip_local_port_range): none of them ends up here.
_FIRST, _EACH, _WORKERS = 10_000, 2_500, 8
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _WORKERS
# Each process starts elsewhere, so that two sessions side by side do not ask for the same ports at the same time.
_offsets = itertools.count(os.getpid() * 7)


def free_port() -> int:
    """A port of 127.0.0.1, out of this worker's own range, free for TCP and UDP at the moment of asking."""
    while True:
        port = _FIRST + _worker * _EACH + next(_offsets) % _EACH
        with socket.socket() as stream, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram:
            try:
                stream.bind(("127.0.0.1", port))
                datagram.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
