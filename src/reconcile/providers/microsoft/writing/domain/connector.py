"""The way from the tenant to an old host, for mail to addresses the tenant does not know: one outbound connector for
each old host, which names every domain that is on its way."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.base import Order
from reconcile.providers.microsoft.reading.connectors import PREFIX, TLS, connector_fields, listed, ours, recipients
from reconcile.providers.microsoft.reading.properties import OUTBOUND
from reconcile.providers.microsoft.wire.exchange import Row
from reconcile.providers.microsoft.wire.multi_valued import edited
from reconcile.providers.microsoft.wire.refusals import Refused
from reconcile.providers.microsoft.writing.read_back import AGREEING, created, until
from reconcile.providers.microsoft.writing.services import Surfaces, disagrees
from reconcile.resources.resource import Live, Value

#: Seconds for Exchange to show the change.
SHOWN_TIMEOUT = 600.0


class ConnectorWriter:
    """Kind *connector*. Domains are added and taken away one by one: the others of the connector are other
    federations'."""

    def __init__(self, surfaces: Surfaces) -> None:
        self._exchange = surfaces.exchange
        self._clock = surfaces.clock

    def create(self, order: Order) -> Live:
        """Bring it about, and prove it by a message to an old mailbox.

        Raises Problem FLOW01 when the old host does not take that message: the domains are named all the same.
        """
        wanted = set(_texts(order.fields["domains"]))
        before = set(_texts(order.before.fields.get("domains"))) if order.before else set()
        name = f"{PREFIX}{order.fields['server']}" if wanted else ""
        for row in ours(self._rows()):
            if row.get("Name") != name:
                self._leave(row, wanted | before)
        if not wanted:
            return Live(order.address, {"domains": ()}, order.address.key)
        self._lead(name, order, wanted, before - wanted)
        shown = self._shown(order, name, wanted | before, {"server", "host", "tls", "enabled", "domains"})
        if missing := set(_texts(order.fields["proved_by"])) - set(_texts(shown["proved_by"])):
            self._prove(order, name, sorted(missing))
            shown = self._shown(order, name, wanted | before, set(order.fields))
        return Live(order.address, shown, order.address.key)

    def update(self, order: Order) -> Live:
        return self.create(order)

    def delete(self, order: Order) -> None:
        """The last domain that leaves takes the connector along."""
        mine = set(_texts(order.before.fields.get("domains"))) if order.before else set()
        for row in ours(self._rows()):
            self._leave(row, mine)

    def _rows(self) -> list[Row]:
        return self._exchange.rows("Get-OutboundConnector", OUTBOUND, IncludeTestModeConnectors=True)

    def _row(self, name: str) -> Row | None:
        return self._exchange.one(
            "Get-OutboundConnector",
            OUTBOUND,
            name,
            lambda row: row.get("Name") == name,
            IncludeTestModeConnectors=True,
        )

    def _lead(self, name: str, order: Order, wanted: Collection[str], gone: Collection[str]) -> None:
        """The connector is there, leads to the old host and names the domains."""
        row = self._row(name)
        if row is None:
            made = created(self._clock, lambda: self._make(name, order, wanted), lambda: self._row(name), SHOWN_TIMEOUT)
            if made is None:
                raise disagrees(order.address, Phrase("the connector {name}", name=name))
            row = made
        shown = connector_fields(row, {*wanted, *gone})
        changes: dict[str, Any] = {}
        if shown["host"] != order.fields["host"]:
            changes |= {"UseMXRecord": False, "SmartHosts": [order.fields["host"]]}
        if shown["tls"] != order.fields["tls"]:
            changes |= _tls(str(order.fields["tls"]))
        if not shown["enabled"]:
            changes |= {"Enabled": True, "TestMode": False}
        add, remove = sorted(set(wanted) - listed(row)), sorted(set(gone) & listed(row))
        if add or remove:
            changes["RecipientDomains"] = edited(add, remove)
        if changes:
            self._exchange.run("Set-OutboundConnector", Identity=name, Confirm=False, **changes)

    def _make(self, name: str, order: Order, wanted: Collection[str]) -> None:
        try:
            self._exchange.create(
                "New-OutboundConnector",
                Name=name,
                ConnectorType="OnPremises",
                RecipientDomains=sorted(wanted),
                UseMXRecord=False,
                SmartHosts=[order.fields["host"]],
                Enabled=True,
                Comment="Mail for addresses not moved yet; kept by reconcile.",
                Confirm=False,
                **_tls(str(order.fields["tls"])),
            )
        except Refused as refused:
            if refused.code != "ADObjectAlreadyExistsException":
                raise

    def _leave(self, row: Row, domains: Collection[str]) -> None:
        """The connector names these domains no more; it goes when it would name none."""
        leaving = listed(row) & set(domains)
        if not leaving:
            return
        name = str(row["Name"])
        try:
            if listed(row) == leaving:
                self._exchange.run("Remove-OutboundConnector", Identity=name, Confirm=False)
                return
            kept = sorted(one for one in recipients(row) if one.rpartition("@")[2] not in leaving)
            self._exchange.run(
                "Set-OutboundConnector",
                Identity=name,
                RecipientDomains=edited(remove=sorted(leaving)),
                ValidationRecipients=kept,
                Confirm=False,
            )
        except Refused as refused:
            if refused.code != "ManagementObjectNotFoundException":
                raise  # somebody else's last domain left at the same moment, and took it along

    def _prove(self, order: Order, name: str, probes: list[str]) -> None:
        """Exchange connects to the old host and sends a message to an old mailbox; who received it is noted on the
        connector."""
        rows = self._exchange.run("Validate-OutboundConnector", Identity=name, Recipients=probes, Confirm=False)
        failed = [row for row in rows if row.get("IsTaskSuccessful") is not True]
        if failed or not rows:
            told = "; ".join(f"{row.get('TaskName')}: {row.get('TaskDetails') or 'no details'}" for row in failed)
            raise Problem(
                "FLOW01",
                Phrase(
                    "{key}: the old host {host} did not take Exchange's message for {probes}: {told}.",
                    key=order.address.key,
                    host=order.fields["host"],
                    probes=", ".join(probes),
                    told=told or "Exchange said nothing",
                ),
                "let the old host accept mail from Microsoft's addresses for this box, then apply again; the MX waits",
            )
        there = recipients(self._row(name) or {})
        self._exchange.run(
            "Set-OutboundConnector",
            Identity=name,
            ValidationRecipients=sorted(there | set(probes)),
            IsValidated=True,
            LastValidationTimestamp=self._clock.now().isoformat(),
            Confirm=False,
        )

    def _shown(self, order: Order, name: str, mine: Collection[str], names: Collection[str]) -> dict[str, Value]:
        """What Exchange shows once it shows these fields as wanted."""

        def look() -> dict[str, Value] | None:
            row = self._row(name)
            shown = connector_fields(row, mine) if row else {}
            return shown if all(_as_wanted(one, shown, order) for one in names) else None

        found = until(self._clock, look, SHOWN_TIMEOUT, agreeing=AGREEING)
        if found is None:
            raise disagrees(order.address, Phrase("the connector {name}", name=name))
        return found


def _as_wanted(field: str, shown: dict[str, Value], order: Order) -> bool:
    wanted = order.fields[field]
    if isinstance(wanted, tuple):
        have = set(_texts(shown.get(field)))
        return set(wanted) <= have if field == "proved_by" else set(wanted) == have
    return shown.get(field) == wanted


def _tls(words: str) -> dict[str, Any]:
    word, _, name = words.partition(" ")
    return {"TlsSettings": TLS[word], "TlsDomain": name or None}


def _texts(value: Value) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()
