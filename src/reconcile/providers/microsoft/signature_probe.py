"""The rule of a probe, written for one sender and taken away again: what no plan describes and no state records."""

from __future__ import annotations

import random as system_random
from collections.abc import Callable

from reconcile.clock import Clock
from reconcile.config.settings.settings import Settings
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.microsoft.reading.rules import OURS, list_rules
from reconcile.providers.microsoft.wire.auth import Credential
from reconcile.providers.microsoft.wire.connection import connect
from reconcile.providers.microsoft.wire.refusals import Refused, explained
from reconcile.providers.microsoft.wire.transport import Transport
from reconcile.providers.microsoft.writing.signature import probe_rule, remove_probe_rule
from reconcile.resources.address import NETWORK, Address


class SignatureProbe:
    """Asks the tenant to add a text to one person's messages. Raises ``Problem`` with a code M365-… or AUTH…"""

    def __init__(
        self,
        settings: Settings,
        credential: Credential,
        clock: Clock,
        random: Callable[[], float] = system_random.random,
    ) -> None:
        sender = Transport(clock, random, settings.tenant.ca_file)
        _, self._exchange = connect(settings.tenant, credential, sender, clock)

    def ask(self, name: str, sender: str, text: str) -> None:
        """Write the rule; one of a former probe is replaced."""
        self._explained(name, lambda: probe_rule(self._exchange, name, sender, text))

    def withdraw(self, name: str) -> None:
        """Take the rule away, if it is there."""
        self._explained(name, lambda: remove_probe_rule(self._exchange, name))

    def other_signers(self) -> tuple[str, ...]:
        """Enabled rules that are not ours and add a text to messages too: people would be signed twice."""
        found: list[str] = []

        def read() -> None:
            found.extend(
                str(row.get("Name", ""))
                for row in list_rules(self._exchange)
                if row.get("ApplyHtmlDisclaimerText")
                and row.get("State") == "Enabled"
                and not str(row.get("Comments") or "").startswith(OURS)
            )

        self._explained("Get-TransportRule", read)
        return tuple(found)

    def _explained(self, name: str, act: Callable[[], None]) -> None:
        try:
            act()
        except Refused as refused:
            raise explained(refused, Address(NETWORK, "signature", name)) from None
        except (KeyError, TypeError, AttributeError) as odd:
            message = Phrase("Microsoft answered what cannot be read ({kind}).", kind=type(odd).__name__)
            raise Problem("M365-04", message, "run again") from None
