"""The table [network]: who the mailboxes are for."""

from __future__ import annotations

from typing import Literal

from reconcile.config.settings.tables.table import Table


class Network(Table):
    """The network of federations."""

    language: Literal["en", "fr"] = "en"
    """What its people read: the language of the command and of the board, unless --lang or RECONCILE_LANG says
    otherwise."""
