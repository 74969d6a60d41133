"""Looking at accounts and mailboxes one by one, asked many at a time: whoever asks while a look is under way shares the
next one, so that a thousand writers waiting for the tenant cost it a few lists."""

from __future__ import annotations

import collections
import dataclasses
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeVar

from reconcile.problem import Problem
from reconcile.providers.microsoft.reading import records
from reconcile.providers.microsoft.reading.lists import list_boxes
from reconcile.providers.microsoft.reading.records import Box, User, smtp_addresses
from reconcile.providers.microsoft.reading.tenant import LIST_FROM
from reconcile.providers.microsoft.wire.exchange import Exchange, Row
from reconcile.providers.microsoft.wire.graph import Graph
from reconcile.providers.microsoft.wire.paths import segment
from reconcile.providers.microsoft.wire.refusals import Refused

T = TypeVar("T")

#: Seconds for which a look lets others join it where one ended so recently that others are waiting too: a fraction of
#: what a request takes. Whoever is alone is not kept.
GATHERING, RECENT = 0.05, 1.0


@dataclasses.dataclass(slots=True)
class _Round:
    """One look: the keys that share it, by how many ask for each, and what it found. ``everybody``, ``every_box``:
    whether what is not found there is not there, whoever asks."""

    accounts: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    mailboxes: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    users: Mapping[str, User | Refused | None] = dataclasses.field(default_factory=dict)
    boxes: Mapping[str, Box | Refused | None] = dataclasses.field(default_factory=dict)
    everybody: bool = False
    every_box: bool = False
    began: float = float("-inf")
    failure: Exception | None = None
    over: bool = False

    def answers(self, accounts: Collection[str], mailboxes: Collection[str]) -> bool:
        """Whether it is enough for somebody who did not ask for it."""
        return (
            self.failure is None
            and (self.everybody or self.users.keys() >= set(accounts))
            and (self.every_box or self.boxes.keys() >= set(mailboxes))
        )


class Watch:
    """Thread-safe. Keys are object ids, sign-in names or, for mailboxes, any of their addresses and GUIDs.

    ``since``: a look that began at that moment or later is enough, in seconds of ``monotonic``; None: one that begins
    with the call. Thousands who have waited for the same moment are served by few threads, one after the other: what a
    list of all has shown to the first answers the others, too.

    Every method raises ``Refused`` and ``Problem`` as Graph and Exchange do.
    """

    def __init__(self, graph: Graph, exchange: Exchange, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._graph = graph
        self._exchange = exchange
        self._turn = threading.Condition()
        self._gathering = _Round()
        self._looking = False
        self._monotonic = monotonic
        self._last = _Round()
        self._ended = float("-inf")

    def user(self, key: str, since: float | None = None) -> User | None:
        return _answer(self._look({key.lower()}, set(), since).users, key)

    def box(self, key: str, since: float | None = None) -> Box | None:
        return _answer(self._look(set(), {key.lower()}, since).boxes, key)

    def both(self, key: str, since: float | None = None) -> tuple[User | None, Box | None]:
        seen = self._look({key.lower()}, {key.lower()}, since)
        return _answer(seen.users, key), _answer(seen.boxes, key)

    def _look(self, accounts: Collection[str], mailboxes: Collection[str], since: float | None) -> _Round:
        """A look that begins after this call, or after ``since``, shared with all who ask before it begins."""

        def seen() -> bool:
            last = self._last
            return since is not None and last.began >= since and last.answers(accounts, mailboxes)

        with self._turn:
            if seen():
                return self._last
            mine = self._gathering
            mine.accounts.update(accounts)
            mine.mailboxes.update(mailboxes)
            while self._looking and not mine.over:
                self._turn.wait()
                if not mine.over and mine is self._gathering and seen():
                    mine.accounts -= collections.Counter(accounts)
                    mine.mailboxes -= collections.Counter(mailboxes)
                    return self._last
            if not mine.over:
                self._looking = True
                if since is not None or self._monotonic() - self._ended < RECENT:
                    self._turn.wait_for(lambda: False, GATHERING)
                self._gathering = _Round()
        if not mine.over:
            self._carry_out(mine)
        if mine.failure:
            raise mine.failure
        return mine

    def _carry_out(self, look: _Round) -> None:
        look.began = self._monotonic()
        try:
            self._users(look)
            self._boxes(look)
        except Exception as failure:  # whoever shares the look must not take silence for absence
            look.failure = failure
        finally:
            with self._turn:
                look.over = True
                self._looking = False
                self._last = look
                self._ended = self._monotonic()
                self._turn.notify_all()

    def _users(self, look: _Round) -> None:
        keys = look.accounts.keys()
        listed = self._listed_users() if len(keys) >= LIST_FROM else {}
        missing = [key for key in keys if key not in listed]
        # A list knows of a new account later than the account itself does. A few are asked for one by one; many are
        # being made just now, and whoever waits for them looks again.
        look.everybody = bool(listed) and len(missing) >= LIST_FROM
        look.users = listed if look.everybody else {**listed, **self._each_user(sorted(missing))}

    def _each_user(self, keys: Sequence[str]) -> Mapping[str, User | Refused | None]:
        if len(keys) == 1:
            row = self._graph.one(f"/users/{segment(keys[0])}", records.USER_SELECT)
            return {keys[0]: records.user(row) if row else None}
        select = ",".join(records.USER_SELECT)
        answers = self._graph.many([f"/users/{segment(key)}?$select={select}" for key in keys])
        return {key: records.known_user(answer) for key, answer in zip(keys, answers, strict=True)}

    def _listed_users(self) -> dict[str, User | Refused | None]:
        """All accounts, by each of their names; nothing when the list cannot be read whole, for one by one they may."""
        try:
            everybody = [records.user(row) for row in self._graph.rows("/users", records.USER_SELECT, top=999)]
        except (Problem, Refused):
            return {}
        return {name: user for user in everybody for name in (user.id, user.upn)}

    def _boxes(self, look: _Round) -> None:
        keys = look.mailboxes.keys()
        if len(keys) >= LIST_FROM:
            try:
                look.boxes = {name: box for box in list_boxes(self._exchange) for name in _names(box)}
            except (Problem, Refused):
                # A list that cannot be read whole answers nothing; the mailboxes one by one may.
                pass
            else:
                look.every_box = True
                return
        ordered = sorted(keys)
        answers = self._exchange.many("Get-Mailbox", records.BOX_SELECT, [{"Identity": key} for key in ordered])
        look.boxes = {key: _checked(key, answer) for key, answer in zip(ordered, answers, strict=True)}


def _checked(key: str, answer: list[Row] | Refused) -> Box | Refused | None:
    """The mailbox of that key; Exchange may answer others, or all of them, for a key it does not know."""
    if isinstance(answer, Refused):
        return None if answer.code == "ManagementObjectNotFoundException" else answer
    return next((box for box in map(records.box, answer) if key in _names(box)), None)


def _names(box: Box) -> set[str]:
    return {box.user_id, box.guid} | smtp_addresses(box.proxies)


def _answer(found: Mapping[str, T | Refused | None], key: str) -> T | None:
    answer = found.get(key.lower())
    if isinstance(answer, Refused):
        raise answer
    return answer
