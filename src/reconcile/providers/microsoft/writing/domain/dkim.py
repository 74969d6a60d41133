"""DKIM: Exchange makes a domain's keys and tells the names DNS must point to; once it does, messages are signed."""

from __future__ import annotations

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.base import Order
from reconcile.providers.microsoft.reading import observed_state
from reconcile.providers.microsoft.wire.exchange import Exchange, Row
from reconcile.providers.microsoft.wire.refusals import Refused
from reconcile.providers.microsoft.writing.read_back import AGREEING, created, retrying, until
from reconcile.providers.microsoft.writing.services import Surfaces, disagrees
from reconcile.resources.resource import Live

#: Exchange's own default is 1024, which receivers begin to distrust (RFC 8301).
KEY_BITS = 2048
#: Seconds for Exchange to show the change, and to see new names in the DNS.
SHOWN_TIMEOUT = 600.0
DNS_TIMEOUT = 1800.0


class DkimWriter:
    """Kind *dkim*: the keys. Nothing is signed yet."""

    def __init__(self, surfaces: Surfaces) -> None:
        self._exchange = surfaces.exchange
        self._clock = surfaces.clock

    def create(self, order: Order) -> Live:
        """Exchange makes some domains' keys by itself: what exists is kept, for other keys take a rotation."""
        domain = order.address.key
        row = _config(self._exchange, domain)
        if row is None:
            row = created(
                self._clock, lambda: self._make(order), lambda: _config(self._exchange, domain), SHOWN_TIMEOUT
            )
        if row is None:
            raise disagrees(order.address, Phrase("its DKIM keys"))
        return Live(order.address, {"keys": True}, domain, observed_state.dkim_outputs(row))

    def update(self, order: Order) -> Live:
        return self.create(order)

    def delete(self, order: Order) -> None:
        """Keys are never deleted: messages on their way are still verified with them."""

    def _make(self, order: Order) -> None:
        try:
            self._exchange.create(
                "New-DkimSigningConfig",
                DomainName=order.address.key,
                KeySize=KEY_BITS,
                Enabled=False,
                Confirm=False,
            )
        except Refused as refused:
            if refused.code != "ADObjectAlreadyExistsException":
                raise


class DkimSigningWriter:
    """Kind *dkim_signing*: the switch."""

    def __init__(self, surfaces: Surfaces) -> None:
        self._exchange = surfaces.exchange
        self._clock = surfaces.clock

    def create(self, order: Order) -> Live:
        domain = order.address.key

        def switch() -> None:
            self._exchange.run("Set-DkimSigningConfig", Identity=domain, Enabled=True, Confirm=False)

        try:
            retrying(self._clock, switch, _unpublished, DNS_TIMEOUT, pause=30.0)
        except Refused as refused:
            if not _unpublished(refused):
                raise
            raise Problem(
                "M365-29",
                Phrase("{domain}: Exchange does not see the DKIM names of this domain in the DNS.", domain=domain),
                "check that both selectors are published and public, then apply again",
            ) from None

        def on() -> bool | None:
            return True if (_config(self._exchange, domain) or {}).get("Enabled") else None

        if until(self._clock, on, SHOWN_TIMEOUT, agreeing=AGREEING) is None:
            raise disagrees(order.address, Phrase("that its messages are signed"))
        return Live(order.address, {"enabled": True}, domain)

    def update(self, order: Order) -> Live:
        return self.create(order)

    def delete(self, order: Order) -> None:
        if _config(self._exchange, order.address.key) is not None:
            self._exchange.run("Set-DkimSigningConfig", Identity=order.address.key, Enabled=False, Confirm=False)


def _config(exchange: Exchange, domain: str) -> Row | None:
    return exchange.one("Get-DkimSigningConfig", (), domain, lambda row: str(row.get("Domain") or "").lower() == domain)


def _unpublished(refused: Refused) -> bool:
    return refused.says("CNAME record does not exist", "CnameMissing", "publish the following two CNAME")
