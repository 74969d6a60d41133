"""The contract of a place where files are laid: a folder, a WebDAV or SFTP server, somebody's hands."""

from __future__ import annotations

from typing import Protocol


class Occupied(Exception):
    """Nothing was written: a file of that name is there."""


class Unsure(Exception):
    """The answer was lost, or said that something broke: the file may be there, a part of it, or nothing. Look."""


class Place(Protocol):
    """One account's folder. Every method raises ``Problem`` with a code SEC… for what does not pass."""

    def read(self, name: str) -> bytes | None:
        """The file's bytes, None when there is none of that name."""

    def put(self, name: str, content: bytes) -> None:
        """Make a new file. Raises ``Occupied`` or ``Unsure``; never replaces one."""

    def remove(self, name: str) -> None:
        """Take a file away; what is gone already is no failure."""
