"""The table [delivery]: the way first passwords reach a federation's account."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from reconcile.config.settings.in_the_clear import refuse_in_the_clear
from reconcile.config.settings.mistake import mistake
from reconcile.config.settings.tables.table import Port, Table
from reconcile.language.phrase import Phrase

#: What each way cannot do without.
_NEEDED = {"folder": ("local_folder",), "webdav": ("url",), "sftp": ("host", "user", "known_hosts_file"), "by_hand": ()}


class Delivery(Table):
    """Where first passwords are laid (docs/passwords.md): in a folder named after each federation's account."""

    way: Literal["by_hand", "folder", "webdav", "sftp"] = "by_hand"
    """by_hand: the files wait on this machine for somebody who carries them over and says so."""
    local_folder: Path | None = None
    """folder: where the accounts' folders are, on this machine or mounted."""
    url: str = ""
    """webdav: the address that holds the accounts' folders."""
    host: str = ""
    """sftp: the server."""
    port: Port = 22
    """sftp: its port."""
    path: str = ""
    """sftp: where the accounts' folders are on the server; the user's home without it."""
    user: str = ""
    """webdav, sftp: who signs in."""
    password_file: Path | None = None
    """webdav, sftp: file holding the password; RECONCILE_DELIVERY_PASSWORD comes first."""
    key_file: Path | None = None
    """sftp: a private SSH key without a passphrase, instead of a password."""
    known_hosts_file: Path | None = None
    """sftp: the server's host key, as OpenSSH's known_hosts writes it (ssh-keyscan)."""
    ca_file: Path | None = None
    """webdav: certificate authority to trust instead of the usual ones."""
    in_the_clear: bool = Field(default=False)
    """true to let the WebDAV password cross a network unencrypted: http://, to a host that is not this machine."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        missing = [key for key in _NEEDED[self.way] if not getattr(self, key)]
        if missing:
            raise mistake("delivery", Phrase("way = {way} needs {keys}", way=self.way, keys=", ".join(missing)))
        if self.way == "webdav":
            address = urlsplit(self.url)
            if address.scheme not in ("http", "https") or not address.hostname or address.password:
                raise mistake("delivery", "url is an http(s) address without a password in it")
            if address.scheme == "http" and not self.in_the_clear:
                refuse_in_the_clear(Phrase("the delivery"), address.hostname, "in_the_clear")
        return self
