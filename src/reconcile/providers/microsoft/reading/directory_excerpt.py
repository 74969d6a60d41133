"""The directory of the tenant, as far as a few federations are concerned: one batch of plain filters."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from reconcile.config.settings.settings import Settings
from reconcile.problem import Problem
from reconcile.providers.microsoft.reading import records
from reconcile.providers.microsoft.reading.directory_paths import (
    EXPRESSIONS,
    accounts_by,
    accounts_of_domain,
    advanced,
    chunks,
    deleted_path,
    domain_path,
    literal,
    record_path,
    sku_path,
    with_parents,
)
from reconcile.providers.microsoft.reading.few import Few
from reconcile.providers.microsoft.reading.licences import Skus
from reconcile.providers.microsoft.reading.records import User
from reconcile.providers.microsoft.reading.tenant import (
    Tenant,
)
from reconcile.providers.microsoft.wire.exchange import Exchange
from reconcile.providers.microsoft.wire.graph import Graph
from reconcile.providers.microsoft.wire.refusals import Refused

Row = dict[str, Any]
T = TypeVar("T")

_PARTS = ("verificationDnsRecords", "serviceConfigurationRecords")


class DirectoryExcerpt(Tenant):
    """The accounts, subscriptions and domains of a few federations; Exchange's lists are those of everything. Every
    method raises as ``Tenant``'s."""

    def __init__(self, graph: Graph, exchange: Exchange, settings: Settings, asked: Few) -> None:
        super().__init__(graph, exchange, settings)
        self._asked = asked
        self._kinds: frozenset[str] = frozenset()

    def users(self) -> Mapping[str, User]:
        return self._once("users", lambda: self._filtered(self._users_asked_for, super(DirectoryExcerpt, self).users))

    def accounts(self, addresses: Collection[str] = ()) -> Iterable[User]:
        discovered = self._once(
            "discovered", lambda: self._filtered(self._discovered, super(DirectoryExcerpt, self).users)
        )
        known = {**discovered, **self.users()}
        beyond: Mapping[str, User] = {}
        if addresses:
            beyond = self._filtered(lambda: self._holders(addresses, known), super().users)
        return {**beyond, **known}.values()

    def deleted(self) -> list[User]:
        path = deleted_path()
        return self._once("deleted", lambda: list(map(records.user, self._graph.rest(path, self._answer(path)))))

    def skus(self) -> Skus:
        path = sku_path()
        return self._once("skus", lambda: Skus(self._graph.rest(path, self._answer(path)), self._settings.licences))

    def domains(self) -> Mapping[str, Row]:
        return self._once("domains", lambda: dict(self._domain_rows()))

    def domain_records(self, domains: Iterable[str], part: str) -> Mapping[str, list[Row] | Refused]:
        names = sorted(set(domains))
        beside = super().domain_records([name for name in names if name not in self._asked.settings], part)
        found: dict[str, list[Row] | Refused] = dict(beside)
        for name in set(names) & set(self._asked.settings):
            answer = self._answer(record_path(name, part))
            found[name] = answer if isinstance(answer, Refused) else list(answer.get("value") or [])
        return found

    def _directory(self) -> Mapping[str, Row | Refused]:
        """The first page of every question to the directory, by its path, in as few batches as they fit in."""

        def read() -> Mapping[str, Row | Refused]:
            paths = list(self._paths())
            return dict(zip(paths, self._graph.many(paths), strict=True))

        return self._once("directory", read)

    def _paths(self) -> Iterator[str]:
        for name in with_parents(self._asked.settings):
            yield domain_path(name)
        for name in sorted(self._asked.settings):
            yield from (record_path(name, part) for part in _PARTS)
        if "mailbox" in self._kinds:
            yield from (sku_path(), deleted_path(), *self._user_paths(), *map(accounts_of_domain, self._asked.domains))

    def _user_paths(self) -> Iterator[str]:
        yield from accounts_by("id", self._asked.accounts)
        yield from accounts_by("userPrincipalName", self._asked.names)

    def _answer(self, path: str) -> Row | Refused:
        """The first page at a path, asked for by itself when it was not asked for with the others."""
        known = self._directory()
        return known[path] if path in known else self._graph.many([path])[0]

    def _users_asked_for(self) -> dict[str, User]:
        found = self._users_at(self._user_paths())
        # Deleted since, it may be, and made anew under the same name.
        gone = [name for identity, name in self._asked.accounts.items() if identity not in found]
        return found | self._users_at(accounts_by("userPrincipalName", gone))

    def _discovered(self) -> dict[str, User]:
        return self._users_at(map(accounts_of_domain, self._asked.domains))

    def _holders(self, addresses: Collection[str], known: Collection[str]) -> dict[str, User]:
        """The accounts that have one of these addresses, or an address of the domains, but for those known."""
        here = {one.user_id for one in self.recipient_list() if one.user_id} - set(known)
        held = [f"proxyAddresses/any(p:p eq {literal(f'smtp:{address}')})" for address in sorted(addresses)]
        paths = [advanced(" or ".join(part)) for part in chunks(held, EXPRESSIONS)]
        return self._users_at([*paths, *accounts_by("userPrincipalName", addresses), *accounts_by("id", here)])

    def _users_at(self, paths: Iterable[str]) -> dict[str, User]:
        known = self._directory()
        wanted = list(paths)
        missing = [path for path in wanted if path not in known]
        pages = {**known, **dict(zip(missing, self._graph.many(missing), strict=True))} if missing else known
        rows = [row for path in wanted for row in self._graph.rest(path, pages[path])]
        return {user.id: user for user in map(records.user, rows)}

    def _domain_rows(self) -> Iterator[tuple[str, Row]]:
        for name in with_parents(self._asked.settings):
            answer = self._answer(domain_path(name))
            if not isinstance(answer, Refused):
                yield name, answer
            elif answer.status != 404:
                raise answer

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
