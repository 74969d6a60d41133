"""Places that deliveries are laid in, on real servers of this machine: OpenSSH's sftp-server, WsgiDAV on cheroot."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.ports import free_port

USER, PASSWORD = "postmaster", "Mot-de-passe-accentué-75"


@contextlib.contextmanager
def openssh(folder: Path) -> Iterator[tuple[int, Path, Path]]:
    """An SSH server for whoever runs the tests: its port, the key that opens it, its known_hosts."""
    folder.mkdir(parents=True)
    folder.chmod(0o700)
    for name in ("host", "user", "other"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    (folder / "authorized_keys").write_text((folder / "user.pub").read_text())
    (folder / "authorized_keys").chmod(0o600)
    port = free_port()
    (folder / "sshd_config").write_text(
        f"""\
ListenAddress 127.0.0.1:{port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
Subsystem sftp internal-sftp
"""
    )
    Path("/run/sshd").mkdir(exist_ok=True)  # where it gives up its rights
    server = subprocess.Popen(
        ["/usr/sbin/sshd", "-D", "-e", "-f", folder / "sshd_config"], stderr=subprocess.PIPE, text=True
    )
    try:
        assert server.stderr is not None
        for line in server.stderr:
            if "Server listening" in line:
                break
        else:
            raise AssertionError("sshd did not start")
        draining = threading.Thread(target=server.stderr.read, daemon=True)
        draining.start()
        host = (folder / "host.pub").read_text().split()[:2]
        (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {' '.join(host)}\n")
        yield port, folder / "user", folder / "known_hosts"
    finally:
        server.terminate()
        server.wait()
        draining.join()
        server.stderr.close()


@contextlib.contextmanager
def webdav(folder: Path, between: Callable[[Any], Any] = lambda app: app) -> Iterator[str]:
    """A WebDAV server on a folder: its address. ``between`` may stand before the application (WSGI)."""
    from cheroot import wsgi
    from wsgidav.wsgidav_app import WsgiDAVApp

    app = WsgiDAVApp(
        {
            "provider_mapping": {"/": {"root": str(folder), "readonly": False}},
            "simple_dc": {"user_mapping": {"*": {USER: {"password": PASSWORD}}}},
            "http_authenticator": {"accept_basic": True, "accept_digest": False, "default_to_digest": False},
            "lock_storage": False,
            "property_manager": False,
            "logging": {"enable": False, "enable_loggers": []},
            "verbose": 0,
        }
    )
    port = free_port()
    server = wsgi.Server(("127.0.0.1", port), between(app), numthreads=4)
    server.prepare()
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()
        thread.join()


def user() -> str:
    return (
        os.environ.get("USER")
        or subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
    )
