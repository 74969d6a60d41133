"""The kind lock: one federation's old mailboxes refuse their users and let the copier in; both proved."""

from __future__ import annotations

from collections.abc import Mapping

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.base import ABSENT, Observation, Observed, Order, Scope, Wanted
from reconcile.providers.legacy.hosts import Hosts, asked_of, texts
from reconcile.providers.legacy.lock.by_hand import ByHand
from reconcile.providers.legacy.lock.host import LockedHost
from reconcile.resources.address import Address
from reconcile.resources.resource import Live, Value


class LockReader:
    """What the drivers show. That a lock was proved is what was recorded of it: a proof is a write's read-back, and one
    whose run was killed is made again."""

    def __init__(self, hosts: Mapping[str, LockedHost]) -> None:
        self._hosts = _known(hosts)

    def observe(self, scope: Scope) -> Observation:
        return self._hosts.observe(scope, _look)


class LockWriter:
    """Locks and unlocks; each ends with its proof. Raises ``Problem`` LCK…."""

    def __init__(self, hosts: Mapping[str, LockedHost]) -> None:
        self._hosts = _known(hosts)

    def create(self, order: Order) -> Live:
        address, logins = order.address, texts(order.fields["logins"])
        host = self._hosts.one(order.fields["host"])
        host.lock(address.federation, address.mail_domain, logins)
        return self._shown(address, host, logins)

    def update(self, order: Order) -> Live:
        before = order.before.fields if order.before else {}
        if before.get("host") != order.fields["host"]:
            raise Problem(
                "LCK05",
                Phrase(
                    "{address}: its mailboxes are locked on {host}, and it now names another host.",
                    address=order.address,
                    host=before.get("host"),
                ),
                "name the former one again, and move the date first: that unlocks it",
            )
        wanted, address = texts(order.fields["logins"]), order.address
        host = self._hosts.one(order.fields["host"])
        gone = tuple(sorted(set(texts(before.get("logins"))) - set(wanted)))
        if gone:
            host.driver.release(address.federation, gone)
        return self.create(order)

    def delete(self, order: Order) -> None:
        before = order.before.fields if order.before else {}
        host = self._hosts.one(before.get("host", ""))
        host.unlock(order.address.federation, order.address.mail_domain, texts(before.get("logins")))

    def _shown(self, address: Address, host: LockedHost, logins: tuple[str, ...]) -> Live:
        locked: tuple[str, ...] = logins
        if not isinstance(host.driver, ByHand):
            locked = host.locked(address.federation, logins)
            if left := sorted(set(logins) - set(locked)):
                raise Problem(
                    "LCK01",
                    Phrase(
                        "The lock of {name} does not hold: it does not show {left} as locked.",
                        name=host.name,
                        left=", ".join(left[:3]),
                    ),
                    "nothing is copied or switched; see docs/lock.md, LCK01, then apply again",
                )
        fields: dict[str, Value] = {"host": host.name, "logins": locked, "proved": True}
        return Live(address, fields)


def _known(hosts: Mapping[str, LockedHost]) -> Hosts[LockedHost]:
    return Hosts(hosts, Phrase("is locked"), "lock", "LCK06")


def _look(host: LockedHost, name: str, wanted: Wanted) -> Observed:
    recorded = wanted.recorded
    logins = tuple(sorted({*texts(asked_of(wanted).get("logins")), *texts(recorded.get("logins"))}))
    proved = recorded.get("proved") is True
    if isinstance(host.driver, ByHand):
        locked = texts(recorded.get("logins")) if proved else ()
    else:
        locked = host.locked(wanted.address.federation, logins)
    return Live(wanted.address, {"host": name, "logins": locked, "proved": proved}) if locked else ABSENT
