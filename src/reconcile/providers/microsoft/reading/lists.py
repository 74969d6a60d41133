"""Long lists of the tenant, read to their end whatever breaks on the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconcile.config.settings.settings import Settings
from reconcile.problem import Problem
from reconcile.providers.microsoft.reading import records
from reconcile.providers.microsoft.reading.licences import Skus
from reconcile.providers.microsoft.reading.records import Box, Recipient
from reconcile.providers.microsoft.wire.exchange import Exchange
from reconcile.providers.microsoft.wire.graph import Graph
from reconcile.providers.microsoft.wire.refusals import Refused

Row = dict[str, Any]

#: The kinds of mailboxes that are looked at.
BOX_KINDS = ("UserMailbox", "SharedMailbox")
SKU_SELECT = ("skuId", "skuPartNumber", "capabilityStatus", "consumedUnits", "prepaidUnits", "servicePlans")


def list_boxes(exchange: Exchange) -> list[Box]:
    """All user and shared mailboxes, in one list."""
    rows = whole_list(exchange, "Get-Mailbox", records.BOX_SELECT, RecipientTypeDetails=list(BOX_KINDS))
    return [records.box(row) for row in rows]


def list_deleted_groups(exchange: Exchange) -> list[Recipient]:
    """Microsoft 365 groups deleted in the last thirty days. By Exchange, for Graph's list of them wants a permission
    that nothing else needs (docs/permissions.md)."""
    rows = exchange.rows(
        "Get-UnifiedGroup", records.GROUP_SELECT, IncludeSoftDeletedGroups=True, ResultSize="Unlimited"
    )
    return [records.recipient(row) for row in rows if row.get("WhenSoftDeleted")]


def whole_list(exchange: Exchange, cmdlet: str, select: Iterable[str], **parameters: object) -> list[Row]:
    """A list of recipients, domain by domain when the list of all cannot be read to its end.

    The links between pages are known to break ("Expired or Invalid pagination request"), and a page to end the list
    with only a warning; every recipient has its primary address in one of the accepted domains.
    """
    try:
        return exchange.rows(cmdlet, select, ResultSize="Unlimited", **parameters)
    except Problem as failure:
        if failure.code != "M365-05":
            raise
    filters = [f"PrimarySmtpAddress -like '*@{domain}'" for domain in sorted(list_accepted(exchange))]
    return [
        row
        for part in filters
        for row in exchange.rows(cmdlet, select, ResultSize="Unlimited", Filter=part, **parameters)
    ]


def list_accepted(exchange: Exchange) -> Mapping[str, str]:
    """The domains Exchange takes mail for: name → Authoritative or InternalRelay."""
    return accepted_types(exchange.rows("Get-AcceptedDomain", ("DomainName", "DomainType")))


def read_skus(graph: Graph, settings: Settings) -> Skus:
    return Skus(graph.rows("/subscribedSkus", SKU_SELECT), settings.licences)


def accepted_types(rows: Iterable[Row]) -> Mapping[str, str]:
    """The rows of Get-AcceptedDomain as ``list_accepted`` gives them."""
    return {str(row["DomainName"]).lower(): str(row["DomainType"]) for row in rows}


def raised(rights: list[Row] | Refused | Problem) -> list[Row] | Refused:
    if isinstance(rights, Problem):
        raise rights
    return rights


def imap_on(guid: str, answer: list[Row] | Refused) -> bool | Refused:
    if isinstance(answer, Refused):
        return answer
    row = next((row for row in answer if str(row.get("Guid") or "").lower() == guid), {})
    return row.get("ImapEnabled") is not False
