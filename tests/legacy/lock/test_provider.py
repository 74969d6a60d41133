"""The life of a lock as a resource: made, killed halfway, drifting, growing, taken back; by hand and by command."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from reconcile.problem import Problem
from reconcile.providers.base import ABSENT, Order, Provider, Scope, Unknown, Wanted
from reconcile.providers.legacy.lock.by_hand import ByHand
from reconcile.providers.legacy.lock.canary import Canary, Endpoints, NotProved, Proof
from reconcile.providers.legacy.lock.command import LockCommand
from reconcile.providers.legacy.lock.deny_file import DenyFile
from reconcile.providers.legacy.lock.driver import Driver
from reconcile.providers.legacy.lock.host import LockedHost
from reconcile.providers.legacy.lock.provider import LockReader, LockWriter
from reconcile.resources.address import Address
from reconcile.resources.resource import Desired, Live, Value

LOCK = Address("spf55", "lock", "spf55.org")
LOGINS = ("k0412", "lou@spf55.org")
FIELDS: dict[str, Value] = {"host": "mutualise", "logins": LOGINS, "proved": True}
NOWHERE = Endpoints(("127.0.0.1", 1), None, None, ("127.0.0.1", 1))


class Played(Proof):
    """A proof whose every try is told beforehand; the last one stays. The real one has its tests on real servers."""

    def __init__(self, *failures: NotProved | None) -> None:
        super().__init__(NOWHERE)
        self._left = list(failures)

    def locked(self, canary: Canary, used: str) -> None:
        self._next()

    def unlocked(self, canary: Canary) -> None:
        self._next()

    def _next(self) -> None:
        failure = self._left.pop(0) if len(self._left) > 1 else self._left[0]
        if failure is not None:
            raise failure


def provider(driver: Driver, *failures: NotProved | None) -> Provider:
    seconds = [0.0]

    def pause(wait: float) -> None:
        seconds[0] += wait

    def canary(domain: str, code: str) -> Canary:
        return Canary(f"canari@{domain}", "secret")

    proof = Played(*failures or (None,))
    host = LockedHost("mutualise", driver, proof, canary, 60, pause, lambda: seconds[0])
    return Provider("legacy", LockReader({"mutualise": host}), LockWriter({"mutualise": host}))


def order(before: Live | None, **fields: Value) -> Order:
    return Order(LOCK, before, {**FIELDS, **fields}, frozenset())


def seen(of: Provider, recorded: Mapping[str, Value] = {}, **fields: Value) -> object:
    desired = Desired(LOCK, {**FIELDS, **fields})
    return of.reader.observe(Scope([Wanted(LOCK, desired, "", recorded)], {})).observed[LOCK]


@pytest.fixture
def refused(tmp_path: Path) -> Path:
    file = tmp_path / "refused"
    file.write_bytes(b"ancien@spf01.org:\n")
    return file


def test_it_is_made_seen_and_taken_back(refused: Path) -> None:
    of = provider(DenyFile(refused))
    assert seen(of) == ABSENT
    live = of.writer.create(order(None))
    assert live.fields == FIELDS
    assert seen(of, live.fields) == live
    assert b"canari@spf55.org:\n" in refused.read_bytes(), "the canary is locked with the others"
    of.writer.delete(order(live))
    assert seen(of, live.fields) == ABSENT
    assert refused.read_bytes() == b"ancien@spf01.org:\n"


def test_a_run_killed_between_lock_and_proof_leaves_a_lock_that_is_not_proved(refused: Path) -> None:
    """Nothing was recorded then, and that the logins are refused proves nothing."""
    DenyFile(refused).lock("spf55", LOGINS)
    of = provider(DenyFile(refused))
    found = seen(of)
    assert isinstance(found, Live)
    assert found.fields == {**FIELDS, "proved": False}
    assert of.writer.update(order(found)).fields == FIELDS


def test_a_login_let_in_by_hand_is_drift_and_one_more_is_locked_with_the_rest(refused: Path) -> None:
    of = provider(DenyFile(refused))
    live = of.writer.create(order(None))
    refused.write_bytes(refused.read_bytes().replace(b"k0412:\n", b""))
    found = seen(of, live.fields)
    assert isinstance(found, Live)
    assert found.fields["logins"] == ("lou@spf55.org",)
    grown = ("k0412", "lou@spf55.org", "zoe@spf55.org")
    assert of.writer.update(order(found, logins=grown)).fields["logins"] == grown
    left = of.writer.update(order(of.writer.update(order(found, logins=grown)), logins=("k0412",)))
    assert left.fields["logins"] == ("k0412",)
    assert b"zoe" not in refused.read_bytes()


def test_a_list_that_cannot_be_read_is_unknown_never_open(refused: Path) -> None:
    of = provider(DenyFile(refused))
    refused.unlink()
    assert isinstance(seen(of, FIELDS), Unknown)


def test_a_host_nobody_describes_any_more_is_unknown_for_what_was_locked() -> None:
    of = Provider("legacy", LockReader({}), LockWriter({}))
    assert isinstance(seen(of, FIELDS), Unknown)
    with pytest.raises(Problem) as told:
        of.writer.delete(order(Live(LOCK, FIELDS)))
    assert told.value.code == "LCK06"


def test_a_federation_that_names_another_host_is_unlocked_first(refused: Path) -> None:
    with pytest.raises(Problem) as told:
        provider(DenyFile(refused)).writer.update(order(Live(LOCK, {**FIELDS, "host": "autre"})))
    assert told.value.code == "LCK05"


@pytest.mark.parametrize(("half", "code"), [("refused", "LCK01"), ("open", "LCK02"), ("unknown", "LCK03")])
def test_each_half_that_fails_has_its_code_and_takes_nothing_back(refused: Path, half: str, code: str) -> None:
    of = provider(DenyFile(refused), NotProved(half, "the canary sang"))
    with pytest.raises(Problem) as told:
        of.writer.create(order(None))
    assert told.value.code == code
    assert "the canary sang" in told.value.message
    assert DenyFile(refused).locked("spf55", LOGINS) == set(LOGINS)


def test_a_lock_that_is_felt_late_is_waited_for(refused: Path) -> None:
    late = NotProved("refused", "not yet")
    provider(DenyFile(refused), late, late, late, None).writer.create(order(None))


def test_an_unlocking_that_is_not_felt_is_told(refused: Path) -> None:
    with pytest.raises(Problem) as told:
        provider(DenyFile(refused), NotProved("refused", "still out")).writer.delete(order(Live(LOCK, FIELDS)))
    assert told.value.code == "LCK04"


def test_by_hand_each_line_is_told_until_it_is_proved() -> None:
    by_hand = ByHand(["suspendre {login}", "recharger"], ["rétablir {login}"])
    of = provider(by_hand, NotProved("refused", "canari gets in"))
    assert seen(of) == ABSENT
    with pytest.raises(Problem) as told:
        of.writer.create(order(None))
    lines = told.value.message.splitlines()[1:]
    names = [*LOGINS, "canari@spf55.org"]
    assert lines == [f"  {n}. suspendre {name}" for n, name in enumerate(names, 1)] + ["  4. recharger"]
    live = provider(by_hand).writer.create(order(None))
    assert seen(of, live.fields) == live
    with pytest.raises(Problem) as told:
        of.writer.delete(order(live))
    assert "rétablir k0412" in told.value.message


def command(folder: Path, body: str) -> LockCommand:
    """A program that is told what to do in ``asked``, and keeps who is locked in a file."""
    program = folder / "lock.py"
    start = f"""
        import json, pathlib, sys
        asked = json.load(sys.stdin)
        file = pathlib.Path({str(folder / "locked.json")!r})
        held = set(json.loads(file.read_text())) if file.exists() else set()
        if asked["action"] == "lock": held |= set(asked["logins"])
        if asked["action"] == "unlock": held -= set(asked["logins"])
    """
    program.write_text(textwrap.dedent(start) + textwrap.dedent(body), encoding="utf-8")
    return LockCommand([sys.executable, str(program)], {}, 60)


HONEST = """
file.write_text(json.dumps(sorted(held)))
print(json.dumps({"format": 1, "locked": sorted(held & set(asked["logins"]))}))
"""


def test_a_command_locks_shows_and_unlocks(tmp_path: Path) -> None:
    of = provider(command(tmp_path, HONEST))
    live = of.writer.create(order(None))
    assert seen(of, live.fields) == live
    assert json.loads((tmp_path / "locked.json").read_text()) == ["canari@spf55.org", *LOGINS]
    of.writer.delete(order(live))
    assert seen(of, live.fields) == ABSENT


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("print(json.dumps({'format': 1, 'locked': []}))", "is not locked"),
        ("print('done')", "not as docs/lock.md says"),
        ("print(json.dumps({'format': 2, 'locked': asked['logins']}))", "not as docs/lock.md says"),
        ("print(json.dumps({'format': 1, 'locked': ['root']}))", "'root'"),
        ("print('no such box', file=sys.stderr); sys.exit(4)", "no such box"),
    ],
)
def test_a_command_that_fails_or_lies_locks_nothing(tmp_path: Path, body: str, said: str) -> None:
    with pytest.raises(Problem) as told:
        provider(command(tmp_path, body)).writer.create(order(None))
    assert told.value.code == "LCK13"
    assert said in told.value.message


def test_a_command_that_cannot_be_started_is_said() -> None:
    words: Sequence[str] = ["/nowhere/lock"]
    with pytest.raises(Problem) as told:
        LockCommand(words, {}, 60).lock("spf55", LOGINS)
    assert told.value.code == "LCK13"
