"""The old host's public folders: one namespace for each first word of their names, mail in Maildir, for every user."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.sandbox.imap.configuration import Settings


@dataclasses.dataclass(frozen=True, slots=True)
class PublicFolders:
    """``names``: ``Partages/Comptabilité`` or ``Partages.Comptabilité``, all with one separator. ``mail``: the folder
    that holds them."""

    names: Sequence[str]
    mail: Path

    @property
    def separator(self) -> str:
        return "/" if any("/" in name for name in self.names) else "."

    def settings(self) -> Settings:
        """What Dovecot is told; nothing without any. All its namespaces have one separator.

        Raises ``Problem`` SBX12 for a name that stands in no namespace.
        """
        spaces = {self._place(name)[0]: None for name in self.names}
        return {
            f"namespace {_label(space)}": {
                "type": "public",
                "prefix": space + self.separator,
                "separator": self.separator,
                "subscriptions": False,
                "mail_driver": "maildir",
                "mail_path": str(self.mail / _label(space)),
            }
            for space in spaces
        }

    def maildir(self, name: str) -> tuple[Path, tuple[str, ...]]:
        """The Maildir in which a folder stands, and its path there."""
        space, *path = self._place(name)
        return self.mail / _label(space), tuple(path)

    def _place(self, name: str) -> list[str]:
        parts = name.split(self.separator)
        if len(parts) == 1 or not all(parts):
            raise Problem(
                "SBX12",
                Phrase("The sandbox's old host cannot have a public folder {name!r}.", name=name),
                "name it NAMESPACE/FOLDER",
            )
        return parts


def _label(space: str) -> str:
    return "public-" + re.sub(r"\W", "_", space)
