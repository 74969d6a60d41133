"""What the tenant holds of the resources a plan asks about."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping

from reconcile.config.settings.settings import Settings
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.base import SETTINGS_CHECK, Finding, Observation, Observed, Scope, Seats, Wanted, Weight
from reconcile.providers.microsoft.reading.connectors import astray
from reconcile.providers.microsoft.reading.excerpt import Excerpt
from reconcile.providers.microsoft.reading.few import few
from reconcile.providers.microsoft.reading.mail_settings import refusals_of_mail
from reconcile.providers.microsoft.reading.observing import domains, mail_flow_rules
from reconcile.providers.microsoft.reading.observing.access import observe_access
from reconcile.providers.microsoft.reading.observing.copy_access import Copier, copied_whole, observe_copy_access
from reconcile.providers.microsoft.reading.observing.mailboxes import find_mailboxes, observe_mailboxes
from reconcile.providers.microsoft.reading.observing.observed import MALFORMED, unknown
from reconcile.providers.microsoft.reading.records import User, domain_of
from reconcile.providers.microsoft.reading.tenant import Tenant
from reconcile.providers.microsoft.wire.exchange import Exchange
from reconcile.providers.microsoft.wire.graph import Graph
from reconcile.providers.microsoft.wire.refusals import Refused
from reconcile.resources.address import Address


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
        reached = (self._graph, self._exchange, self._settings)
        part = few(scope)
        tenant = Excerpt(*reached, part) if part else Tenant(*reached)
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
        names = {settings.tenant.copier_principal.lower(), settings.tenant.client_id.lower()}
        self._copier = Copier(settings.tenant.copier_principal, frozenset(names))
        #: Whose account each wanted mailbox was found to be.
        self._accounts: Mapping[Address, User] = {}

    def observation(self) -> Observation:
        tenant, declared = self._tenant, self._scope.domains
        looks: Mapping[str, Callable[[list[Wanted]], Mapping[Address, Observed]]] = {
            "domain": functools.partial(domains.observe_domains, tenant),
            "domain_verification": functools.partial(domains.observe_verifications, tenant),
            "mail_flow": functools.partial(domains.observe_mail_flow, tenant),
            "connector": lambda wanted: mail_flow_rules.observe_connectors(tenant, wanted, declared),
            "dkim": functools.partial(domains.observe_dkim, tenant),
            "dkim_signing": functools.partial(domains.observe_dkim_signing, tenant),
            "mailbox": self._mailboxes,
            "access": lambda wanted: observe_access(tenant, wanted, declared, self._copier.names),
            "copy_access": lambda wanted: observe_copy_access(tenant, wanted, self._copier, self._copied),
            "signature": functools.partial(mail_flow_rules.observe_signature, tenant),
        }
        tenant.prefetch({one.address.kind for one in self._scope.wanted}, self._rights_to_read())
        seen: dict[Address, Observed] = {}
        for kind, look in looks.items():
            wanted = [one for one in self._scope.wanted if one.address.kind == kind]
            if not wanted:
                continue
            try:
                seen.update(look(wanted))
            except (Problem, Refused) as failure:
                seen.update({one.address: unknown(failure, one.address) for one in wanted})
            except MALFORMED as odd:
                malformed = Problem(
                    "M365-04",
                    Phrase("Microsoft answered what cannot be read ({kind}).", kind=type(odd).__name__),
                    "run again",
                )
                seen.update({one.address: unknown(malformed, one.address) for one in wanted})
        return Observation(seen, self._unmanaged(), self._seats(), self._in_the_way())

    def _mailboxes(self, wanted: list[Wanted]) -> Mapping[Address, Observed]:
        found = find_mailboxes(self._tenant, wanted)
        self._accounts = {address: one.user for address, one in found.items() if one.user}
        return observe_mailboxes(self._tenant, wanted, found, self._scope.domains)

    def _rights_to_read(self) -> Mapping[str, Collection[str]]:
        """The mailboxes whose rights will be asked about, as far as the state knows them, by cmdlet."""
        shared = [one.identity for one in self._scope.wanted if one.address.kind == "access" and one.identity]
        copies = [one for one in self._scope.wanted if one.address.kind == "copy_access" and one.identity]
        opened = [one.identity for one in copies if not copied_whole(one, self._copied)]
        return {"Get-MailboxPermission": [*shared, *opened], "Get-RecipientPermission": shared}

    def _in_the_way(self) -> tuple[Finding, ...]:
        """What the tenant itself would refuse of federations whose mailboxes are still to be created."""
        moving = {one.address.federation for one in self._scope.wanted if _to_be_created(one)}
        if not moving:
            return ()
        hosts = [legacy.host for legacy in self._settings.legacy.values()]
        try:
            sentences = refusals_of_mail(self._tenant, hosts)
        except (Problem, Refused, *MALFORMED, IndexError):
            sentences = (Phrase("the tenant's own settings could not be read"),)
        try:
            strangers = list(astray(self._tenant.outbound_connectors(), self._scope.domains))
        except (Problem, Refused, *MALFORMED):
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
        except (Problem, Refused, *MALFORMED):
            return None
        return Seats(skus.supply(), {address: skus.parts(user.skus) for address, user in self._accounts.items()})

    def _unmanaged(self) -> tuple[Address, ...]:
        """Accounts and mailboxes of the declared domains that no wanted mailbox covers; none when they are unknown."""
        if not self._scope.whole:
            return ()
        try:
            users, boxes = {user.id: user for user in self._tenant.accounts()}, self._tenant.boxes()
        except (Problem, Refused, *MALFORMED):
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


def _to_be_created(one: Wanted) -> bool:
    return one.address.kind == "mailbox" and one.desired is not None and not one.identity
