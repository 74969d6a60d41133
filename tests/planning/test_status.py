"""What a row of ``reconcile status`` says of a federation: from nothing done to all done, and what comes first."""

from __future__ import annotations

import datetime as dt
import zoneinfo

import pytest

from reconcile.planning.gates.gate import Gate
from reconcile.planning.status import Copies, FederationStatus, Progress, State, Step, broken, federation_status, ranked
from reconcile.resources.address import Address
from reconcile.resources.resource import Desired
from reconcile.views.status import status_document, status_text

PARIS = zoneinfo.ZoneInfo("Europe/Paris")
DAY = dt.date(2025, 1, 20)
LOCK = dt.datetime(2025, 1, 19, 15, tzinfo=dt.UTC)
KEYS = {
    "lock": ("lock", "spf55"),
    "box": ("mailbox", "a@spf55.org"),
    "access": ("access", "a@spf55.org"),
    "mx": ("dns", "spf55.org/MX"),
    "ttl": ("dns", "spf55.org/MX/ttl"),
    "dkim": ("dns", "selector1._domainkey.spf55.org/CNAME"),
    "flow": ("mail_flow", "spf55.org"),
    "copy": ("copy", "a@spf55.org"),
    "passwords": ("credentials", "spf55.org"),
}
PEOPLE = ("a@spf55.org", "b@spf55.org")
ALL = {name: Address("spf55", *key) for name, key in KEYS.items()}


def row(done: str = "", failed: str = "", gate: str = "", waived: str = "", copies: Copies = Copies(), hours: float = 0,
        date: dt.date | None = DAY, handed: str = "") -> FederationStatus:  # fmt: skip
    gates = [Gate("spf55", "GAT02", LOCK, gate, "rehearse", waived), Gate("spf55", "GAT04", LOCK)]
    progress = Progress(
        [Desired(address, {"people": PEOPLE} if name == "passwords" else {}) for name, address in ALL.items()],
        {ALL[name] for name in done.split()},
        {ALL[name]: f"M365-01 {name} failed" for name in failed.split()},
        copies,
        handed.split(),
    )
    return federation_status(
        "Meuse",
        date,
        gates,
        [one for one in gates if one.why],
        progress,
        LOCK + dt.timedelta(hours=hours),
    )


def test_each_resource_counts_in_its_step_and_preparation_in_none() -> None:
    steps = row("lock box mx ttl dkim", copies=Copies(1, 1)).steps
    assert steps == {
        "lock": Step(1, 1),
        "create": Step(1, 2),
        "switch": Step(1, 2),
        "passwords": Step(0, 2),
        "copy": Step(1, 1),
    }


def test_passwords_are_counted_by_person_whoever_left() -> None:
    assert row(handed="b@spf55.org gone@spf55.org").steps["passwords"] == Step(1, 2)
    assert row(failed="passwords").steps["passwords"] == Step(0, 2, 1)


@pytest.mark.parametrize(
    ("one", "state"),
    [
        (row(), State.READY),
        (row(date=None), State.WAITING),
        (row(gate="never rehearsed", hours=-24), State.NOT_READY),
        (row(gate="never rehearsed"), State.HELD),
        (row(gate="never rehearsed", waived="agreed"), State.READY),
        (row("lock"), State.UNDER_WAY),
        (row("lock box access mx flow", copies=Copies(1, 1), handed="a@spf55.org b@spf55.org"), State.DONE),
        (row("lock box access mx flow", copies=Copies(1, 1), handed="a@spf55.org"), State.UNDER_WAY),
        (row("lock box access mx flow", copies=Copies(1, 0)), State.UNDER_WAY),
        (row("lock", failed="box"), State.ERROR),
        (row("lock box access mx flow", copies=Copies(1, 0, 1)), State.ERROR),
        (broken("spf55", "", "SPF101 unreadable"), State.ERROR),
    ],
)
def test_a_federation_is_as_well_as_its_worst_part(one: FederationStatus, state: State) -> None:
    assert one.state is state


def test_forty_rows_fit_one_screen_and_who_needs_somebody_comes_first() -> None:
    rows = []
    for number in range(40):
        one = row("lock box access mx flow", copies=Copies(1, 1), handed=" ".join(PEOPLE))
        rows.append(FederationStatus(f"spf{number:02}", f"F{number}", DAY, LOCK, one.state, (), (), one.steps))
    troubled = row("lock", failed="box access")
    rows[7] = FederationStatus("spf07", "F7", DAY, LOCK, troubled.state, troubled.trouble, (), troubled.steps)
    rows[31] = row(gate="it was never rehearsed")
    lines = [line.plain for line in status_text(ranked(rows), LOCK, PARIS, 120)]
    assert len(lines) == 42
    assert max(map(len, lines)) <= 120
    assert lines[1].startswith("✗ spf07      error     2025-01-20       done    0/2 ✗2")
    assert "M365-01 box failed (and 1 more)" in lines[1]
    assert lines[2].startswith("■ spf55      held back")
    assert lines[2].endswith("GAT02 it was never rehearsed")
    assert lines[-1] == "40 federations: 1 error, 1 held back, 38 done. Sun 19 Jan 2025 16:00 CET"


def test_several_closed_gates_are_named_by_their_codes_and_those_set_aside_are_told() -> None:
    gates = tuple(Gate("spf55", code, LOCK, "because") for code in ("GAT02", "GAT04"))
    one = FederationStatus("spf55", "Meuse", DAY, LOCK, State.NOT_READY, (), gates)
    assert list(status_text([one], LOCK, PARIS, 200))[1].plain.endswith("  GAT02 GAT04")
    (_, line, _) = status_text([row(gate="never rehearsed", waived="agreed")], LOCK, PARIS, 200)
    assert line.plain.endswith("set aside: GAT02")


def test_nothing_in_a_name_moves_the_cursor() -> None:
    one = broken("spf55", "", "\x1b[2J\nSPF101")
    assert all("\x1b" not in line.plain and "\n" not in line.plain for line in status_text([one], LOCK, PARIS, 80))


def test_programs_are_told_the_same() -> None:
    (one,) = status_document([row("lock", failed="box", gate="never rehearsed")], LOCK)["federations"]
    assert (one["state"], one["steps"]["create"]) == ("error", {"done": 0, "total": 2, "failed": 1})
    assert one["gates"][0] == {
        "code": "GAT02", "why": "never rehearsed", "hint": "rehearse", "waived": "", "open": False,
    }  # fmt: skip
