"""What libraries log does not reach the screen; our own warnings do."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from pathlib import Path

_WARNED = """
import logging
from reconcile.cli.main import quiet_libraries
quiet_libraries()
logging.getLogger("paramiko.transport").error("Traceback (most recent call last)")
logging.getLogger("reconcile.sandbox").warning("a part of ours failed")
"""
_DELIVERED = """
import pathlib, sys
from reconcile.cli.main import quiet_libraries
from reconcile.problem import Problem
from reconcile.providers.delivery.sftp import connected
quiet_libraries()
try:
    with connected("127.0.0.1", int(sys.argv[1]), "postmaster", "/meuse", pathlib.Path(sys.argv[2]), "secret"):
        pass
except Problem as problem:
    print(problem)
"""


def run(code: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, timeout=60, check=True)


def test_a_library_s_traceback_is_no_sentence_for_people() -> None:
    assert run(_WARNED).stderr == "a part of ours failed\n"


def test_a_server_that_is_no_sftp_server_is_said_in_one_line(tmp_path: Path) -> None:
    known = tmp_path / "known_hosts"
    known.write_text("")
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"hello\r\n" * 200)
                connection.recv(100)

        threading.Thread(target=answer, daemon=True).start()
        done = run(_DELIVERED, str(server.getsockname()[1]), str(known))
    assert done.stderr == ""
    assert done.stdout.startswith("SEC15 sftp://127.0.0.1:")
    assert "cannot be reached" in done.stdout
