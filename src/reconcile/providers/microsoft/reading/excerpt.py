"""The part of the tenant that a few federations need: what can be filtered safely is, the rest is read whole.

What is compared comes from plain filters alone. The index behind Graph's advanced queries lags, so it only tells who
else is there. What the state knows and a filter does not show is asked for by itself before it is called absent, and a
filter that the service does not take is left for the whole list.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from reconcile.config.settings.settings import Settings
from reconcile.problem import Problem
from reconcile.providers.base import Scope
from reconcile.providers.microsoft.reading import records
from reconcile.providers.microsoft.reading.licences import Skus
from reconcile.providers.microsoft.reading.lists import BOX_KINDS, SKU_SELECT, accepted_types
from reconcile.providers.microsoft.reading.records import Box, Recipient, User, smtp_addresses
from reconcile.providers.microsoft.reading.tenant import (
    IMAP_SELECT,
    LIST_FROM,
    Read,
    Tenant,
)
from reconcile.providers.microsoft.wire.exchange import Exchange
from reconcile.providers.microsoft.wire.graph import Graph, query, segment
from reconcile.providers.microsoft.wire.refusals import Refused

Row = dict[str, Any]
T = TypeVar("T")

#: Expressions of one $filter (Graph, "Use the $filter query parameter": 15 with ``in`` and ``or``).
_EXPRESSIONS = 15
#: Domains of one filter of Exchange's; no limit is published.
_DOMAINS = 10
_PARTS = ("verificationDnsRecords", "serviceConfigurationRecords")


@dataclasses.dataclass(frozen=True, slots=True)
class Few:
    """What an excerpt is about: the mail ``domains`` of the federations; the ``accounts`` and ``mailboxes`` the state
    knows, by id and GUID; ``names`` that mailboxes are wanted under; the domains whose settings are wanted."""

    domains: Sequence[str]
    accounts: Mapping[str, str]
    mailboxes: Collection[str]
    names: Collection[str]
    settings: Collection[str]


def few(scope: Scope) -> Few | None:
    """What to read for a scope; None when the lists of everything cost no more, for it is half of all that is
    declared, or when that is not known."""
    if not 0 < 2 * len(scope.domains) <= scope.declared:
        return None
    boxes = [one for one in scope.wanted if one.address.kind == "mailbox"]
    return Few(
        domains=sorted(scope.domains),
        accounts={one.identity: one.address.key.lower() for one in boxes if one.identity},
        mailboxes={
            one.identity for one in scope.wanted if one.address.kind in ("access", "copy_access") and one.identity
        },
        names={one.address.key.lower() for one in boxes if not one.identity},
        settings={
            one.address.key.lower() for one in scope.wanted if one.address.kind in ("domain", "domain_verification")
        },
    )


class Excerpt(Tenant):
    """The tenant as far as a few federations are concerned. Every method raises as ``Tenant``'s."""

    def __init__(self, graph: Graph, exchange: Exchange, settings: Settings, asked: Few) -> None:
        super().__init__(graph, exchange, settings)
        self._asked = asked
        self._kinds: frozenset[str] = frozenset()

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

    # ---- the directory

    def users(self) -> Mapping[str, User]:
        return self._once("users", lambda: self._filtered(self._users_asked_for, super(Excerpt, self).users))

    def accounts(self, addresses: Collection[str] = ()) -> Iterable[User]:
        discovered = self._once("discovered", lambda: self._filtered(self._discovered, super(Excerpt, self).users))
        known = {**discovered, **self.users()}
        beyond: Mapping[str, User] = {}
        if addresses:
            beyond = self._filtered(lambda: self._holders(addresses, known), super().users)
        return {**beyond, **known}.values()

    def deleted(self) -> list[User]:
        path = _deleted_path()
        return self._once("deleted", lambda: list(map(records.user, self._graph.rest(path, self._answer(path)))))

    def skus(self) -> Skus:
        path = _sku_path()
        return self._once("skus", lambda: Skus(self._graph.rest(path, self._answer(path)), self._settings.licences))

    def domains(self) -> Mapping[str, Row]:
        return self._once("domains", lambda: dict(self._domain_rows()))

    def domain_records(self, domains: Iterable[str], part: str) -> Mapping[str, list[Row] | Refused]:
        names = sorted(set(domains))
        beside = super().domain_records([name for name in names if name not in self._asked.settings], part)
        found: dict[str, list[Row] | Refused] = dict(beside)
        for name in set(names) & set(self._asked.settings):
            answer = self._answer(_record_path(name, part))
            found[name] = answer if isinstance(answer, Refused) else list(answer.get("value") or [])
        return found

    def _directory(self) -> Mapping[str, Row | Refused]:
        """The first page of every question to the directory, by its path, in as few batches as they fit in."""

        def read() -> Mapping[str, Row | Refused]:
            paths = list(self._paths())
            return dict(zip(paths, self._graph.many(paths), strict=True))

        return self._once("directory", read)

    def _paths(self) -> Iterator[str]:
        for name in _with_parents(self._asked.settings):
            yield _domain_path(name)
        for name in sorted(self._asked.settings):
            yield from (_record_path(name, part) for part in _PARTS)
        if "mailbox" in self._kinds:
            yield from (_sku_path(), _deleted_path(), *self._user_paths(), *map(_domain_users, self._asked.domains))

    def _user_paths(self) -> Iterator[str]:
        yield from _choices("id", self._asked.accounts)
        yield from _choices("userPrincipalName", self._asked.names)

    def _answer(self, path: str) -> Row | Refused:
        """The first page at a path, asked for by itself when it was not asked for with the others."""
        known = self._directory()
        return known[path] if path in known else self._graph.many([path])[0]

    def _users_asked_for(self) -> dict[str, User]:
        found = self._users_at(self._user_paths())
        # Deleted since, it may be, and made anew under the same name.
        gone = [name for identity, name in self._asked.accounts.items() if identity not in found]
        return found | self._users_at(_choices("userPrincipalName", gone))

    def _discovered(self) -> dict[str, User]:
        return self._users_at(map(_domain_users, self._asked.domains))

    def _holders(self, addresses: Collection[str], known: Collection[str]) -> dict[str, User]:
        """The accounts that have one of these addresses, or an address of the domains, but for those known."""
        here = {one.user_id for one in self.recipient_list() if one.user_id} - set(known)
        held = [f"proxyAddresses/any(p:p eq {_literal(f'smtp:{address}')})" for address in sorted(addresses)]
        paths = [_advanced(" or ".join(part)) for part in _chunks(held, _EXPRESSIONS)]
        return self._users_at([*paths, *_choices("userPrincipalName", addresses), *_choices("id", here)])

    def _users_at(self, paths: Iterable[str]) -> dict[str, User]:
        known = self._directory()
        wanted = list(paths)
        missing = [path for path in wanted if path not in known]
        pages = {**known, **dict(zip(missing, self._graph.many(missing), strict=True))} if missing else known
        rows = [row for path in wanted for row in self._graph.rest(path, pages[path])]
        return {user.id: user for user in map(records.user, rows)}

    def _domain_rows(self) -> Iterator[tuple[str, Row]]:
        for name in _with_parents(self._asked.settings):
            answer = self._answer(_domain_path(name))
            if not isinstance(answer, Refused):
                yield name, answer
            elif answer.status != 404:
                raise answer

    # ---- Exchange

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
        for part in _chunks(list(self._asked.domains), _DOMAINS):
            condition = " -or ".join(f"(EmailAddresses -like {_literal(f'*@{domain}')})" for domain in part)
            for row in self._exchange.rows(cmdlet, select, ResultSize="Unlimited", Filter=condition, **parameters):
                rows[str(row["Guid"]).lower()] = row
        return list(rows.values())

    @staticmethod
    def _filtered(part: Callable[[], T], whole: Callable[[], T]) -> T:
        """What a filter answers; the whole list where the service does not take it, or cuts its answer short."""
        try:
            return part()
        except Refused as refused:
            if refused.status != 400:
                raise
        except Problem as problem:
            if problem.code != "M365-05":
                raise
        return whole()


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


