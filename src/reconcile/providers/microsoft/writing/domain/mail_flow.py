"""What the tenant does with mail for addresses of a domain that it does not know: pass it on, or refuse it."""

from __future__ import annotations

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.base import Order
from reconcile.providers.microsoft.reading.lists import list_accepted
from reconcile.providers.microsoft.wire.exchange import Exchange
from reconcile.providers.microsoft.wire.paths import segment
from reconcile.providers.microsoft.writing.domain import edge
from reconcile.providers.microsoft.writing.read_back import AGREEING, until
from reconcile.providers.microsoft.writing.services import Surfaces, disagrees
from reconcile.resources.resource import Live

#: Mail for an address the tenant does not know follows the MX: to the old host until the switch.
RELAY = "InternalRelay"
#: Seconds for Exchange to show the change.
SHOWN_TIMEOUT = 600.0
#: Seconds for the edge to follow.
EDGE_TIMEOUT = 900.0


class MailFlowWriter:
    """Kind *mail_flow*."""

    def __init__(self, surfaces: Surfaces) -> None:
        self._graph = surfaces.graph
        self._exchange = surfaces.exchange
        self._clock = surfaces.clock
        self._edge = surfaces.settings.tenant.edge

    def create(self, order: Order) -> Live:
        """An accepted domain always has a type, so that creating is changing. One that is to refuse unknown addresses
        is first asked from outside for its youngest ones, and is a relay again while the edge does not know them.

        Raises Problem M365-25 for a domain Exchange does not accept, FLOW03 and FLOW04 when the edge refuses, or cannot
        be asked.
        """
        domain, wanted = order.address.key, str(order.fields["type"])
        current = list_accepted(self._exchange).get(domain)
        if current is None:
            raise Problem(
                "M365-25",
                Phrase("{domain}: Exchange does not accept this domain.", domain=domain),
                "apply its verification first",
            )
        self._become(order, current, wanted)
        if wanted != RELAY and current != wanted and self._edge:
            self._ask_from_outside(order, wanted)
        return Live(order.address, {"type": wanted}, domain)

    def _become(self, order: Order, current: str, wanted: str) -> None:
        domain = order.address.key
        if current != wanted:
            set_type(self._exchange, domain, wanted)

        def shown() -> bool | None:
            return True if list_accepted(self._exchange).get(domain) == wanted else None

        if until(self._clock, shown, SHOWN_TIMEOUT, agreeing=AGREEING) is None:
            raise disagrees(order.address, Phrase("that it is {wanted}", wanted=wanted))

    def _ask_from_outside(self, order: Order, wanted: str) -> None:
        recipients = edge.youngest(self._exchange, order.address.key)
        seen = self._seen(order, recipients)
        if seen.stale:
            # Its list is made anew.
            self._become(order, wanted, RELAY)
            self._become(order, RELAY, wanted)
            seen = self._seen(order, recipients)
        if not (seen.stale or seen.unreached):
            return
        self._become(order, wanted, RELAY)
        domain, again = order.address.key, "it is a relay again, and loses nothing; apply again later"
        if seen.stale:
            names = ", ".join(seen.stale[:3])
            raise Problem(
                "FLOW03",
                Phrase(
                    "{domain}: the tenant's edge does not know {names} (5.4.1), even anew.", domain=domain, names=names
                ),
                again,
            )
        raise Problem(
            "FLOW04",
            Phrase(
                "{domain}: nobody knows whether its addresses are taken: {unreached}",
                domain=domain,
                unreached=seen.unreached,
            ),
            again,
        )

    def _seen(self, order: Order, recipients: tuple[str, ...]) -> edge.Seen:
        """What the edge says once it says the same for a while, or takes them all."""
        host, _, port = self._edge.rpartition(":")
        if self._edge == "mx":
            rows = self._graph.rows(f"/domains/{segment(order.address.key)}/serviceConfigurationRecords", ())
            host, port = edge.exchanger(rows), "25"
        if not host:
            return edge.Seen((), "Graph does not tell where its mail goes")

        def taken() -> edge.Seen | None:
            found = edge.look(host, int(port), recipients)
            return None if found.stale else found

        return until(self._clock, taken, EDGE_TIMEOUT) or edge.look(host, int(port), recipients)

    def update(self, order: Order) -> Live:
        return self.create(order)

    def delete(self, order: Order) -> None:
        """A domain no longer described refuses nobody: it is a relay again, if Exchange still has it."""
        if order.address.key in list_accepted(self._exchange):
            set_type(self._exchange, order.address.key, RELAY)


def set_type(exchange: Exchange, domain: str, kind: str) -> None:
    exchange.run("Set-AcceptedDomain", Identity=domain, DomainType=kind, Confirm=False)
