"""What the tenant holds of the resources a plan asks about."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from reconcile.config.settings.settings import Settings
from reconcile.problem import Problem
from reconcile.providers.base import (
    ABSENT,
    SETTINGS_CHECK,
    Absent,
    Finding,
    Observation,
    Observed,
    Scope,
    Seats,
    Unknown,
    Wanted,
    Weight,
)
from reconcile.providers.microsoft.reading import observed_state
from reconcile.providers.microsoft.reading.address_holders import AddressHolder, AddressHolders, conflict
from reconcile.providers.microsoft.reading.connectors import astray, connector_fields, ours
from reconcile.providers.microsoft.reading.mail_settings import refusals_of_mail
from reconcile.providers.microsoft.reading.records import STAMP_PREFIX, Box, Recipient, User, domain_of, stamp
from reconcile.providers.microsoft.reading.rules import rule_fields
from reconcile.providers.microsoft.reading.tenant import Tenant
from reconcile.providers.microsoft.wire.exchange import Exchange
from reconcile.providers.microsoft.wire.graph import Graph
from reconcile.providers.microsoft.wire.refusals import Refused, explained
from reconcile.resources.address import Address
from reconcile.resources.resource import Live, Value

Row = dict[str, Any]


#: What a plan says of a mailbox whose deleted account the tenant keeps still.
RESTORED = "deleted less than 30 days ago: restored, with its mail"
#: What reading an answer raises that is not as described.
_MALFORMED = (KeyError, TypeError, ValueError, AttributeError)


def _to_be_created(one: Wanted) -> bool:
    return one.address.kind == "mailbox" and one.desired is not None and not one.identity


class MicrosoftReader:
    """Bulk reads of the tenant through Graph and Exchange; cannot write.

    ``copied`` answers the mailboxes into which nothing is left to copy, by address.
    """

    def __init__(
        self, graph: Graph, exchange: Exchange, settings: Settings, copied: Callable[[], Collection[str]] = frozenset
    ) -> None:
        self._graph = graph
        self._exchange = exchange
        self._settings = settings
        self._copied = copied

    def observe(self, scope: Scope) -> Observation:
        tenant = Tenant(self._graph, self._exchange, self._settings)
        try:
            copied = self._copied()
        except Problem:
            copied = ()  # nothing is known of the copies: every right is read
        return _Observing(tenant, self._settings, scope, copied).observation()


class _Observing:
    """One observation: the scope, and the tenant as it is at this moment."""

    def __init__(self, tenant: Tenant, settings: Settings, scope: Scope, copied: Collection[str]) -> None:
        self._tenant = tenant
        self._copied = copied
        self._settings = settings
        self._scope = scope
        self._copier = {settings.tenant.copier_principal.lower(), settings.tenant.client_id.lower()}
        #: Whose account each wanted mailbox was found to be.
        self._accounts: dict[Address, User] = {}

    def observation(self) -> Observation:
        looks: Mapping[str, Callable[[list[Wanted]], Mapping[Address, Observed]]] = {
            "domain": self._domains,
            "domain_verification": self._verifications,
            "mail_flow": self._mail_flow,
            "connector": self._connectors,
            "dkim": self._dkim,
            "dkim_signing": self._dkim_signing,
            "mailbox": self._mailboxes,
            "access": self._access,
            "copy_access": self._copy_access,
            "signature": self._signature,
        }
        self._tenant.prefetch({one.address.kind for one in self._scope.wanted}, self._rights_to_read())
        seen: dict[Address, Observed] = {}
        for kind, look in looks.items():
            wanted = [one for one in self._scope.wanted if one.address.kind == kind]
            if not wanted:
                continue
            try:
                seen.update(look(wanted))
            except (Problem, Refused) as failure:
                seen.update({one.address: _unknown(failure, one.address) for one in wanted})
            except _MALFORMED as odd:
                malformed = Problem(
                    "M365-04", f"Microsoft answered what cannot be read ({type(odd).__name__}).", "run again"
                )
                seen.update({one.address: _unknown(malformed, one.address) for one in wanted})
        return Observation(seen, self._unmanaged(), self._seats(), self._in_the_way())

    def _in_the_way(self) -> tuple[Finding, ...]:
        """What the tenant itself would refuse of federations whose mailboxes are still to be created."""
        moving = {one.address.federation for one in self._scope.wanted if _to_be_created(one)}
        if not moving:
            return ()
        hosts = [legacy.host for legacy in self._settings.legacy.values()]
        try:
            sentences = refusals_of_mail(self._tenant, hosts)
        except (Problem, Refused, *_MALFORMED, IndexError):
            sentences = ("the tenant's own settings could not be read",)
        try:
            strangers = list(astray(self._tenant.outbound_connectors(), self._scope.domains))
        except (Problem, Refused, *_MALFORMED):
            strangers = []  # said above
        roots = {slug: domain for domain, slug in reversed(list(self._scope.domains.items())) if slug in moving}
        refused = [
            Finding(domain, SETTINGS_CHECK, Weight.BLOCKS, sentence, slug)
            for slug, domain in roots.items()
            for sentence in sentences
        ]
        taken = [
            Finding(domain, "connector", Weight.WARNS, sentence, self._scope.domains[domain])
            for domain, sentence in strangers
            if self._scope.domains[domain] in moving
        ]
        return (*refused, *taken)

    def _seats(self) -> Seats | None:
        """Seats left and seats held; None when no mailbox was asked about, or the subscriptions cannot be read."""
        if not any(one.address.kind == "mailbox" for one in self._scope.wanted):
            return None
        try:
            skus = self._tenant.skus()
        except (Problem, Refused, *_MALFORMED):
            return None
        return Seats(skus.supply(), {address: skus.parts(user.skus) for address, user in self._accounts.items()})

    def _rights_to_read(self) -> Mapping[str, Collection[str]]:
        """The mailboxes whose rights will be asked about, as far as the state knows them, by cmdlet."""
        shared = [one.identity for one in self._scope.wanted if one.address.kind == "access" and one.identity]
        copies = [one for one in self._scope.wanted if one.address.kind == "copy_access" and one.identity]
        opened = [one.identity for one in copies if not self._copied_whole(one)]
        return {"Get-MailboxPermission": [*shared, *opened], "Get-RecipientPermission": shared}

    def _domains(self, wanted: list[Wanted]) -> Mapping[Address, Observed]:
        rows = self._tenant.domains()
        roots = [key for key in map(_key, wanted) if key in rows and rows[key].get("isRoot", True)]
        records = self._tenant.domain_records(roots, "verificationDnsRecords")
        seen: dict[Address, Observed] = {}
        for one in wanted:
            key = _key(one)
            found = records.get(key, [])
            if key not in rows:
                seen[one.address] = ABSENT
            elif isinstance(found, Refused):
                seen[one.address] = _unknown(found, one.address)
            else:
                fields = {"root": observed_state.domain_root(key, rows)}
                seen[one.address] = Live(one.address, fields, key, observed_state.verification_outputs(found))
        return seen

    def _verifications(self, wanted: list[Wanted]) -> Mapping[Address, Observed]:
        rows = self._tenant.domains()
        verified = [key for key in map(_key, wanted) if rows.get(key, {}).get("isVerified")]
        accepted = self._tenant.accepted_domains() if verified else {}
        records = self._tenant.domain_records(verified, "serviceConfigurationRecords")
        seen: dict[Address, Observed] = {}
        for one in wanted:
            key = _key(one)
            found = records.get(key)
            if found is None:
                seen[one.address] = ABSENT
            elif isinstance(found, Refused):
                seen[one.address] = _unknown(found, one.address)
            else:
                services = tuple(sorted(rows[key].get("supportedServices") or ()))
                seen[one.address] = Live(
                    one.address,
                    {"verified": True, "services": services, "accepted": key in accepted},
                    key,
                    observed_state.service_outputs(found) if "Email" in services else {},
                )
        return seen

    def _mail_flow(self, wanted: list[Wanted]) -> Mapping[Address, Observed]:
        types = self._tenant.accepted_domains()
        return {one.address: _live(one, {"type": types.get(_key(one))}) for one in wanted}

    def _connectors(self, wanted: list[Wanted]) -> Mapping[Address, Observed]:
        rows = ours(self._tenant.outbound_connectors())
        return {one.address: self._connector(one, rows) for one in wanted}

    def _connector(self, one: Wanted, rows: Sequence[Row]) -> Observed:
        """The federation's part in the connector to its old host, or in a former one as long as it is named there."""
        recorded = one.recorded.get("domains")
        mine = {domain for domain, slug in self._scope.domains.items() if slug == one.address.federation}
        mine |= set(recorded) if isinstance(recorded, tuple) else set()
        parts = [connector_fields(row, mine) for row in rows]
        named = [part for part in parts if part["domains"]]
        server = one.desired.fields.get("server") if one.desired else None
        found = next((part for part in named if part["server"] == server), named[0] if named else None)
        if found is not None:
            return Live(one.address, found, _key(one))
        over = one.desired is not None and one.desired.fields.get("domains") == ()
        return Live(one.address, {"domains": ()}, _key(one)) if over else ABSENT

    def _dkim(self, wanted: list[Wanted]) -> Mapping[Address, Observed]:
        signing = self._tenant.signing()
        return {
            one.address: _live(
                one, {"keys": _key(one) in signing}, observed_state.dkim_outputs(signing.get(_key(one), {}))
            )
            for one in wanted
        }

    def _dkim_signing(self, wanted: list[Wanted]) -> Mapping[Address, Observed]:
        signing = self._tenant.signing()
        return {one.address: _live(one, {"enabled": signing.get(_key(one), {}).get("Enabled")}) for one in wanted}

    def _signature(self, wanted: list[Wanted]) -> Mapping[Address, Observed]:
        by_name = {str(row.get("Name", "")).lower(): row for row in self._tenant.rules()}
        seen: dict[Address, Observed] = {}
        for one in wanted:
            row = by_name.get(_key(one))
            asked = one.desired.fields if one.desired else one.recorded
            fields = rule_fields(row, asked) if row else {}
            seen[one.address] = Live(one.address, fields, str(row["Guid"])) if row else ABSENT
        return seen

    def _mailboxes(self, wanted: list[Wanted]) -> Mapping[Address, Observed]:
        # What we know to be there, from the state or from Exchange, and the list of accounts does not show is asked for
        # by name before it is called absent.
        listed, boxes = self._tenant.users(), self._tenant.by_primary()
        named = {one.address: one.identity or getattr(boxes.get(_key(one)), "user_id", "") for one in wanted}
        asked = self._tenant.users_by_id(name for name in named.values() if name and name not in listed)
        found = {one.address: self._mailbox(one, asked.get(named[one.address])) for one in wanted}
        return {**found, **self._conflicts(wanted, found)}

    def _mailbox(self, one: Wanted, asked: User | Refused | None) -> Observed:
        if isinstance(asked, Refused):
            return _unknown(asked, one.address)
        box, user = self._find(one, asked)
        if box is None and user is None:
            return ABSENT
        key = one.address.key
        if user is None:
            return Unknown(f"{key}: Exchange shows this mailbox, but the directory does not show its account yet.")
        self._accounts[one.address] = user
        fields = observed_state.mailbox_fields(key, user, box, self._tenant.skus(), self._scope.domains)
        context = {} if box else {"mailbox": "not provisioned yet"}
        owner = user.stamp.removeprefix(STAMP_PREFIX) if user.stamp.startswith(STAMP_PREFIX) else ""
        return Live(one.address, fields, user.id, context=context, owner=owner)

    def _conflicts(self, wanted: list[Wanted], found: Mapping[Address, Observed]) -> Mapping[Address, Observed]:
        """Mailboxes that cannot be as desired because an object that no mailbox of this plan stands for has one of
        their addresses. What one mailbox of the plan gives up for another is a matter of order."""
        holders = AddressHolders(self._tenant)
        ours = {user.id for user in self._accounts.values()}
        stopped: dict[Address, Observed] = {}
        for one in wanted:
            shown = found[one.address]
            if one.desired is None or isinstance(shown, Unknown):
                continue
            for address in (_key(one), *_aliases(one)):
                holder = holders.of(address, ours)
                if holder and self._restored(one, shown, holder):
                    stopped[one.address] = Absent(RESTORED)
                if holder and (not holder.deleted or self._kept_from(one, shown, address, holder)):
                    stopped[one.address] = _unknown(conflict(one.address.key, address, holder), one.address)
                    break
        return stopped

    @staticmethod
    def _restored(one: Wanted, shown: Observed, holder: AddressHolder) -> bool:
        """Whether creating the mailbox brings back the account of ours that had its name when it was deleted."""
        return isinstance(shown, Absent) and holder.sign_in == _key(one) and holder.stamp == stamp(one.address)

    @staticmethod
    def _kept_from(one: Wanted, shown: Observed, address: str, holder: AddressHolder) -> bool:
        """Whether a deleted account keeps a new mailbox from its own address: one of ours is brought back instead."""
        return not isinstance(shown, Live) and address == _key(one) and holder.stamp != stamp(one.address)

    def _find(self, one: Wanted, asked: User | None) -> tuple[Box | None, User | None]:
        """The mailbox and the account wanted: by recorded identity, else by primary address, else by sign-in name."""
        users, boxes = self._tenant.users(), self._tenant.boxes()
        if user := asked or users.get(one.identity):
            return boxes.get(user.id), user
        key = _key(one)
        if box := self._tenant.by_primary().get(key):
            return box, users.get(box.user_id)
        user = self._tenant.by_sign_in().get(key)
        return (boxes.get(user.id), user) if user else (None, None)

    def _access(self, wanted: list[Wanted]) -> Mapping[Address, Observed]:
        boxes = self._by_primary_or_recorded(wanted)
        guids = [box.guid for box in boxes.values()]
        full = self._tenant.permissions("Get-MailboxPermission", guids)
        send = self._tenant.permissions("Get-RecipientPermission", guids)
        recipients = self._tenant.recipients() if boxes else {}
        seen: dict[Address, Observed] = {}
        for one in wanted:
            box = boxes.get(one.address)
            if box is None:
                seen[one.address] = ABSENT
                continue
            rows, grants = full[box.guid], send[box.guid]
            if isinstance(rows, Refused) or isinstance(grants, Refused):
                seen[one.address] = _unknown(rows if isinstance(rows, Refused) else grants, one.address)
            else:
                managed = functools.partial(self._manages, one)
                fields = observed_state.access_fields(box, rows, grants, recipients, managed)
                seen[one.address] = Live(one.address, fields, box.guid)
        return seen

    def _manages(self, one: Wanted, holder: Recipient) -> bool:
        """Whether a holder's rights are managed: those of the federation's own people, and of whom its file names or
        named. Groups' and outsiders' rights are left to them. An import, which knows no file yet, sees everybody's."""
        if holder.names & self._copier:
            return False
        if one.desired is None and not one.recorded:
            return True
        desired = one.desired.fields if one.desired else {}
        values = (*desired.values(), *one.recorded.values())
        if any(isinstance(value, tuple) and holder.primary in value for value in values):
            return True
        return not holder.group and self._scope.domains.get(domain_of(holder.primary)) == one.address.federation

    def _copy_access(self, wanted: list[Wanted]) -> Mapping[Address, Observed]:
        # Once the mail is copied nobody needs the right: it counts as recorded, whether it was removed since or not.
        # Reading it would cost more than all the rest, for Exchange shows the rights on one mailbox at a time.
        # A mailbox made anew under the same address has none of that mail, and another id.
        there = {box.guid for box in self._tenant.boxes().values()}
        seen: dict[Address, Observed] = {
            one.address: Live(one.address, dict(one.recorded), one.identity)
            for one in wanted
            if self._copied_whole(one) and one.identity in there
        }
        wanted = [one for one in wanted if one.address not in seen]
        boxes = self._by_primary_or_recorded(wanted)
        granted = self._granted([box.guid for box in boxes.values()])
        imap = self._tenant.imap([guid for guid, found in granted.items() if found is True])
        for one in wanted:
            guid = boxes[one.address].guid if one.address in boxes else ""
            found, on = granted.get(guid, False), imap.get(guid, True)
            if isinstance(found, Refused) or isinstance(on, Refused):
                seen[one.address] = _unknown(found if isinstance(found, Refused) else on, one.address)
            elif not found:
                seen[one.address] = ABSENT
            else:
                context: Mapping[str, Value] = {} if on else {"imap": "switched off"}
                seen[one.address] = Live(one.address, {"granted": on}, guid, context=context)
        return seen

    def _granted(self, guids: Collection[str]) -> Mapping[str, bool | Refused]:
        """Whether the copier may open each of these mailboxes. Exchange shows an application by its object id, its
        application id, a SID or its name: where somebody may be the copier, it is asked about the copier alone."""
        rights = self._tenant.permissions("Get-MailboxPermission", guids)
        held: dict[str, set[str] | Refused] = {
            guid: rows if isinstance(rows, Refused) else set(map(str.lower, observed_state.full_access_holders(rows)))
            for guid, rows in rights.items()
        }
        unsure = [
            guid
            for guid, holders in held.items()
            if not isinstance(holders, Refused) and not holders & self._copier and holders - {"nt authority\\self"}
        ]
        asked = self._tenant.copier_permissions(unsure, self._settings.tenant.copier_principal)
        found: dict[str, bool | Refused] = {}
        for guid, holders in held.items():
            answer = asked.get(guid, [])
            if isinstance(holders, Refused):
                found[guid] = holders
            elif isinstance(answer, Refused):
                unknown = answer.code == "ManagementObjectNotFoundException"  # Exchange does not know the application
                found[guid] = False if unknown else answer
            else:
                found[guid] = bool(holders & self._copier) or observed_state.copier_granted(answer, self._copier)
        return found

    def _copied_whole(self, one: Wanted) -> bool:
        """Whether a mailbox that stays described has all its mail copied."""
        return one.desired is not None and bool(one.recorded.get("granted")) and one.address.key in self._copied

    def _by_primary_or_recorded(self, wanted: list[Wanted]) -> dict[Address, Box]:
        """The mailbox of each: the recorded one wherever its address went, else the one with that primary address."""
        by_guid = {box.guid: box for box in self._tenant.boxes().values()}
        by_primary = self._tenant.by_primary()
        found = {one.address: by_guid.get(one.identity) or by_primary.get(_key(one)) for one in wanted}
        return {address: box for address, box in found.items() if box is not None}

    def _unmanaged(self) -> tuple[Address, ...]:
        """Accounts and mailboxes of the declared domains that no wanted mailbox covers; none when they are unknown."""
        try:
            users, boxes = self._tenant.users(), self._tenant.boxes()
        except (Problem, Refused, *_MALFORMED):
            return ()
        names = {identity: box.primary for identity, box in boxes.items()}
        names.update({identity: names.get(identity) or user.upn for identity, user in users.items()})
        matched = {user.id for user in self._accounts.values()}
        return tuple(
            sorted(
                Address(self._scope.domains[domain_of(name)], "mailbox", name)
                for identity, name in names.items()
                if identity not in matched and domain_of(name) in self._scope.domains
            )
        )


def _key(one: Wanted) -> str:
    return one.address.key.lower()


def _aliases(one: Wanted) -> tuple[str, ...]:
    value = one.desired.fields.get("aliases") if one.desired else ()
    return tuple(alias.lower() for alias in value) if isinstance(value, tuple) else ()


def _live(one: Wanted, fields: Mapping[str, Value], outputs: Mapping[str, Value] = MappingProxyType({})) -> Observed:
    """A domain's setting, absent while it is off."""
    return Live(one.address, fields, _key(one), outputs) if any(fields.values()) else ABSENT


def _unknown(failure: Problem | Refused | object, address: Address) -> Unknown:
    if isinstance(failure, Refused):
        failure = explained(failure, address)
    if isinstance(failure, Problem):
        return Unknown(f"{failure}{f' – {failure.hint}' if failure.hint else ''}")
    return Unknown(str(failure))
