"""An SFTP server: a file is written under a passing name, whole, then given its own, which never replaces another."""

from __future__ import annotations

import contextlib
import io
import posixpath
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.delivery.place import Occupied, Unsure

_SECONDS = 60.0


class Sftp:
    """The account's folder on the server, which must exist; open it with ``connected``."""

    def __init__(self, client: Any, folder: str, server: str) -> None:
        self._client = client
        self._folder = folder
        self._server = server

    def read(self, name: str) -> bytes | None:
        try:
            self._client.stat(self._folder)
            with self._client.open(posixpath.join(self._folder, name), "rb") as file:
                content: bytes = file.read()
                return content
        except FileNotFoundError as error:
            if not self._there(self._folder):
                raise self._refused(error) from None
            return None
        except _broken() as error:
            raise self._refused(error) from None

    def put(self, name: str, content: bytes) -> None:
        target = posixpath.join(self._folder, name)
        draft = posixpath.join(self._folder, f".{name}.{secrets.token_hex(4)}")
        try:
            # Never pipelined: write errors would be lost without a word. putfo compares the size.
            self._client.putfo(io.BytesIO(content), draft, confirm=True)
            # SSH_FXP_RENAME of version 3 refuses a name that is taken; posix_rename would replace it.
            self._client.rename(draft, target)
        except _broken() as error:
            with contextlib.suppress(*_broken()):
                self._client.remove(draft)
            with contextlib.suppress(*_broken()):
                if self._there(target):
                    raise Occupied from None
            if isinstance(error, PermissionError | FileNotFoundError):
                raise self._refused(error) from None
            # "Failure" alone: a full disk, a lost connection.
            raise Unsure(
                Phrase("{server}: {error}", server=self._server, error=error or type(error).__name__)
            ) from None

    def remove(self, name: str) -> None:
        try:
            self._client.remove(posixpath.join(self._folder, name))
        except FileNotFoundError:
            return
        except _broken() as error:
            raise self._refused(error) from None

    def _there(self, path: str) -> bool:
        try:
            self._client.stat(path)
        except FileNotFoundError:
            return False
        return True

    def _refused(self, error: Exception) -> Problem:
        if isinstance(error, PermissionError):
            why, hint = (
                Phrase("does not let us write in {folder}", folder=self._folder),
                "check the user's rights there",
            )
        elif isinstance(error, FileNotFoundError):
            why, hint = (
                Phrase("has no folder {folder}", folder=self._folder),
                "check contact: poptransfert: with whoever keeps the server",
            )
        else:
            why, hint = (
                Phrase("broke off ({error})", error=error or type(error).__name__),
                "look at its room, then apply again",
            )
        return Problem("SEC15", Phrase("{server} {why}.", server=self._server, why=why), hint)


@contextlib.contextmanager
def connected(
    host: str, port: int, user: str, folder: str, known_hosts: Path, password: str = "", key_file: Path | None = None
) -> Iterator[Sftp]:
    """The folder on the server, whose host key must be in ``known_hosts``. Raises ``Problem`` SEC15."""
    import paramiko

    client = paramiko.SSHClient()
    server = f"sftp://{host}:{port}"
    try:
        try:
            client.load_host_keys(str(known_hosts))
            client.set_missing_host_key_policy(paramiko.RejectPolicy())
            client.connect(
                host,
                port,
                user,
                password=password or None,
                key_filename=str(key_file) if key_file else None,
                look_for_keys=False,
                allow_agent=False,
                timeout=_SECONDS,
                banner_timeout=_SECONDS,
                auth_timeout=_SECONDS,
            )
            opened = client.open_sftp()
            opened.get_channel().settimeout(_SECONDS)
        except paramiko.BadHostKeyException:
            raise Problem(
                "SEC15",
                Phrase(
                    "{server} shows another host key than known_hosts_file has; nothing was delivered.", server=server
                ),
                "ask whoever keeps the server, before anything else",
            ) from None
        except paramiko.AuthenticationException:
            hint = "check user, key_file or RECONCILE_DELIVERY_PASSWORD"
            raise Problem("SEC15", Phrase("{server} does not let {user} in.", server=server, user=user), hint) from None
        except (paramiko.SSHException, OSError, ValueError, EOFError) as error:
            if "not found in known_hosts" in str(error):
                hint = Phrase(
                    "ssh-keyscan -p {port} {host} >> known_hosts_file, and compare with whoever keeps the server",
                    port=port,
                    host=host,
                )
                raise Problem(
                    "SEC15", Phrase("The host key of {server} is not in known_hosts_file.", server=server), hint
                ) from None
            said = getattr(error, "strerror", None) or type(error).__name__
            raise Problem(
                "SEC15",
                Phrase("{server} cannot be reached ({said}).", server=server, said=said),
                "apply again once it answers",
            ) from None
        yield Sftp(opened, folder, server)
    finally:
        client.close()


def _broken() -> tuple[type[Exception], ...]:
    """What the library raises for a refusal, and for a connection that is gone."""
    import paramiko

    return (OSError, EOFError, paramiko.SSHException)
