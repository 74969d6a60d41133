"""Whatever moment a run is cut at, what it confirmed is found again."""

from __future__ import annotations

import dataclasses
import datetime as dt
import errno
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.state.records import TickingClock, a_record

from reconcile.language.catalogue import catalogue
from reconcile.language.made_of import told_again
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.resources import kinds
from reconcile.resources.address import Address
from reconcile.state.journal.journal import Journal, new_run_id
from reconcile.state.journal.journals import half_lines
from reconcile.state.journal.replay import Journals, replay
from reconcile.state.journal.runs import run_records
from reconcile.state.snapshot.snapshot import Snapshot
from reconcile.state.snapshot.upgrades import FORMAT
from reconcile.state.stores.folder import FolderStore

CONTACT = a_record().address


def begin(folder: Path, clock: TickingClock, snapshot: Snapshot, run: str = "run-1") -> tuple[Journal, Snapshot]:
    journal = Journal.create(folder, run, {"who": "marie", "federation": "spf55"}, clock)
    return journal, journal.opens(snapshot)


def test_run_ids_sort_by_time(clock: TickingClock) -> None:
    ids = [new_run_id(clock, token) for token in ("ff", "aa", "00")]
    assert ids == sorted(ids)
    assert ids[0] == "20260329T180001Z-ff"


def test_the_journal_of_a_run_tells_its_story(tmp_path: Path, clock: TickingClock, fresh: Snapshot) -> None:
    journal, _ = begin(tmp_path, clock, fresh)
    with journal:
        journal.intent(CONTACT, "create", ["licence", "aliases"])
        journal.outcome(CONTACT, "create", "done", a_record(), seconds=1.23456, request_id="req-1")
        journal.intent(CONTACT, "update")
        journal.outcome(CONTACT, "update", "failed", error=Problem("MSG03", "The tenant refused."))
        journal.end({"done": 1, "failed": 1})
    lines = [json.loads(line) for line in journal.path.read_text().splitlines()]
    assert [line["event"] for line in lines] == ["run", "opens", "intent", "outcome", "intent", "outcome", "end"]
    assert lines[0]["who"] == "marie"
    assert lines[2]["changed"] == ["aliases", "licence"]
    assert (lines[3]["seconds"], lines[3]["request_id"]) == (1.235, "req-1")
    assert lines[5]["error"] == {"code": "MSG03", "message": "The tenant refused."}


def test_a_failure_is_kept_in_english_and_told_in_the_reader_s_language(
    tmp_path: Path, clock: TickingClock, fresh: Snapshot
) -> None:
    why = Phrase(
        "{key}: {sentence}{request}",
        key="contact@spf55.org",
        request="",
        sentence=Phrase("no seat is left for this licence."),
    )
    with begin(tmp_path, clock, fresh)[0] as journal:
        journal.intent(CONTACT, "update")
        journal.outcome(CONTACT, "update", "failed", error=Problem("M365-12", why))
    ((failed,),) = [record.operations for record in run_records(tmp_path)]
    assert failed.error == "M365-12 contact@spf55.org: no seat is left for this licence."
    assert catalogue("fr").say(failed.error).startswith("M365-12 contact@spf55.org\N{NO-BREAK SPACE}: il ne reste")


@pytest.mark.parametrize(
    "parts",
    [
        7,
        {},
        {"template": "{x.__class__}", "values": {"x": "a"}},
        {"template": "{x}", "values": {"x": "Nothing happened."}},
        {"template": "{x:9999999999}", "values": {"x": "a"}},
        {"template": "{number}", "several": "{number}", "number": [], "values": {}},
    ],
)
def test_what_a_sentence_was_not_made_of_says_nothing_in_its_place(parts: object) -> None:
    assert told_again("The tenant refused.", parts) == "The tenant refused."