def _with_parents(domains: Iterable[str]) -> list[str]:
    """The domains, and every one that may be the root they stand under."""
    labels = [name.split(".") for name in domains]
    return sorted({".".join(of[start:]) for of in labels for start in range(max(1, len(of) - 1))})


def _domain_path(name: str) -> str:
    return f"/domains/{segment(name)}" + query(records.DOMAIN_SELECT)


def _record_path(name: str, part: str) -> str:
    return f"/domains/{segment(name)}/{part}"


def _sku_path() -> str:
    return "/subscribedSkus" + query(SKU_SELECT)


def _deleted_path() -> str:
    return "/directory/deletedItems/microsoft.graph.user" + query(records.USER_SELECT, top=999)


def _choices(name: str, values: Iterable[str]) -> Iterator[str]:
    """The accounts of which that property is one of the values."""
    for part in _chunks(sorted(values), _EXPRESSIONS):
        listed = ",".join(map(_literal, part))
        yield "/users" + query(records.USER_SELECT, filter=f"{name} in ({listed})", top=999)


def _domain_users(domain: str) -> str:
    """The accounts that sign in with a name of that domain, as far as the index knows them."""
    return _advanced(f"endsWith(userPrincipalName,{_literal(f'@{domain}')})")


def _advanced(condition: str) -> str:
    return "/users" + query(records.USER_SELECT, filter=condition, count="true", top=999)


def _literal(text: str) -> str:
    """A text in a filter of Graph's or Exchange's."""
    return "'" + text.replace("'", "''") + "'"


def _chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))
