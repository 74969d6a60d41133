"""One old host as a lock sees it: its driver, its sessions, its canaries, and how long it may take."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.legacy.lock.by_hand import ByHand
from reconcile.providers.legacy.lock.canary import Canary, NotProved, Proof
from reconcile.providers.legacy.lock.driver import Driver
from reconcile.providers.legacy.lock.sessions import Sessions

#: Seconds between two tries of the proof: Dovecot looks at its files about once a second.
_PAUSE = 1.0


@dataclasses.dataclass(frozen=True, slots=True)
class LockedHost:
    """``canary``: that of a federation, by its root domain and slug. ``patience``: seconds. ``pause`` waits that many
    seconds; ``elapsed`` tells the seconds of a clock that never goes back."""

    name: str
    driver: Driver
    proof: Proof
    canary: Callable[[str, str], Canary]
    patience: float
    pause: Callable[[float], None]
    elapsed: Callable[[], float]
    #: None where there is no doveadm to ask; made when it is needed, for it takes a key.
    sessions: Callable[[], Sessions] | None = None

    def lock(self, federation: str, domain: str, logins: tuple[str, ...]) -> None:
        """Refuse, forget, end, prove. Nothing is taken back when the proof fails: whoever is refused stays so.

        Raises Problem LCK01 (users get in), LCK02 (the copier or mail does not), LCK03 (nobody answered), or a
        driver's own.
        """
        canary = self.canary(domain, federation)
        everyone = (*logins, canary.login)
        self.driver.lock(federation, everyone)
        sessions = self.sessions() if self.sessions is not None else None
        if sessions is not None:
            sessions.forget(everyone)
            sessions.end(everyone)

        def proved() -> None:
            self.proof.locked(canary, logins[0] if logins else canary.login)
            if sessions is not None and (inside := sessions.open(everyone)):
                sessions.end(inside)
                raise NotProved("refused", Phrase("{inside} still has a session", inside=inside[0]))

        self._proved(proved, everyone, locking=True)

    def unlock(self, federation: str, domain: str, logins: tuple[str, ...]) -> None:
        """Put back, forget, prove. Raises Problem LCK04, LCK03, or a driver's own."""
        canary = self.canary(domain, federation)
        everyone = (*logins, canary.login)
        self.driver.unlock(federation, everyone)
        if self.sessions is not None:
            self.sessions().forget(everyone)
        self._proved(lambda: self.proof.unlocked(canary), everyone, locking=False)

    def locked(self, federation: str, logins: tuple[str, ...]) -> tuple[str, ...]:
        """Those of these logins that the driver shows locked, sorted."""
        return tuple(sorted(self.driver.locked(federation, logins)))

    def _proved(self, prove: Callable[[], None], logins: tuple[str, ...], *, locking: bool) -> None:
        """Try until it holds: files are looked at again a second later, queries of old answers die away."""
        until = self.elapsed() + self.patience
        while True:
            try:
                return prove()
            except NotProved as failed:
                if self.elapsed() >= until:
                    problem = _problem(self.name, failed, locking=locking)
                    if isinstance(self.driver, ByHand):
                        problem = self.driver.told(problem, logins, locking=locking)
                    raise problem from None
            self.pause(_PAUSE)


def _problem(host: str, failed: NotProved, *, locking: bool) -> Problem:
    if failed.half == "unknown":
        hint = "what was done stays done; once it answers, apply again"
        return Problem("LCK03", Phrase("The lock of {host} cannot be proved: {why}.", host=host, why=failed.why), hint)
    if not locking:
        hint = "flush its auth cache, see docs/lock.md, then apply again"
        return Problem(
            "LCK04", Phrase("{host} was unlocked, and that is not so: {why}.", host=host, why=failed.why), hint
        )
    if failed.half == "refused":
        hint = "nothing is copied or switched; see docs/lock.md, LCK01, then apply again"
        return Problem("LCK01", Phrase("The lock of {host} does not hold: {why}.", host=host, why=failed.why), hint)
    hint = "users stay locked out; nothing is copied or switched: see docs/lock.md, LCK02, then apply again"
    return Problem(
        "LCK02", Phrase("{host} refuses its users and more than them: {why}.", host=host, why=failed.why), hint
    )
