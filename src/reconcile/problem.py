"""The one exception every layer raises for a postmaster to read."""

from __future__ import annotations

from reconcile.language.phrase import Phrase


class Problem(Exception):
    """Something the postmaster must know: what happened, to what, and what to do next.

    ``code`` is stable and listed in docs/errors.md (``AUTH01``, ``DNS03``…). ``message`` is one sentence naming the
    address or the server concerned. ``hint`` says what to do next; empty when there is nothing to do but wait.
    Neither may ever hold a secret. ``exit_code`` is what the command leaves with when the problem ends it.
    """

    def __init__(self, code: str, message: str, hint: str = "", exit_code: int = 1) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.exit_code = exit_code

    def __str__(self) -> str:
        return Phrase("{code} {message}", code=self.code, message=self.message)

    def with_hint(self) -> str:
        """The same on one line, with what to do next."""
        return Phrase.joined(" – ", filter(None, (str(self), self.hint)))


def pip_install(extra: str) -> str:
    """The hint that helps with a missing optional package: an extra of pyproject.toml, quoted for every shell."""
    return f"pip install 'reconcile[{extra}]'"
