"""What the tenant does with mail for addresses of a domain that it does not know: pass it on, or refuse it."""

from __future__ import annotations

from reconcile.problem import Problem
from reconcile.providers.base import Order
from reconcile.providers.microsoft.reading.tenant import list_accepted
from reconcile.providers.microsoft.wire.exchange import Exchange
from reconcile.providers.microsoft.writing.read_back import AGREEING, until
from reconcile.providers.microsoft.writing.services import Surfaces, disagrees
from reconcile.resources.resource import Live

#: Mail for an address the tenant does not know follows the MX: to the old host until the switch.
RELAY = "InternalRelay"
#: Seconds for Exchange to show the change.
SHOWN_TIMEOUT = 600.0


class MailFlowWriter:
    """Kind *mail_flow*."""

    def __init__(self, surfaces: Surfaces) -> None:
        self._exchange = surfaces.exchange
        self._clock = surfaces.clock

    def create(self, order: Order) -> Live:
        """An accepted domain always has a type, so that creating is changing. Raises Problem M365-25 without one."""
        domain, wanted = order.address.key, str(order.fields["type"])
        current = list_accepted(self._exchange).get(domain)
        if current is None:
            raise Problem("M365-25", f"{domain}: Exchange does not accept this domain.", "apply its verification first")
        if current != wanted:
            set_type(self._exchange, domain, wanted)

        def shown() -> bool | None:
            return True if list_accepted(self._exchange).get(domain) == wanted else None

        if until(self._clock, shown, SHOWN_TIMEOUT, agreeing=AGREEING) is None:
            raise disagrees(order.address, f"that it is {wanted}")
        return Live(order.address, {"type": wanted}, domain)

    def update(self, order: Order) -> Live:
        return self.create(order)

    def delete(self, order: Order) -> None:
        """A domain no longer described refuses nobody: it is a relay again, if Exchange still has it."""
        if order.address.key in list_accepted(self._exchange):
            set_type(self._exchange, order.address.key, RELAY)


def set_type(exchange: Exchange, domain: str, kind: str) -> None:
    exchange.run("Set-AcceptedDomain", Identity=domain, DomainType=kind, Confirm=False)
