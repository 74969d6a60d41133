"""The tables [legacy.NAME.handover…]: how an old host sends a federation's domains on by their MX, and how that is
proved."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from reconcile.config.settings.mistake import mistake
from reconcile.config.settings.tables.legacy.lock import Place
from reconcile.config.settings.tables.table import Name, Table


class HandoverPostfix(Table):
    """Postfix tables as this machine reaches them, one domain or address a line."""

    virtual_domains_file: Path
    """That of virtual_mailbox_domains: a domain handed over leaves it."""
    relay_domains_file: Path
    """That of relay_domains: the domain is written there, and sent on by its MX."""
    aliases_file: Path
    """That of virtual_alias_maps: the domain's redirections and catch-all leave it, kept in spfstate/handovers."""
    reload: Annotated[tuple[Name, ...], Field(min_length=1)]
    """A program and its arguments after which Postfix sees the tables: postmap where they are compiled, then reload."""
    timeout_seconds: int = Field(60, ge=1)
    """Seconds after which it is stopped."""


class HandoverCommand(Table):
    command: Annotated[tuple[Name, ...], Field(min_length=1)]
    """A program and its arguments; what it is told and must answer is in docs/handover.md."""
    timeout_seconds: int = Field(60, ge=1)
    """Seconds after which it is stopped."""


class HandoverByHand(Table):
    """Somebody hands over and takes back by hand, told what; it counts once it is proved."""

    hand_over: Annotated[tuple[Name, ...], Field(min_length=1)]
    """What to do, line by line; {domain} stands for each domain."""
    take_back: Annotated[tuple[Name, ...], Field(min_length=1)]
    """How it is taken back, likewise."""


class Handover(Table):
    """How the old host hands over: one of postfix, command and by_hand (docs/handover.md)."""

    postfix: HandoverPostfix | None = None
    """Its Postfix tables."""
    command: HandoverCommand | None = None
    """A program of your own."""
    by_hand: HandoverByHand | None = None
    """Nobody but a person can."""
    sender: Name
    """The login, and address, of a mailbox of a third domain of this host, which moves last or never: it sends the
    probes and receives the reports on them."""
    sender_password_file: Path | None = None
    """File holding its password; RECONCILE_LEGACY_<NAME OF THE TABLE>_HANDOVER_PASSWORD comes first."""
    submission: Place
    """Where it sends: host:587 with STARTTLS, or host:465."""
    tenant_servers: Annotated[tuple[Name, ...], Field(min_length=1)] = (".outlook.com", ".mx.microsoft")
    """How the names of the servers end that the domains' MX leads to."""
    patience_seconds: float = Field(300, gt=0)
    """How long a report on a probe may take."""

    @model_validator(mode="after")
    def _one_way(self) -> Handover:
        if sum(way is not None for way in (self.postfix, self.command, self.by_hand)) != 1:
            raise mistake("handover", "one of postfix, command, by_hand is expected")
        if "@" not in self.sender:
            raise mistake("handover", "sender is a mailbox's login and address: it holds an @")
        if not self.submission:
            raise mistake("handover", "submission is missing: where the probes are sent")
        return self
