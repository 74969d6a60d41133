"""What a lock alone does not reach: passwords Dovecot remembers, and sessions that are open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.legacy.inventory.doveadm_api import DoveadmApi, Refused


class Sessions:
    """Of one Dovecot, through its doveadm HTTP API."""

    def __init__(self, api: DoveadmApi) -> None:
        self._api = api

    def forget(self, logins: Sequence[str]) -> None:
        """Have its auth processes forget what they remember of these logins: an old password, or a refusal.

        A reload does so too: its auth processes start anew. Open sessions go on; who is just signing in tries again.
        Raises Problem LCK15.
        """
        try:
            self._api.ask_once("authCacheFlush", user=list(logins))
        except Refused as refused:
            raise self._problem(
                "authCacheFlush", Phrase("it refuses authCacheFlush ({refused})", refused=refused)
            ) from None
        except Problem:  # Dovecot 2.4.1 ends without an answer at a command over HTTP that names users
            self._ask("reload")

    def end(self, logins: Sequence[str]) -> None:
        """End their sessions; one that ended meanwhile is no failure. Raises Problem LCK15."""
        for login in self.open(logins):
            # Exit code 68 (EX_NOHOST): it kicked nobody.
            self._ask("kick", harmless=68, mask=[login])

    def open(self, logins: Sequence[str]) -> list[str]:
        """Those of these logins with a session. The copier's bear the same names: ask before it starts."""
        asked = {login.lower(): login for login in logins}
        rows = self._ask("who", mask=[])
        names = [str(row.get("username", "")).lower() for row in rows if isinstance(row, dict)]
        return sorted({asked[name] for name in names if name in asked})

    def _ask(self, command: str, harmless: int = 0, **parameters: object) -> list[Any]:
        try:
            answer = self._api.ask(command, **parameters)
        except Refused as refused:
            if harmless and refused.exit_code == harmless:
                return []
            raise self._problem(
                command, Phrase("it refuses {command} ({refused})", command=command, refused=refused)
            ) from None
        except Problem as problem:
            raise self._problem(command, problem.message) from None
        return answer if isinstance(answer, list) else []

    def _problem(self, command: str, why: str) -> Problem:
        what = "forget passwords" if command in ("authCacheFlush", "reload") else "end sessions"
        hint = "the lock is not proved: users may still be inside; mend [legacy.NAME.lock.doveadm] and apply again"
        return Problem("LCK15", Phrase("The old host does not {what}: {why}", what=what, why=why), hint)