def test_a_sensitive_field_has_no_way_into_the_journal(
    tmp_path: Path, clock: TickingClock, fresh: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = kinds.Kind("mailbox", "microsoft", {"password": kinds.Field("password", sensitive=True)})
    monkeypatch.setattr("reconcile.state.snapshot.snapshot.KINDS", {"mailbox": secret})
    journal, _ = begin(tmp_path, clock, fresh)
    with journal, pytest.raises(ValueError, match="sensitive"):
        journal.outcome(CONTACT, "create", "done", a_record(password="Tr0ub4dor"))
    assert "Tr0ub4dor" not in journal.path.read_text()


def test_an_outcome_the_snapshot_missed_is_put_in(tmp_path: Path, clock: TickingClock, fresh: Snapshot) -> None:
    journal, snapshot = begin(tmp_path, clock, fresh)
    with journal:
        journal.intent(CONTACT, "create")
        journal.outcome(CONTACT, "create", "done", a_record())
    found, waiting = replay(snapshot, tmp_path)
    assert found.records == {CONTACT: a_record()}
    assert waiting == ()
    assert replay(found, tmp_path) == (found, ())


def test_an_intent_without_outcome_stays_until_somebody_tells_its_end(
    tmp_path: Path, clock: TickingClock, fresh: Snapshot
) -> None:
    journal, snapshot = begin(tmp_path, clock, fresh)
    with journal:
        journal.intent(CONTACT, "create", ["licence"])
    (left,) = Journals.read(tmp_path).unsettled("spf55")
    assert (left.run, left.address, left.action, left.changed) == ("run-1", CONTACT, "create", ("licence",))
    assert replay(snapshot, tmp_path) == (fresh, (left,))

    second, snapshot = begin(tmp_path, clock, snapshot, "run-2")
    with second:
        assert Journals.read(tmp_path).unsettled("spf55") == [left]
        second.outcome(CONTACT, "create", "done", a_record())
    assert Journals.read(tmp_path).unsettled("spf55") == []


def test_an_old_run_never_undoes_what_came_after_it(
    tmp_path: Path, clock: TickingClock, store: FolderStore, fresh: Snapshot
) -> None:
    runs = tmp_path / "runs"
    journal, snapshot = begin(runs, clock, fresh, "run-1")
    with journal:
        journal.outcome(CONTACT, "create", "done", a_record())
        snapshot = store.write(snapshot.put(a_record()))
    by_hand = store.write(dataclasses.replace(snapshot.drop(CONTACT), run=""))
    assert replay(by_hand, runs) == (by_hand, ())


def test_a_run_begun_first_may_take_a_federation_in_hand_second(
    tmp_path: Path, clock: TickingClock, fresh: Snapshot
) -> None:
    early = Journal.create(tmp_path, "run-1", {}, clock)
    late, snapshot = begin(tmp_path, clock, fresh, "run-2")
    late.outcome(CONTACT, "create", "done", a_record(licence="E1"))
    snapshot = early.opens(replay(snapshot, tmp_path)[0])
    early.outcome(CONTACT, "update", "done", a_record(licence="E3"))
    early.close()
    late.close()
    found, _ = replay(fresh, tmp_path)
    assert found.records[CONTACT].fields["licence"] == "E3"


def test_a_run_that_died_between_plan_and_apply_makes_the_plan_stale(
    tmp_path: Path, clock: TickingClock, fresh: Snapshot
) -> None:
    planned, _ = replay(fresh, tmp_path)
    Journals.read(tmp_path).check_current(planned, None)
    journal, _ = begin(tmp_path, clock, planned)
    with journal:
        journal.outcome(CONTACT, "create", "done", a_record())
    with pytest.raises(Problem) as refusal:
        Journals.read(tmp_path).check_current(planned, None)
    assert (refusal.value.code, refusal.value.exit_code) == ("STA04", 4)


def test_a_lost_snapshot_is_rebuilt_from_the_journals(tmp_path: Path, clock: TickingClock, store: FolderStore) -> None:
    runs = tmp_path / "runs"
    snapshot = Snapshot("spf55", "lineage-1")
    for number in range(3):
        journal, snapshot = begin(runs, clock, snapshot, f"run-{number}")
        with journal:
            for name in (f"box{number}", f"passing{number}"):
                journal.outcome(a_record(name).address, "create", "done", a_record(name))
                snapshot = snapshot.put(a_record(name))
            journal.outcome(a_record(f"passing{number}").address, "delete", "done", None)
            snapshot = store.write(snapshot.drop(a_record(f"passing{number}").address))
    found, _ = replay(Snapshot("spf55", "lineage-2"), runs)
    assert found.records == snapshot.records
    assert len(found.records) == 3


def test_other_federations_lines_are_not_ours(tmp_path: Path, clock: TickingClock, fresh: Snapshot) -> None:
    journal, _ = begin(tmp_path, clock, fresh)
    with journal:
        neighbour = Address("spf5", "mailbox", "contact@spf5.org")
        journal.opens(Snapshot("spf5", "lineage-5"))
        journal.intent(neighbour, "create")
        journal.intent(CONTACT, "create")
    assert [intent.address for intent in Journals.read(tmp_path).unsettled("spf55")] == [CONTACT]
    assert [intent.address for intent in Journals.read(tmp_path).unsettled("spf5")] == [neighbour]


def test_a_journal_damaged_in_its_middle_is_refused(tmp_path: Path, clock: TickingClock, fresh: Snapshot) -> None:
    journal, _ = begin(tmp_path, clock, fresh)
    with journal:
        journal.outcome(CONTACT, "create", "done", a_record())
        journal.intent(CONTACT, "update")
    journal.path.write_bytes(journal.path.read_bytes().replace(b'"result":"done"', b'"result":"d'))
    with pytest.raises(Problem) as refusal:
        replay(fresh, tmp_path)
    assert refusal.value.code == "STA02"
    assert "run-1.jsonl" in refusal.value.message


def test_a_cut_at_any_byte_loses_nothing_confirmed(tmp_path: Path, clock: TickingClock, fresh: Snapshot) -> None:
    journal, snapshot = begin(tmp_path, clock, fresh)
    confirmed = [(journal.path.stat().st_size, {}, set())]
    waiting: set[Address] = set()
    for number in range(4):
        record = a_record(f"boîte{number}")
        journal.intent(record.address, "create")
        waiting = waiting | {record.address}
        confirmed.append((journal.path.stat().st_size, snapshot.records, waiting))
        journal.outcome(record.address, "create", "done", record)
        snapshot, waiting = snapshot.put(record), waiting - {record.address}
        confirmed.append((journal.path.stat().st_size, snapshot.records, waiting))
    journal.close()
    whole = journal.path.read_bytes()
    for cut in range(confirmed[0][0], len(whole) + 1):
        journal.path.write_bytes(whole[:cut])
        _, records, intents = [state for state in confirmed if state[0] <= cut][-1]
        found, left = replay(fresh, tmp_path)
        assert found.records == records
        assert {intent.address for intent in left} == intents


def test_a_run_that_ended_is_not_replayed_but_its_open_intents_are_remembered(
    tmp_path: Path, clock: TickingClock, store: FolderStore, fresh: Snapshot
) -> None:
    journal, snapshot = begin(tmp_path / "runs", clock, fresh)
    with journal:
        journal.intent(CONTACT, "create")
        journal.outcome(a_record("zoé").address, "create", "done", a_record("zoé"))
        snapshot = store.write(snapshot.put(a_record("zoé")))
        journal.end({"done": 1})
    found, (left,) = replay(snapshot, tmp_path / "runs")
    assert (found.records, left.address) == (snapshot.records, CONTACT)
    journals = Journals.read(tmp_path / "runs")
    assert [intent.address for intent in journals.unsettled("spf55")] == [CONTACT]


def test_a_journal_of_the_version_before_is_replayed(tmp_path: Path, clock: TickingClock, fresh: Snapshot) -> None:
    journal, _ = begin(tmp_path, clock, fresh)
    with journal:
        journal.outcome(CONTACT, "create", "done", a_record())
    written = journal.path.read_bytes().replace(f'"format":{FORMAT}'.encode(), b'"format":1')
    journal.path.write_bytes(written.replace(b'"identity":', b'"protected":true,"identity":'))
    found, _ = replay(fresh, tmp_path)
    assert found.records == {CONTACT: a_record(protected=True)}


def test_a_journal_of_a_newer_version_is_left_alone(tmp_path: Path, clock: TickingClock, fresh: Snapshot) -> None:
    journal, _ = begin(tmp_path, clock, fresh)
    journal.close()
    newer = f'"format":{FORMAT + 1}'.encode()
    journal.path.write_bytes(journal.path.read_bytes().replace(f'"format":{FORMAT}'.encode(), newer))
    with pytest.raises(Problem) as refusal:
        replay(fresh, tmp_path)
    assert refusal.value.code == "STA03"


@pytest.mark.parametrize("damage", [(b'{"event":"outcome"', b'{"evnt":"outcome"'), (b'"serial":0', b'"serial":"?"')])
def test_a_journal_damaged_in_its_shape_is_refused(
    tmp_path: Path, clock: TickingClock, fresh: Snapshot, damage: tuple[bytes, bytes]
) -> None:
    journal, _ = begin(tmp_path, clock, fresh)
    with journal:
        journal.outcome(CONTACT, "create", "done", a_record())
        journal.end({})
    journal.path.write_bytes(journal.path.read_bytes().replace(*damage))
    with pytest.raises(Problem) as refusal:
        Journals.read(tmp_path)
    assert refusal.value.code == "STA02"


steps = st.one_of(
    st.tuples(st.just("put"), st.integers(0, 4)),
    st.tuples(st.just("drop"), st.integers(0, 4)),
    st.tuples(st.just("save"), st.just(0)),
    st.tuples(st.just("end"), st.just(0)),
    st.tuples(st.just("crash"), st.integers(0, 200)),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(steps, max_size=25), st.randoms(use_true_random=False), st.booleans())
def test_no_chain_of_crashes_and_saves_loses_or_revives_anything(
    tmp_path_factory: pytest.TempPathFactory,
    history: list[tuple[str, int]],
    chance: random.Random,
    saves_after_replay: bool,
) -> None:
    folder, clock = tmp_path_factory.mktemp("history"), TickingClock()
    store, runs = FolderStore(folder), folder / "runs"
    truth: dict[Address, object] = {}
    count = itertools.count()

    def start() -> tuple[Journal, Snapshot]:
        # Neither the lineage of a state never written nor the order of run ids may matter.
        name = f"{chance.randrange(100)}-{next(count)}"
        snapshot, _ = replay(store.read("spf55") or Snapshot("spf55", name), runs)
        assert snapshot.records == truth
        snapshot = store.write(snapshot) if saves_after_replay else snapshot
        return begin(runs, clock, snapshot, name)

    journal, snapshot = start()
    for number, (step, argument) in enumerate(history):
        record = a_record(f"box{argument}", licence=f"{number}")
        if step == "put":
            journal.outcome(record.address, "update", "done", record)
            snapshot, truth = snapshot.put(record), {**truth, record.address: record}
        elif step == "drop":
            journal.outcome(record.address, "delete", "done", None)
            snapshot = snapshot.drop(record.address)
            truth = {address: kept for address, kept in truth.items() if address != record.address}
        elif step == "save":
            snapshot = store.write(snapshot)
        elif step == "end":
            store.write(snapshot)
            journal.end({})
            journal.close()
            journal, snapshot = start()
        else:
            torn = json.dumps({"event": "outcome", "at": "x", "address": str(record.address), "result": "done"})
            with journal.path.open("ab") as file:
                file.write(torn.encode()[:argument])
            journal.close()
            journal, snapshot = start()
    journal.close()
    assert replay(store.read("spf55") or Snapshot("spf55", "new"), runs)[0].records == truth


def test_a_full_disk_stops_before_the_write_and_leaves_no_half_line(
    tmp_path: Path,
    clock: TickingClock,
    fresh: Snapshot,
    no_room_beyond: Callable[[int], AbstractContextManager[None]],
) -> None:
    journal, snapshot = begin(tmp_path, clock, fresh)
    size = journal.path.stat().st_size
    with journal:
        with no_room_beyond(size + 50), pytest.raises(Problem) as refusal:
            journal.intent(CONTACT, "create", ["licence"])
        assert refusal.value.code == "STA01"
        assert journal.path.stat().st_size == size
        journal.outcome(CONTACT, "create", "done", a_record())
    assert replay(snapshot, tmp_path)[0].records == {CONTACT: a_record()}


def test_a_full_disk_refuses_a_run_before_it_begins(
    tmp_path: Path, clock: TickingClock, no_room_beyond: Callable[[int], AbstractContextManager[None]]
) -> None:
    with no_room_beyond(10), pytest.raises(Problem) as refusal:
        Journal.create(tmp_path, "run-1", {}, clock)
    assert refusal.value.code == "STA01"
    assert list(tmp_path.iterdir()) == []


def test_many_workers_share_one_journal(tmp_path: Path, clock: TickingClock, fresh: Snapshot) -> None:
    journal, snapshot = begin(tmp_path, clock, fresh)

    def work(worker: int) -> None:
        for number in range(20):
            record = a_record(f"w{worker}n{number}")
            journal.intent(record.address, "create")
            journal.outcome(record.address, "create", "done", record)

    workers = [threading.Thread(target=work, args=(worker,)) for worker in range(5)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    journal.close()
    found, left = replay(snapshot, tmp_path)
    assert (len(found.records), left) == (100, ())


def test_workers_that_wait_share_one_wait_for_the_disk(
    tmp_path: Path, clock: TickingClock, fresh: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, _ = begin(tmp_path, clock, fresh)
    real, waits = os.fdatasync, []
    first_waits, all_written = threading.Event(), threading.Event()

    def slow(descriptor: int) -> None:
        waits.append(descriptor)
        first_waits.set()
        assert all_written.wait(20)
        real(descriptor)

    monkeypatch.setattr(os, "fdatasync", slow)
    workers = [
        threading.Thread(target=journal.intent, args=(a_record(f"box{number}").address, "create"))
        for number in range(8)
    ]
    workers[0].start()
    assert first_waits.wait(20)
    before = journal.path.stat().st_size
    for worker in workers[1:]:
        worker.start()
    deadline = time.monotonic() + 20
    while journal.path.read_bytes().count(b'"intent"') < 8 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert journal.path.stat().st_size > before
    all_written.set()
    for worker in workers:
        worker.join()
    assert len(waits) == 2
    journal.close()


def test_a_disk_that_fails_to_keep_a_line_is_never_believed_again(
    tmp_path: Path, clock: TickingClock, fresh: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, _ = begin(tmp_path, clock, fresh)

    def failing(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fdatasync", failing)
        with pytest.raises(Problem) as refusal:
            journal.intent(CONTACT, "create")
    assert "Input/output error" in refusal.value.message
    with pytest.raises(Problem):
        journal.intent(CONTACT, "create")
    journal.close()


APPLY = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from records import a_record
from reconcile.clock import SystemClock
from reconcile.state.stores.folder import FolderStore
from reconcile.state.journal.journal import Journal
from reconcile.state.journal.runs import run_records
from reconcile.state.journal.replay import replay
from reconcile.state.snapshot.snapshot import Snapshot
root, run = Path(sys.argv[1]), sys.argv[3]
store = FolderStore(root)
snapshot, _ = replay(store.read("spf55") or Snapshot("spf55", run), root / "runs")
journal = Journal.create(root / "runs", run, {}, SystemClock())
snapshot = journal.opens(snapshot)
for number in range(100000):
    record = a_record(f"{run}-{number % 30}", licence=f"{number}")
    journal.intent(record.address, "update")
    journal.outcome(record.address, "update", "done", record)
    print(record.address.key, number, flush=True)
    snapshot = snapshot.put(record)
    if number % 7 == 3:
        snapshot = store.write(snapshot)
"""


def test_kill_9_at_any_moment_loses_nothing_confirmed(tmp_path: Path) -> None:
    chance = random.Random(55)  # noqa: S311
    truth: dict[str, int] = {}
    for run in range(6):
        command = [sys.executable, "-c", APPLY, str(tmp_path), str(Path(__file__).parents[1]), f"run-{run}"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for _ in range(chance.randrange(1, 120)):
                key, number = process.stdout.readline().split()
                truth[key] = int(number)
            process.send_signal(signal.SIGKILL)
            for line in process.stdout:
                if line.endswith("\n"):
                    key, number = line.split()
                    truth[key] = int(number)
    found, _ = replay(FolderStore(tmp_path).read("spf55") or Snapshot("spf55", "new"), tmp_path / "runs")
    kept = {address.key: int(str(record.fields["licence"])) for address, record in found.records.items()}
    assert set(kept) >= set(truth)
    # The run may have confirmed one more than it had time to tell.
    assert all(number <= kept[key] <= number + 30 for key, number in truth.items())


def test_a_record_deleted_by_a_run_whose_clock_was_set_back_does_not_survive_a_rebuild(tmp_path: Path) -> None:
    class SetBack:
        def __init__(self, moment: dt.datetime) -> None:
            self.moment = moment

        def now(self) -> dt.datetime:
            return self.moment

        def sleep(self, seconds: float) -> None: ...

    noon = dt.datetime(2026, 3, 29, 12, 0, tzinfo=dt.UTC)
    record = a_record()
    for hours, kept in ((0, record), (-3, None)):
        clock = SetBack(noon + dt.timedelta(hours=hours))
        with Journal.create(tmp_path, new_run_id(clock, "aaaaaa"), {}, clock) as journal:
            journal.opens(Snapshot("spf55", "line", 1))
            journal.intent(record.address, "update")
            journal.outcome(record.address, "update", "done", kept)
            journal.end({})
    assert replay(Snapshot("spf55", ""), tmp_path)[0].records == {}


def test_a_journal_cut_in_the_middle_of_a_line_is_told(tmp_path: Path) -> None:
    with Journal.create(tmp_path, "run-1", {}, TickingClock()) as journal:
        journal.opens(Snapshot("spf55", "line"))
    assert half_lines(tmp_path) == []
    with journal.path.open("ab") as file:
        file.write(b'{"event":"outcome","at')
    assert half_lines(tmp_path) == [journal.path]
