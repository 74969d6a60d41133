"""The part of the tenant that a few federations need: what can be filtered safely is, the rest is read whole.

What is compared comes from plain filters alone. The index behind Graph's advanced queries lags, so it only tells who
else is there. What the state knows and a filter does not show is asked for by itself before it is called absent, and a
filter that the service does not take is left for the whole list.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from reconcile.providers.microsoft.reading import records
from reconcile.providers.microsoft.reading.directory_excerpt import DirectoryExcerpt
from reconcile.providers.microsoft.reading.directory_paths import chunks, literal
from reconcile.providers.microsoft.reading.lists import BOX_KINDS, accepted_types
from reconcile.providers.microsoft.reading.properties import IMAP_SELECT
from reconcile.providers.microsoft.reading.records import Box, Recipient, smtp_addresses
from reconcile.providers.microsoft.reading.tenant import LIST_FROM, Read
from reconcile.providers.microsoft.wire.refusals import Refused

Row = dict[str, Any]

#: Domains of one filter of Exchange's; no limit is published.
_DOMAINS = 10


class Excerpt(DirectoryExcerpt):
    """The tenant as far as a few federations are concerned. Every method raises as ``Tenant``'s."""

    def lists(self, kinds: Collection[str]) -> list[Read]:
        """One request for all that the directory is asked, one for the settings of mail, one each for the rest."""
        self._kinds = frozenset(kinds)
        found: list[Read] = []
        if self._kinds & {"domain", "domain_verification", "mailbox"}:
            found.append(self._directory)
        if self._kinds & {"domain_verification", "mail_flow", "dkim", "dkim_signing"}:
            found.append(self._mail_settings)
        if self._kinds & {"mailbox", "access", "copy_access"}:
            found.append(self._boxes_here)
        if self._kinds & {"mailbox", "access"}:
            found.append(self.recipient_list)
        beside = [
            one for kind, one in (("connector", self.outbound_connectors), ("signature", self.rules)) if kind in kinds
        ]
        return [*found, *beside]

    def boxes(self) -> Mapping[str, Box]:
        return self._once("boxes", self._boxes_known)

    def recipient_list(self) -> Sequence[Recipient]:
        whole = super().recipient_list

        def read() -> Sequence[Recipient]:
            return [records.recipient(row) for row in self._here("Get-Recipient", records.RECIPIENT_SELECT)]

        return self._once("recipients_here", lambda: self._filtered(read, whole))

    def recipients_named(self, names: Collection[str]) -> Mapping[str, Recipient]:
        """As ``Tenant``'s; those of other federations are asked for one by one."""
        known = dict(self.recipients())
        missing = sorted(name for name in set(names) - known.keys() if _may_be_a_recipient(name))
        answers = self._exchange.many(
            "Get-Recipient", records.RECIPIENT_SELECT, [{"Identity": name} for name in missing]
        )
        for name, answer in zip(missing, answers, strict=True):
            for one in map(records.recipient, _there(answer)):
                if name in one.names | smtp_addresses(one.proxies):
                    known[name] = one
        # A sign-in name need not be an address, and Get-Recipient does not show it.
        unseen = [name for name in missing if "@" in name and name not in known]
        for name, box in self._boxes_by_identity(unseen).items():
            known[name] = records.recipient_of(box)
        return known

    def imap(self, guids: Collection[str]) -> Mapping[str, bool | Refused]:
        if len(guids) < LIST_FROM:
            return super().imap(guids)

        def read() -> Mapping[str, bool | Refused]:
            rows = self._here("Get-CASMailbox", IMAP_SELECT)
            on = {str(row["Guid"]).lower(): row.get("ImapEnabled") is not False for row in rows}
            missing = [guid for guid in guids if guid not in on]
            return {**{guid: on[guid] for guid in guids if guid in on}, **self.imap_one_by_one(missing)}

        return self._filtered(read, lambda: super(Excerpt, self).imap(guids))

    def accepted_domains(self) -> Mapping[str, str]:
        return accepted_types(_there(self._mail_settings()["Get-AcceptedDomain"]))

    def signing(self) -> Mapping[str, Row]:
        rows = _there(self._mail_settings()["Get-DkimSigningConfig"])
        return {str(row.get("Domain") or "").lower(): row for row in rows}

    def _mail_settings(self) -> Mapping[str, list[Row] | Refused]:
        cmdlets = ("Get-AcceptedDomain", "Get-DkimSigningConfig")
        return self._once("mail_settings", lambda: dict(zip(cmdlets, self._exchange.tables(*cmdlets), strict=True)))

    def _boxes_here(self) -> Mapping[str, Box]:
        """The mailboxes with an address in these domains."""

        def read() -> Mapping[str, Box]:
            rows = self._here("Get-Mailbox", records.BOX_SELECT, RecipientTypeDetails=list(BOX_KINDS))
            return {box.user_id: box for box in map(records.box, rows)}

        return self._once("boxes_here", lambda: self._filtered(read, super(Excerpt, self).boxes))

    def _boxes_known(self) -> Mapping[str, Box]:
        """Those, and whatever the state or the directory knows besides."""
        here = self._boxes_here()
        accounts = set(self._asked.accounts) | (self.users().keys() if "mailbox" in self._kinds else set())
        there = {box.guid for box in here.values()}
        missing = sorted({*accounts - here.keys(), *set(self._asked.mailboxes) - there})
        return {**here, **{box.user_id: box for box in self._boxes_by_identity(missing).values()}}

    def _boxes_by_identity(self, names: Sequence[str]) -> dict[str, Box]:
        """Mailboxes by an id, GUID or sign-in name. Exchange may answer all of them to one it does not know."""
        answers = self._exchange.many("Get-Mailbox", records.BOX_SELECT, [{"Identity": name} for name in names])
        found = {}
        for name, answer in zip(names, answers, strict=True):
            rows = [row for row in _there(answer) if row.get("RecipientTypeDetails") in BOX_KINDS]
            for box in map(records.box, rows):
                if name in (box.user_id, box.guid, box.upn):
                    found[name] = box
        return found

    def _here(self, cmdlet: str, select: Iterable[str], **parameters: object) -> list[Row]:
        """The rows of a list that have an address in these domains. A row may have addresses in several of them."""
        rows: dict[str, Row] = {}
        for part in chunks(list(self._asked.domains), _DOMAINS):
            condition = " -or ".join(f"(EmailAddresses -like {literal(f'*@{domain}')})" for domain in part)
            for row in self._exchange.rows(cmdlet, select, ResultSize="Unlimited", Filter=condition, **parameters):
                rows[str(row["Guid"]).lower()] = row
        return list(rows.values())


def _there(answer: list[Row] | Refused) -> list[Row]:
    """The rows of one part of a batch, none for an unknown identity."""
    if not isinstance(answer, Refused):
        return answer
    if answer.code == "ManagementObjectNotFoundException":
        return []
    raise answer


def _may_be_a_recipient(holder: str) -> bool:
    """Exchange names principals of its own and orphans by accounts (``NT AUTHORITY\\SELF``) and SIDs."""
    return "\\" not in holder and not holder.startswith("s-1-")
