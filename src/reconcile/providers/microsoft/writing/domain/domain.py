"""Domains: added to the tenant, then verified, switched on for mail and accepted by Exchange."""

from __future__ import annotations

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.base import Order
from reconcile.providers.microsoft.reading import observed_state, records
from reconcile.providers.microsoft.reading.lists import list_accepted
from reconcile.providers.microsoft.wire.graph import Row
from reconcile.providers.microsoft.wire.paths import segment
from reconcile.providers.microsoft.wire.refusals import Refused
from reconcile.providers.microsoft.writing.domain.mail_flow import RELAY, set_type
from reconcile.providers.microsoft.writing.read_back import created, until
from reconcile.providers.microsoft.writing.services import Surfaces, disagrees
from reconcile.resources.resource import Live

#: Seconds Microsoft's verifier may go on seeing the DNS as it was before our record.
DNS_TIMEOUT = 1800.0
#: Seconds until a verified domain has its records and is accepted by Exchange.
SERVICE_TIMEOUT = 1800.0
#: Seconds for the directory's replicas to show a new domain.
REPLICA_TIMEOUT = 300.0


class DomainWriter:
    """Kind *domain*."""

    def __init__(self, surfaces: Surfaces) -> None:
        self._graph = surfaces.graph
        self._clock = surfaces.clock

    def create(self, order: Order) -> Live:
        name = order.address.key
        if self._row(name) is None:
            created(self._clock, lambda: self._add(name), lambda: self._row(name), REPLICA_TIMEOUT)
        return self.update(order)

    def _add(self, name: str) -> None:
        try:
            self._graph.create("/domains", {"id": name})
        except Refused as refused:
            # Ours: a domain of another tenant can be added, it is its verification that is refused.
            if not refused.says("already exists", "conflicting object"):
                raise

    def update(self, order: Order) -> Live:
        """A domain has nothing to change; what adopting it needs is its answer."""
        live = until(self._clock, lambda: self._live(order), REPLICA_TIMEOUT)
        if live is None:
            raise disagrees(order.address, Phrase("the domain itself"))
        if live.fields["root"] != order.fields.get("root", live.fields["root"]):
            raise Problem(
                "M365-26",
                Phrase(
                    "{key}: the tenant holds this domain under {root}.", key=order.address.key, root=live.fields["root"]
                ),
                "declare it as that domain's subdomain, or ask the tenant's administrator",
            )
        return live

    def delete(self, order: Order) -> None:
        path = f"/domains/{segment(order.address.key)}"
        self._graph.remove(path)
        gone = until(self._clock, lambda: True if self._row(order.address.key) is None else None, REPLICA_TIMEOUT)
        if gone is None:
            raise disagrees(order.address, Phrase("its removal"))

    def _live(self, order: Order) -> Live | None:
        name = order.address.key
        row = self._row(name)
        if row is None:
            return None
        if not row.get("isRoot", True):
            parent = self._graph.one(f"/domains/{segment(name)}/rootDomain")
            root = str((parent or {}).get("id") or order.fields.get("root") or name)
            return Live(order.address, {"root": root}, name)
        outputs = observed_state.verification_outputs(
            self._graph.rows(f"/domains/{segment(name)}/verificationDnsRecords")
        )
        return Live(order.address, {"root": name}, name, outputs) if outputs else None

    def _row(self, name: str) -> Row | None:
        return self._graph.one(f"/domains/{segment(name)}", records.DOMAIN_SELECT)


class VerificationWriter:
    """Kind *domain_verification*: each step is looked at first, so that it resumes wherever it stopped."""

    def __init__(self, surfaces: Surfaces) -> None:
        self._graph = surfaces.graph
        self._exchange = surfaces.exchange
        self._clock = surfaces.clock

    def create(self, order: Order) -> Live:
        name = order.address.key
        row = self._row(name)
        if row is None:
            raise Problem(
                "M365-25", Phrase("{name}: the tenant does not hold this domain.", name=name), "apply its domain first"
            )
        if not row.get("isVerified"):
            row = self._verified(name, row)
        present = set(row.get("supportedServices") or ())
        services = order.fields.get("services") or ()
        missing = set(services if isinstance(services, tuple) else ()) - present
        if missing:
            self._graph.change(f"/domains/{segment(name)}", {"supportedServices": sorted(present | missing)})
        live = until(self._clock, lambda: self._ready(order), SERVICE_TIMEOUT, pause=15.0)
        if live is not None and (order.before is None or not order.before.fields.get("accepted")):
            # New to Exchange, so nothing depends on it yet: until the MX leads here, colleagues' mail to addresses that
            # are still on the old host must go on to it. Kind mail_flow compares it from then on.
            set_type(self._exchange, name, RELAY)
        if live is None:
            raise Problem(
                "M365-22",
                Phrase("{name}: verified, but Microsoft has not finished setting its mail up.", name=name),
                "apply again in half an hour",
            )
        return live

    def update(self, order: Order) -> Live:
        return self.create(order)

    def delete(self, order: Order) -> None:
        """Nothing can be unverified: removing the domain is what ends it."""

    def _verified(self, name: str, row: Row) -> Row:
        """The domain once verified: a root by its TXT record, a subdomain with its root."""
        ask = self._ask_verification if row.get("isRoot", True) else self._look_verified
        found = until(self._clock, lambda: ask(name), DNS_TIMEOUT, pause=20.0)
        if found is None:
            raise Problem(
                "M365-20",
                Phrase("{name}: Microsoft does not see the verification record in the DNS.", name=name),
                "check that the TXT record is published and public, then apply again",
            )
        return found

    def _ask_verification(self, name: str) -> Row | None:
        try:
            self._graph.act(f"/domains/{segment(name)}/verify", {})
        except Refused as refused:
            if refused.says("used elsewhere") or not refused.says("verification failed", "already verified"):
                raise
        return self._look_verified(name)

    def _look_verified(self, name: str) -> Row | None:
        row = self._row(name)
        return row if row and row.get("isVerified") else None

    def _ready(self, order: Order) -> Live | None:
        name = order.address.key
        row = self._row(name)
        services = tuple(sorted((row or {}).get("supportedServices") or ()))
        wanted = order.fields.get("services")
        if not row or not set(wanted if isinstance(wanted, tuple) else ()) <= set(services):
            return None
        outputs = observed_state.service_outputs(
            self._graph.rows(f"/domains/{segment(name)}/serviceConfigurationRecords")
        )
        if not outputs or name not in list_accepted(self._exchange):
            return None
        return Live(order.address, {"verified": True, "services": services, "accepted": True}, name, outputs)

    def _row(self, name: str) -> Row | None:
        return self._graph.one(f"/domains/{segment(name)}", records.DOMAIN_SELECT)
