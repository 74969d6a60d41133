"""The kind handover: one federation's domains are sent on by their MX on its old host; proved, and once more the next
day, for panels write their tables anew at night."""

from __future__ import annotations

from collections.abc import Mapping

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.base import ABSENT, Observation, Observed, Order, Scope, Wanted
from reconcile.providers.legacy.handover.host import HandedOverHost
from reconcile.providers.legacy.hosts import Hosts, asked_of, texts
from reconcile.resources.resource import Live, Value


class HandoverReader:
    """What the drivers show. That it was proved, and when, is what was recorded of it: a proof is a write's read-back,
    and one whose run was killed is made again."""

    def __init__(self, hosts: Mapping[str, HandedOverHost]) -> None:
        self._hosts = _known(hosts)

    def observe(self, scope: Scope) -> Observation:
        return self._hosts.observe(scope, _look)


class HandoverWriter:
    """Hands over and takes back; each ends with its proof. Raises ``Problem`` HOV…."""

    def __init__(self, hosts: Mapping[str, HandedOverHost]) -> None:
        self._hosts = _known(hosts)

    def create(self, order: Order) -> Live:
        host, domains = self._hosts.one(order.fields["host"]), texts(order.fields["domains"])
        known = texts(order.fields["known"])
        host.hand_over(order.address.federation, domains, known)
        fields: dict[str, Value] = {"host": host.name, "domains": domains, "known": known, "proved": _plain(order)}
        return Live(order.address, fields)

    def update(self, order: Order) -> Live:
        before = order.before.fields if order.before else {}
        if before.get("host") != order.fields["host"]:
            raise Problem(
                "HOV05",
                Phrase(
                    "{address}: it was handed over on {host}, and it now names another host.",
                    address=order.address,
                    host=before.get("host"),
                ),
                "name the former one again, and move the date first: that has it deliver again",
            )
        return self.create(order)

    def delete(self, order: Order) -> None:
        before = order.before.fields if order.before else {}
        host = self._hosts.one(before.get("host", ""))
        host.take_back(order.address.federation, texts(before.get("domains")), texts(before.get("known")))


def _plain(order: Order) -> str:
    return str(order.fields["proved"])


def _known(hosts: Mapping[str, HandedOverHost]) -> Hosts[HandedOverHost]:
    return Hosts(hosts, Phrase("hands over"), "handover", "HOV06")


def _look(host: HandedOverHost, name: str, wanted: Wanted) -> Observed:
    recorded = wanted.recorded
    domains = tuple(sorted({*texts(asked_of(wanted).get("domains")), *texts(recorded.get("domains"))}))
    proved = str(recorded.get("proved") or "")
    shown = host.driver.shown(wanted.address.federation, domains)
    over = tuple(sorted(shown.over)) if shown else (texts(recorded.get("domains")) if proved else ())
    # One that is recorded and over no more was taken back by a run that never said so: that is to be proved yet.
    if not over and not recorded and not (shown and shown.begun):
        return ABSENT
    # What was proved of a host that has gone back since is proved no longer.
    whole = set(over) >= set(texts(recorded.get("domains")))
    known = texts(recorded.get("known"))
    fields: dict[str, Value] = {"host": name, "domains": over, "known": known, "proved": proved if whole else ""}
    return Live(wanted.address, fields)
