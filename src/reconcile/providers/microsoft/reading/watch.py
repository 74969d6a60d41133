"""Looking at accounts and mailboxes one by one, asked many at a time: whoever asks while a look is under way shares the
next one, so that a thousand writers waiting for the tenant cost it a few lists."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Collection, Mapping
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
    """One look: the keys that share it, and what it found."""

    accounts: set[str] = dataclasses.field(default_factory=set)
    mailboxes: set[str] = dataclasses.field(default_factory=set)
    users: Mapping[str, User | Refused | None] = dataclasses.field(default_factory=dict)
    boxes: Mapping[str, Box | Refused | None] = dataclasses.field(default_factory=dict)
    failure: Exception | None = None
    over: bool = False


class Watch:
    """Thread-safe. Keys are object ids, sign-in names or, for mailboxes, any of their addresses and GUIDs.

    Every method raises ``Refused`` and ``Problem`` as Graph and Exchange do.
    """

    def __init__(self, graph: Graph, exchange: Exchange, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._graph = graph
        self._exchange = exchange
        self._turn = threading.Condition()
        self._gathering = _Round()
        self._looking = False
        self._monotonic = monotonic
        self._ended = float("-inf")

    def user(self, key: str) -> User | None:
        return _answer(self._look({key.lower()}, set()).users, key)

    def box(self, key: str) -> Box | None:
        return _answer(self._look(set(), {key.lower()}).boxes, key)

    def both(self, key: str) -> tuple[User | None, Box | None]:
        seen = self._look({key.lower()}, {key.lower()})
        return _answer(seen.users, key), _answer(seen.boxes, key)

    def _look(self, accounts: set[str], mailboxes: set[str]) -> _Round:
        """A look that begins after this call, shared with all who ask before it begins."""
        with self._turn:
            mine = self._gathering
            mine.accounts |= accounts
            mine.mailboxes |= mailboxes
            while self._looking and not mine.over:
                self._turn.wait()
            if not mine.over:
                self._looking = True
                if self._monotonic() - self._ended < RECENT:
                    self._turn.wait_for(lambda: False, GATHERING)
                self._gathering = _Round()
        if not mine.over:
            self._carry_out(mine)
        if mine.failure:
            raise mine.failure
        return mine

    def _carry_out(self, look: _Round) -> None:
        try:
            look.users = self._users(look.accounts)
            look.boxes = self._boxes(look.mailboxes)
        except Exception as failure:  # whoever shares the look must not take silence for absence
            look.failure = failure
        finally:
            with self._turn:
                look.over = True
                self._looking = False
                self._ended = self._monotonic()
                self._turn.notify_all()

    def _users(self, keys: Collection[str]) -> Mapping[str, User | Refused | None]:
        listed = self._listed_users(keys) if len(keys) >= LIST_FROM else {}
        ordered = sorted(key for key in keys if key not in listed)
        if len(ordered) == 1:
            row = self._graph.one(f"/users/{segment(ordered[0])}", records.USER_SELECT)
            return {**listed, ordered[0]: records.user(row) if row else None}
        select = ",".join(records.USER_SELECT)
        answers = self._graph.many([f"/users/{segment(key)}?$select={select}" for key in ordered])
        return {**listed, **{key: records.known_user(answer) for key, answer in zip(ordered, answers, strict=True)}}

    def _listed_users(self, keys: Collection[str]) -> dict[str, User | Refused | None]:
        """Those of the keys that one list of all accounts answers."""
        try:
            everybody = [records.user(row) for row in self._graph.rows("/users", records.USER_SELECT, top=999)]
        except (Problem, Refused):
            # A list that cannot be read whole answers nothing; the accounts one by one may.
            return {}
        by_name = {name: user for user in everybody for name in (user.id, user.upn)}
        missing = [key for key in keys if key not in by_name]
        # A list knows of a new account later than the account itself does. A few are asked for one by one; many are
        # being made just now, and whoever waits for them looks again.
        answered = keys if len(missing) >= LIST_FROM else by_name.keys()
        return {key: by_name.get(key) for key in keys if key in answered}

    def _boxes(self, keys: Collection[str]) -> Mapping[str, Box | Refused | None]:
        if len(keys) >= LIST_FROM:
            try:
                by_name = {name: box for box in list_boxes(self._exchange) for name in _names(box)}
            except (Problem, Refused):
                # A list that cannot be read whole answers nothing; the mailboxes one by one may.
                pass
            else:
                return {key: by_name.get(key) for key in keys}
        ordered = sorted(keys)
        answers = self._exchange.many("Get-Mailbox", records.BOX_SELECT, [{"Identity": key} for key in ordered])
        return {key: _checked(key, answer) for key, answer in zip(ordered, answers, strict=True)}


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
