"""A host that keeps its domains in Postfix tables: a virtual domain becomes a relay domain, and its alias rows leave.

Measured on Postfix 3.7 (docs/handover.md): a domain in neither list is refused to whoever remembers the old MX; one in
both stays local; and rows of virtual_alias_maps are followed whatever else is said, so that an old redirection or
catch-all would win for ever.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.legacy.handover.driver import Shown
from reconcile.providers.legacy.handover.dump import Dump, Dumped, Row, merged
from reconcile.providers.legacy.handover.reload import reloaded
from reconcile.providers.legacy.handover.table import of_domains, rows_of, with_again, without
from reconcile.providers.legacy.shared_file import alone_in, content_of, rewrite


class PostfixTables:
    """``virtual`` and ``relay``: the tables of virtual_mailbox_domains and relay_domains; ``aliases``: those of
    virtual_alias_maps. ``reload`` has Postfix see them; it raises CommandFailed.
    """

    def __init__(
        self, virtual: Path, relay: Path, aliases: Sequence[Path], dump: Dump, reload: Callable[[], None]
    ) -> None:
        self._virtual = virtual
        self._relay = relay
        self._aliases = tuple(aliases)
        self._dump = dump
        self._reload = reload

    def shown(self, federation: str, domains: Sequence[str]) -> Shown:
        """Raises Problem HOV10 when a table cannot be read, HOV11 when the dump cannot."""
        own = {row[0] for row in rows_of(self._text(self._virtual))}
        relayed = {row[0] for row in rows_of(self._text(self._relay))}
        aliased = {
            row[0].rpartition("@")[2] for file in self._aliases for row in of_domains(self._text(file), set(domains))
        }
        over = frozenset(one for one in domains if one in relayed and one not in own and one not in aliased)
        return Shown(over, self._dump.read(federation) is not None)

    def hand_over(self, federation: str, domains: Sequence[str]) -> None:
        """In this order nothing is refused, wherever it is cut short: relayed as well as kept is kept; relayed with its
        aliases follows them; then they leave. Raises Problem HOV10, HOV11, HOV12."""
        with self._alone():
            found = [row for file in (self._virtual, *self._aliases) for row in self._rows(file, domains)]
            relayed = {row[0] for row in rows_of(self._text(self._relay))}
            given = [one for one in domains if one not in relayed]
            dumped = merged(self._dump.read(federation), found, given)
            self._dump.keep(federation, dumped)
            self._write(self._relay, _with_domains(self._text(self._relay), given))
            for file in (self._virtual, *self._aliases):
                texts = {row.text for row in found if row.file == str(file)}
                self._write(file, without(self._text(file), texts))
        self._seen()

    def take_back(self, federation: str, domains: Sequence[str]) -> None:
        """The other way round; what is kept is forgotten once Postfix has seen it. Raises Problem HOV10 to HOV12."""
        with self._alone():
            dumped = self._dump.read(federation)
            if dumped is None:
                return
            for file in (*self._aliases, self._virtual):
                rows = [row for row in dumped.taken if row.file == str(file)]
                self._write(file, with_again(self._text(file), rows))
            self._write(self._relay, _without_domains(self._text(self._relay), dumped))
        self._seen()
        self._dump.forget(federation)

    def redirections(self, federation: str) -> tuple[str, ...]:
        dumped = self._dump.read(federation) or Dumped()
        keys = (row.text.split(None, 1)[0].lower() for row in dumped.taken if row.file != str(self._virtual))
        return tuple(dict.fromkeys(key for key in keys if key.partition("@")[0] and "@" in key))

    def _rows(self, file: Path, domains: Sequence[str]) -> list[Row]:
        return [Row(str(file), line, text) for _, line, text in of_domains(self._text(file), set(domains))]

    def _text(self, file: Path) -> str:
        try:
            return content_of(file).decode("utf-8", "surrogateescape")
        except OSError as error:
            raise _problem(Phrase("read"), file, error) from None

    def _write(self, file: Path, text: str) -> None:
        if text == self._text(file):
            return
        try:
            rewrite(file, text.encode("utf-8", "surrogateescape"))
        except OSError as error:
            raise _problem(Phrase("write"), file, error) from None

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(alone_in(self._virtual.parent))
            except OSError as error:
                raise _problem(Phrase("write"), self._virtual, error) from None
            yield

    def _seen(self) -> None:
        reloaded(self._reload, "[legacy.NAME.handover.postfix]")


def _with_domains(content: str, domains: Sequence[str]) -> str:
    if not domains:
        return content
    end = "" if not content or content.endswith("\n") else "\n"
    return content + end + "".join(f"{domain} reconcile\n" for domain in domains)


def _without_domains(content: str, dumped: Dumped) -> str:
    return without(content, {f"{domain} reconcile\n" for domain in dumped.given})


def _problem(what: str, file: Path, error: OSError) -> Problem:
    hint = "it must exist, and this user may replace it (docs/handover.md)"
    return Problem(
        "HOV10",
        Phrase(
            "Cannot {what} Postfix's table {file}: {strerror}.",
            what=what,
            file=file,
            strerror=error.strerror or type(error).__name__,
        ),
        hint,
    )
