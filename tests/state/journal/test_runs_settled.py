"""The account of a killed run, before and after a later run has ended its doubts."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

from reconcile.state.journal.runs import run_records
from reconcile.views.run.log import one_run, run_list

_BOX = "spf55/mailbox/zoe@spf55.org"
_OTHER = "spf55/mailbox/max@spf55.org"


def test_a_doubt_is_forgotten_once_a_later_run_has_settled_it(tmp_path: Path) -> None:
    _journal(tmp_path, "20250101T000000Z-a", _intent(_BOX), _intent(_OTHER))
    _journal(tmp_path, "20250102T000000Z-b", _intent(_BOX), _outcome(_BOX), _end())

    assert _ends(tmp_path)[-1].endswith("killed: 0 done, 1 settled since, 1 in doubt; the next apply settles it")
    told = [line.plain for line in one_run(list(run_records(tmp_path))[-1], dt.UTC)]
    assert f"  settled  create  {_BOX}  by 20250102T000000Z-b" in told
    assert f"  unknown  create  {_OTHER}" in told

    _journal(tmp_path, "20250103T000000Z-c", _intent(_OTHER), _outcome(_OTHER), _end())
    assert _ends(tmp_path)[-1].endswith("killed: 0 done, 2 settled since")


def test_a_run_killed_again_at_the_same_place_settles_nothing(tmp_path: Path) -> None:
    _journal(tmp_path, "20250101T000000Z-a", _intent(_BOX))
    _journal(tmp_path, "20250102T000000Z-b", _intent(_BOX))
    assert all(end.endswith("killed: 0 done, 1 in doubt; the next apply settles it") for end in _ends(tmp_path))


def _ends(folder: Path) -> list[str]:
    return [line.plain for line in run_list(list(run_records(folder)), dt.UTC)]


def _journal(folder: Path, run: str, *entries: dict[str, object]) -> None:
    began = {"event": "run", "at": "2025-01-01T00:00:00+00:00", "who": "ana"}
    (folder / f"{run}.jsonl").write_text("".join(json.dumps(one) + "\n" for one in (began, *entries)))


def _intent(address: str) -> dict[str, object]:
    return {"event": "intent", "address": address, "action": "create"}


def _outcome(address: str) -> dict[str, object]:
    return {"event": "outcome", "address": address, "action": "create", "result": "done"}


def _end() -> dict[str, object]:
    return {"event": "end", "tally": {"done": 1}}
