"""An inventory from OVH's MX Plan, as its API describes itself (/email/domain, stable); never tried on a live one."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn, TypeVar

from reconcile.clock import Clock
from reconcile.config.inventory.inventory import Aspect
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.legacy.inventory.contract import Found, Reading, Scope, clean_address, clean_count, clean_text
from reconcile.providers.legacy.inventory.ovh_api import Missing, OvhApi

_SIDE_BY_SIDE = 8
_EVERYTHING: tuple[Aspect, ...] = ("mailboxes", "aliases", "lists", "catch_alls")
_Answer = TypeVar("_Answer")


class Ovh:
    """Accounts, redirections, mailing lists and responders of each domain. When a mailbox was last used is not told."""

    name = "ovh"

    def __init__(self, api: OvhApi, clock: Clock) -> None:
        self._api = api
        self._clock = clock

    def read(self, scope: Scope) -> Reading:
        """Raises Problem INV14 when the API cannot be reached, or refuses the keys."""
        found, troubles = list[Found](), dict[Aspect, str]()
        for domain in scope.domains:
            try:
                service = self._row(domain)
                found += (*self._accounts(domain), *self._redirections(domain), *self._lists(domain))
            except Missing:
                troubles |= dict.fromkeys(
                    _EVERYTHING, Phrase("OVH serves no mail of {domain} to these keys", domain=domain)
                )
                continue
            if moved := clean_text(service.get("migratedMXPlanServiceName")):
                why = Phrase(
                    "{domain} was moved to {moved}, whose mailboxes this API does not list", domain=domain, moved=moved
                )
                troubles |= dict.fromkeys(_EVERYTHING, why)
        return Reading(tuple(found), frozenset(_EVERYTHING), troubles)

    def _accounts(self, domain: str) -> Iterator[Found]:
        replies = dict(self._each(self._names(domain, "responder"), lambda name: self._reply(domain, name)))
        for name, one in self._each(self._names(domain, "account"), lambda name: self._account(domain, name)):
            reply = replies.get(name, {})
            copied = clean_address(reply.get("copyTo"))
            targets = (*one.targets, copied) if copied else one.targets
            yield dataclasses.replace(one, vacation=bool(reply), targets=targets)

    def _account(self, domain: str, name: str) -> Found:
        address = clean_address(f"{name}@{domain}")
        try:
            usage = self._row(domain, "account", name, "usage")
        except Missing:
            usage = {}
        filters = self._filters(domain, name)
        redirects = [clean_address(row.get("actionParam")) for row in filters or () if row.get("action") == "redirect"]
        return Found(
            address=address,
            kind="mailbox",
            login=address,
            targets=tuple(target for target in redirects if target),
            size=clean_count(usage.get("quota")),
            messages=clean_count(usage.get("emailCount")),
            filters=None if filters is None else tuple(clean_text(row.get("name")) for row in filters),
        )

    def _filters(self, domain: str, account: str) -> list[Mapping[str, Any]] | None:
        """The active ones; None when they cannot be told."""
        try:
            names = self._names(domain, "account", account, "filter")
            rows = [self._row(domain, "account", account, "filter", name) for name in names]
        except Missing:
            return None
        return [row for row in rows if row.get("active")]

    def _reply(self, domain: str, account: str) -> Mapping[str, Any]:
        """The automatic reply of an account; nothing when it is not its season."""
        row = self._row(domain, "responder", account)
        begins, ends = _moment(row.get("from")), _moment(row.get("to"))
        now = self._clock.now()
        return {} if (begins and now < begins) or (ends and now > ends) else row

    def _redirections(self, domain: str) -> Iterator[Found]:
        sent_on: dict[str, list[str]] = {}
        for _, row in self._each(
            self._names(domain, "redirection"), lambda name: self._row(domain, "redirection", name)
        ):
            if (address := clean_address(row.get("from"))) and (target := clean_text(row.get("to"))):
                sent_on.setdefault(address, []).append(target.lower())
        yield from (Found(address, targets=tuple(targets)) for address, targets in sent_on.items())

    def _lists(self, domain: str) -> Iterator[Found]:
        def members(name: str) -> tuple[str, ...]:
            names = self._names(domain, "mailingList", name, "subscriber")
            return tuple(text.lower() for one in names if (text := clean_text(one)))

        for name, targets in self._each(self._names(domain, "mailingList"), members):
            if address := clean_address(f"{name}@{domain}"):
                yield Found(address, "list", targets=targets)

    def _row(self, domain: str, *path: str) -> Mapping[str, Any]:
        row = self._api.get("email", "domain", domain, *path)
        return row if isinstance(row, dict) else self._nonsense(domain, path)

    def _names(self, domain: str, *path: str) -> list[str]:
        names = self._api.get("email", "domain", domain, *path)
        return [str(name) for name in names] if isinstance(names, list) else self._nonsense(domain, path)

    def _nonsense(self, domain: str, path: Sequence[str]) -> NoReturn:
        where = "/".join(("/email/domain", domain, *path))
        raise Problem(
            "INV14", Phrase("OVH's API does not answer {where} as described.", where=where), "try again later"
        )

    def _each(self, names: Iterable[str], ask: Callable[[str], _Answer]) -> list[tuple[str, _Answer]]:
        """Each name with what is told of it, side by side; one that went meanwhile is left out."""

        def asked(name: str) -> list[tuple[str, _Answer]]:
            try:
                return [(name, ask(name))]
            except Missing:
                return []

        with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
            return [pair for pairs in pool.map(asked, names) for pair in pairs]


def _moment(text: object) -> dt.datetime | None:
    try:
        found = dt.datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found.replace(tzinfo=found.tzinfo or dt.UTC) if found else None
