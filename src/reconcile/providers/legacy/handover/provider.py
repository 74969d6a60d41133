"""The kind handover: one federation's domains are sent on by their MX on its old host; proved, and once more the next
day, for panels write their tables anew at night."""

from __future__ import annotations

from collections.abc import Mapping

from reconcile.problem import Problem
from reconcile.providers.base import ABSENT, Observation, Observed, Order, Scope, Unknown, Wanted
from reconcile.providers.legacy.handover.host import HandedOverHost
from reconcile.resources.resource import Live, Reference, Value


class HandoverReader:
    """What the drivers show. That it was proved, and when, is what was recorded of it: a proof is a write's read-back,
    and one whose run was killed is made again."""

    def __init__(self, hosts: Mapping[str, HandedOverHost]) -> None:
        self._hosts = hosts

    def observe(self, scope: Scope) -> Observation:
        return Observation({wanted.address: self._seen(wanted) for wanted in scope.wanted})

    def _seen(self, wanted: Wanted) -> Observed:
        recorded = wanted.recorded
        asked = wanted.desired.fields if wanted.desired else recorded
        name = str(recorded.get("host") or asked.get("host", ""))
        host = self._hosts.get(name)
        if host is None:
            return ABSENT if not recorded else Unknown(f"reconcile.toml says no more how {name} hands over")
        domains = tuple(sorted({*_texts(asked.get("domains")), *_texts(recorded.get("domains"))}))
        proved = str(recorded.get("proved") or "")
        try:
            shown = host.driver.shown(wanted.address.federation, domains)
        except Problem as problem:
            return Unknown(problem.message)
        over = tuple(sorted(shown.over)) if shown else (_texts(recorded.get("domains")) if proved else ())
        if not over and not (shown and shown.begun):
            return ABSENT
        # What was proved of a host that has gone back since is proved no longer.
        whole = set(over) >= set(_texts(recorded.get("domains")))
        known = _texts(recorded.get("known"))
        fields: dict[str, Value] = {
            "host": name,
            "domains": over,
            "known": known,
            "proved": proved if whole else "",
        }
        return Live(wanted.address, fields)


class HandoverWriter:
    """Hands over and takes back; each ends with its proof. Raises ``Problem`` HOV…."""

    def __init__(self, hosts: Mapping[str, HandedOverHost]) -> None:
        self._hosts = hosts

    def create(self, order: Order) -> Live:
        host, domains = self._host(str(order.fields["host"])), _texts(order.fields["domains"])
        known = _texts(order.fields["known"])
        host.hand_over(order.address.federation, domains, known)
        fields: dict[str, Value] = {"host": host.name, "domains": domains, "known": known, "proved": _plain(order)}
        return Live(order.address, fields)

    def update(self, order: Order) -> Live:
        before = order.before.fields if order.before else {}
        if before.get("host") != order.fields["host"]:
            raise Problem(
                "HOV05",
                f"{order.address}: it was handed over on {before.get('host')}, and it now names another host.",
                "name the former one again, and move the date first: that has it deliver again",
            )
        return self.create(order)

    def delete(self, order: Order) -> None:
        before = order.before.fields if order.before else {}
        host = self._host(str(before.get("host", "")))
        host.take_back(order.address.federation, _texts(before.get("domains")), _texts(before.get("known")))

    def _host(self, name: str) -> HandedOverHost:
        host = self._hosts.get(name)
        if host is None:
            raise Problem("HOV06", f"reconcile.toml does not say how {name} hands over.", f"[legacy.{name}.handover]")
        return host


def _plain(order: Order) -> str:
    return str(order.fields["proved"])


def _texts(value: Value | Reference) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()
