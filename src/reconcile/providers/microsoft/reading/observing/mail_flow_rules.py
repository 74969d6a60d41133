"""What the tenant does with mail by rule: the connectors to old hosts, and the rule that signs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconcile.providers.base import ABSENT, Observed, Wanted
from reconcile.providers.microsoft.reading.connectors import connector_fields, ours
from reconcile.providers.microsoft.reading.observing.observed import key_of
from reconcile.providers.microsoft.reading.rules import rule_fields
from reconcile.providers.microsoft.reading.tenant import Tenant
from reconcile.resources.address import Address
from reconcile.resources.resource import Live

Row = dict[str, Any]


def observe_connectors(
    tenant: Tenant, wanted: Sequence[Wanted], domains: Mapping[str, str]
) -> Mapping[Address, Observed]:
    """Kind *connector*. ``domains``: each declared one → its federation's slug."""
    rows = ours(tenant.outbound_connectors())
    return {one.address: _connector(one, rows, domains) for one in wanted}


def _connector(one: Wanted, rows: Sequence[Row], domains: Mapping[str, str]) -> Observed:
    """The federation's part in the connector to its old host, or in a former one as long as it is named there."""
    recorded = one.recorded.get("domains")
    mine = {domain for domain, slug in domains.items() if slug == one.address.federation}
    mine |= set(recorded) if isinstance(recorded, tuple) else set()
    parts = [connector_fields(row, mine) for row in rows]
    named = [part for part in parts if part["domains"]]
    server = one.desired.fields.get("server") if one.desired else None
    found = next((part for part in named if part["server"] == server), named[0] if named else None)
    if found is not None:
        return Live(one.address, found, key_of(one))
    over = one.desired is not None and one.desired.fields.get("domains") == ()
    return Live(one.address, {"domains": ()}, key_of(one)) if over else ABSENT


def observe_signature(tenant: Tenant, wanted: Sequence[Wanted]) -> Mapping[Address, Observed]:
    """Kind *signature*: the mail flow rule of that name."""
    by_name = {str(row.get("Name", "")).lower(): row for row in tenant.rules()}
    seen: dict[Address, Observed] = {}
    for one in wanted:
        row = by_name.get(key_of(one))
        asked = one.desired.fields if one.desired else one.recorded
        fields = rule_fields(row, asked) if row else {}
        seen[one.address] = Live(one.address, fields, str(row["Guid"])) if row else ABSENT
    return seen
