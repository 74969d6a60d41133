"""One reading of the whole tenant, each list read once: whoever needs a list that failed learns why."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from reconcile.config.settings.settings import Settings
from reconcile.problem import Problem
from reconcile.providers.microsoft.reading import records
from reconcile.providers.microsoft.reading.licences import Skus
from reconcile.providers.microsoft.reading.lists import (
    imap_on,
    list_accepted,
    list_boxes,
    list_deleted_groups,
    raised,
    read_skus,
    whole_list,
)
from reconcile.providers.microsoft.reading.properties import IMAP_SELECT, INBOUND, ORGANIZATION, OUTBOUND, RIGHTS_SELECT
from reconcile.providers.microsoft.reading.records import Box, Recipient, User
from reconcile.providers.microsoft.reading.rules import list_rules
from reconcile.providers.microsoft.wire.concurrent import side_by_side
from reconcile.providers.microsoft.wire.exchange import Exchange
from reconcile.providers.microsoft.wire.graph import Graph
from reconcile.providers.microsoft.wire.paths import segment
from reconcile.providers.microsoft.wire.refusals import Refused

Row = dict[str, Any]
T = TypeVar("T")
#: What reads one list.
Read = Callable[[], object]

#: From how many mailboxes on one list of all is asked for instead of each of them.
LIST_FROM = 30


class Tenant:
    """A snapshot that is filled as it is asked. Every method raises the same ``Problem`` or ``Refused`` again once its
    list could not be read whole. Not for sharing between threads.
    """

    def __init__(self, graph: Graph, exchange: Exchange, settings: Settings) -> None:
        self._graph = graph
        self._exchange = exchange
        self._settings = settings
        self._read: dict[str, Any] = {}
        self._rights: dict[str, dict[str, list[Row] | Refused | Problem]] = {}

    def prefetch(self, kinds: Collection[str], rights: Mapping[str, Collection[str]]) -> None:
        """Read every list that resources of these kinds will be looked up in, and the rights on mailboxes that are
        known already (by cmdlet, their GUIDs): one page leads to the next, but nothing else waits for another. A
        failure is raised to whoever asks for the list."""

        def read(one: Read) -> None:
            with contextlib.suppress(Exception):  # whoever asks for the list meets the failure again, whatever it is
                one()

        lists = self.lists(kinds)
        lists += [functools.partial(self.permissions, cmdlet, guids) for cmdlet, guids in rights.items() if guids]
        side_by_side(read, lists, len(lists))

    def lists(self, kinds: Collection[str]) -> list[Read]:
        """What reads every list that resources of these kinds are looked up in."""
        needed: Mapping[str, Sequence[Read]] = {
            "domain": (self.domains,),
            "domain_verification": (self.domains, self.accepted_domains),
            "mail_flow": (self.accepted_domains,),
            "connector": (self.outbound_connectors,),
            "dkim": (self.signing,),
            "dkim_signing": (self.signing,),
            "mailbox": (self.users, self.boxes, self.skus, self.recipient_list, self.deleted),
            "access": (self.boxes, self.recipient_list),
            "copy_access": (self.boxes,),
            "signature": (self.rules,),
        }
        return list(dict.fromkeys(one for kind, lists in needed.items() if kind in kinds for one in lists))

    def users(self) -> Mapping[str, User]:
        """Directory users by object id: all of them, or all that the resources asked about may be."""
        return self._once("users", lambda: {u.id: u for u in map(records.user, self._user_rows())})

    def accounts(self, addresses: Collection[str] = ()) -> Iterable[User]:
        """Every user, or those of the domains asked about and whoever has one of the ``addresses``. Their values may be
        somewhat older than those of ``users``."""
        return self.users().values()

    def deleted(self) -> list[User]:
        """Accounts deleted in the last thirty days."""
        return self._once("deleted", lambda: list(map(records.user, self._deleted_rows())))

    def deleted_groups(self) -> Sequence[Recipient]:
        """Microsoft 365 groups deleted in the last thirty days, the only groups that are kept."""
        return self._once("deleted_groups", lambda: list_deleted_groups(self._exchange))

    def boxes(self) -> Mapping[str, Box]:
        """User and shared mailboxes by the object id of their account."""
        return self._once("boxes", lambda: {b.user_id: b for b in list_boxes(self._exchange)})

    def users_by_id(self, ids: Iterable[str]) -> Mapping[str, User | Refused | None]:
        """Accounts asked for one by one, batched: lists know of a change later than they do."""
        names = sorted(set(ids))
        select = ",".join(records.USER_SELECT)
        answers = self._graph.many([f"/users/{segment(name)}?$select={select}" for name in names])
        return {name: records.known_user(answer) for name, answer in zip(names, answers, strict=True)}

    def by_primary(self) -> Mapping[str, Box]:
        """The same mailboxes by primary address."""
        return self._once("by_primary", lambda: {box.primary: box for box in self.boxes().values()})

    def by_sign_in(self) -> Mapping[str, User]:
        """The same users by sign-in name (UPN)."""
        return self._once("by_sign_in", lambda: {user.upn: user for user in self.users().values()})

    def recipients(self) -> Mapping[str, Recipient]:
        """Every recipient under each of its names (id, GUID, name, UPN), lower case."""
        return self._once("recipients", self._recipients)

    def recipients_named(self, names: Collection[str]) -> Mapping[str, Recipient]:
        """Those recipients, among others, that go by one of the names (lower case)."""
        return self.recipients()

    def recipient_list(self) -> Sequence[Recipient]:
        """The same recipients, each once."""

        def read() -> list[Recipient]:
            return [
                records.recipient(row) for row in whole_list(self._exchange, "Get-Recipient", records.RECIPIENT_SELECT)
            ]

        return self._once("recipient_list", read)

    def skus(self) -> Skus:
        return self._once("skus", lambda: read_skus(self._graph, self._settings))

    def domains(self) -> Mapping[str, Row]:
        """The tenant's domains by name, verified or not."""
        return self._once(
            "domains",
            lambda: {str(row["id"]).lower(): row for row in self._graph.rows("/domains", records.DOMAIN_SELECT)},
        )

    def accepted_domains(self) -> Mapping[str, str]:
        """The domains Exchange takes mail for, and what it does with addresses it does not know."""
        return self._once("accepted", lambda: list_accepted(self._exchange))

    def organization(self) -> Row:
        """What the organization as a whole is set to."""
        return self._once("organization", lambda: self._exchange.rows("Get-OrganizationConfig", ORGANIZATION)[0])

    def inbound_connectors(self) -> list[Row]:
        """The connectors by which mail comes in, switched off ones included."""
        return self._once("inbound", lambda: self._exchange.rows("Get-InboundConnector", INBOUND))

    def outbound_connectors(self) -> list[Row]:
        """The connectors by which mail leaves, switched off ones included."""
        return self._once(
            "outbound", lambda: self._exchange.rows("Get-OutboundConnector", OUTBOUND, IncludeTestModeConnectors=True)
        )

    def rules(self) -> list[Mapping[str, Any]]:
        """The mail flow rules, in their order."""
        return self._once("rules", lambda: list_rules(self._exchange))

    def signing(self) -> Mapping[str, Row]:
        """The DKIM configuration of each domain that has one."""

        def read() -> Mapping[str, Row]:
            rows = self._exchange.rows("Get-DkimSigningConfig", ())
            return {str(row.get("Domain") or "").lower(): row for row in rows}

        return self._once("signing", read)

    def domain_records(self, domains: Iterable[str], part: str) -> Mapping[str, list[Row] | Refused]:
        """``verificationDnsRecords`` or ``serviceConfigurationRecords`` of each domain, batched."""
        names = sorted(set(domains))
        answers = self._graph.many([f"/domains/{segment(name)}/{part}" for name in names])
        return {
            name: answer if isinstance(answer, Refused) else list(answer.get("value") or [])
            for name, answer in zip(names, answers, strict=True)
        }

    def permissions(self, cmdlet: str, guids: Iterable[str]) -> Mapping[str, list[Row] | Refused]:
        """The rows of ``Get-MailboxPermission`` or ``Get-RecipientPermission`` of each mailbox, batched.

        Each mailbox is asked about once: who opens a shared one is of interest to its people and to its copy.
        """
        known = self._rights.setdefault(cmdlet, {})
        boxes = sorted(set(guids))
        missing = [guid for guid in boxes if guid not in known]
        try:
            found = self._exchange.many(cmdlet, RIGHTS_SELECT[cmdlet], [{"Identity": one} for one in missing])
            known.update(zip(missing, found, strict=True))
        except (Problem, Refused) as failure:
            known.update(dict.fromkeys(missing, failure))
        return {guid: raised(known[guid]) for guid in boxes}

    def copier_permissions(self, guids: Iterable[str], principal: str) -> Mapping[str, list[Row] | Refused]:
        """The rows of ``Get-MailboxPermission`` that concern one application, of each mailbox, batched."""
        boxes = sorted(set(guids))
        asked = [{"Identity": guid, "User": principal} for guid in boxes]
        rights = RIGHTS_SELECT["Get-MailboxPermission"]
        return dict(zip(boxes, self._exchange.many("Get-MailboxPermission", rights, asked), strict=True))

    def imap(self, guids: Collection[str]) -> Mapping[str, bool | Refused]:
        """Whether IMAP opens each of these mailboxes."""
        if len(guids) >= LIST_FROM:
            rows = self._once("protocols", lambda: whole_list(self._exchange, "Get-CASMailbox", IMAP_SELECT))
            on = {str(row["Guid"]).lower(): row.get("ImapEnabled") is not False for row in rows}
            return {guid: on.get(guid, True) for guid in guids}
        return self.imap_one_by_one(guids)

    def imap_one_by_one(self, guids: Collection[str]) -> Mapping[str, bool | Refused]:
        """The same, each mailbox asked about by itself, batched."""
        boxes = sorted(guids)
        answers = self._exchange.many("Get-CASMailbox", IMAP_SELECT, [{"Identity": guid} for guid in boxes])
        return {guid: imap_on(guid, answer) for guid, answer in zip(boxes, answers, strict=True)}

    def _user_rows(self) -> list[Row]:
        return self._graph.rows("/users", records.USER_SELECT, top=999)

    def _deleted_rows(self) -> list[Row]:
        return self._graph.rows("/directory/deletedItems/microsoft.graph.user", records.USER_SELECT, top=999)

    def _recipients(self) -> dict[str, Recipient]:
        by_name = {name: found for found in self.recipient_list() for name in found.names}
        for box in self.boxes().values():
            if found := by_name.get(box.guid) or by_name.get(box.user_id):
                by_name[box.upn] = found
        return by_name

    def _once(self, name: str, read: Callable[[], T]) -> T:
        if name not in self._read:
            try:
                self._read[name] = read()
            except (Problem, Refused) as failure:
                self._read[name] = failure
        found: T | Problem | Refused = self._read[name]
        if isinstance(found, Problem | Refused):
            raise found
        return found
