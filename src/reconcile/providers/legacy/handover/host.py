"""One old host as a handover sees it: its driver and its proof."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.legacy.handover.by_hand import ByHand
from reconcile.providers.legacy.handover.driver import Driver
from reconcile.providers.legacy.handover.probe import Prober
from reconcile.providers.legacy.lock.canary import NotProved

#: Of the addresses a host redirected, so many are tried.
_TRIED = 3


@dataclasses.dataclass(frozen=True, slots=True)
class HandedOverHost:
    """``prober`` is made when it is needed, for it takes a password."""

    name: str
    driver: Driver
    prober: Callable[[], Prober]

    def hand_over(self, federation: str, domains: tuple[str, ...], known: tuple[str, ...]) -> None:
        """Have it send on, and prove it. Raises Problem HOV01 (it keeps or redirects mail), HOV02 (the tenant does not
        take it), HOV03 (nothing can be told), or a driver's own."""
        self.driver.hand_over(federation, domains)
        redirected = self.driver.redirections(federation)
        others = tuple(one for one in redirected if one not in known)[:_TRIED]
        try:
            self.prober().handed_over(known, others, domains)
        except NotProved as failed:
            raise self._told(_not_over(self.name, failed), domains, over=True) from None

    def take_back(self, federation: str, domains: tuple[str, ...], known: tuple[str, ...]) -> None:
        """Have it deliver again, and prove it. Raises Problem HOV04, HOV03, or a driver's own."""
        self.driver.take_back(federation, domains)
        try:
            self.prober().taken_back(known)
        except NotProved as failed:
            raise self._told(_not_back(self.name, failed), domains, over=False) from None

    def _told(self, problem: Problem, domains: tuple[str, ...], *, over: bool) -> Problem:
        return self.driver.told(problem, domains, over=over) if isinstance(self.driver, ByHand) else problem


def _not_over(host: str, failed: NotProved) -> Problem:
    if failed.half == "unknown":
        return _unproved(host, failed)
    if failed.half == "open":
        hint = "look at the domain and its addresses in the tenant, then apply again (docs/handover.md, HOV02)"
        return Problem(
            "HOV02",
            Phrase("{host} sends the domain on, and it does not arrive: {why}.", host=host, why=failed.why),
            hint,
        )
    hint = "mend the host, then apply again (docs/handover.md, HOV01)"
    return Problem(
        "HOV01", Phrase("{host} does not leave the domain to its MX: {why}.", host=host, why=failed.why), hint
    )


def _not_back(host: str, failed: NotProved) -> Problem:
    if failed.half == "unknown":
        return _unproved(host, failed)
    hint = "nothing else is undone before; see docs/handover.md, HOV04, then apply again"
    return Problem(
        "HOV04", Phrase("{host} was to deliver again, and that is not so: {why}.", host=host, why=failed.why), hint
    )


def _unproved(host: str, failed: NotProved) -> Problem:
    hint = "what was done stays done; once it can be told, apply again (docs/handover.md, HOV03)"
    return Problem(
        "HOV03", Phrase("What {host} does with mail cannot be proved: {why}.", host=host, why=failed.why), hint
    )
