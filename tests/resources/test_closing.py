"""When the last pass of a federation's copies is asked for, and what its closing waits for."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.federations import MEUSE

from reconcile.config.load import load_federations
from reconcile.config.settings.tables.calendar import Calendar
from reconcile.resources.address import Address
from reconcile.resources.closing import closing, last_pass_from
from reconcile.resources.milestones import milestones

BOX = "  lou.petit@spf55.org: {licence: E1, directory: {last_name: Petit, first_name: Lou}}\n"
MOMENTS = milestones(dt.date(2025, 1, 20), Calendar())
BEFORE, AFTER = MOMENTS.last_pass - dt.timedelta(hours=1), MOMENTS.last_pass + dt.timedelta(hours=1)


def asked(
    folder: Path, recorded: dict[str, dt.datetime], now: dt.datetime, *, closed: bool = False
) -> dict[str, set[str]]:
    """The kinds that are wanted, and the kinds each waits for."""
    text = MEUSE + BOX
    text = text.replace("confirmed: 2025-01-15", "confirmed: 2025-01-15, closed: 2025-02-10") if closed else text
    (folder / "spf55.yaml").write_text(text, encoding="utf-8")
    (federation,) = load_federations(folder).select([])
    known = {Address("spf55", kind, "spf55.org"): at for kind, at in recorded.items()}
    wanted = closing(federation, known, MOMENTS, now)
    return {one.address.kind: {before.kind for before in one.after} for one in wanted}


@pytest.mark.parametrize(
    ("recorded", "now", "closed", "wanted"),
    [
        ({}, AFTER, False, {}),
        ({"mailbox": BEFORE}, AFTER, True, {}),  # nothing was copied
        ({"copy": BEFORE}, BEFORE, False, {}),
        ({"copy": BEFORE}, AFTER, False, {"last_pass": set()}),
        # Queued after that moment: the first pass is as late as it must be.
        ({"copy": AFTER}, AFTER, False, {}),
        ({"copy": AFTER}, AFTER, True, {"closing": {"credentials"}}),
        ({"copy": BEFORE}, AFTER, True, {"last_pass": set(), "closing": {"last_pass", "credentials"}}),
        # Made, it stays so: what its closing leaves as it is, the lock for one, is not undone later.
        ({"closing": AFTER}, AFTER, True, {"closing": {"credentials"}}),
        ({"closing": AFTER}, AFTER, False, {}),
        # Asked for, it stays so; a date that is moved takes it back by its moment.
        ({"copy": AFTER, "last_pass": AFTER}, BEFORE, False, {"last_pass": set()}),
    ],
)
def test_a_last_pass_is_asked_for_where_a_copy_began_before_its_moment(
    tmp_path: Path, recorded: dict[str, dt.datetime], now: dt.datetime, closed: bool, wanted: dict[str, set[str]]
) -> None:
    assert asked(tmp_path, recorded, now, closed=closed) == wanted


@given(st.integers(-30 * 86400, 30 * 86400), st.integers(0, 2**31 - 1))
def test_no_last_pass_is_made_while_a_sender_may_still_deliver_to_the_old_host(late: int, ttl: int) -> None:
    """Whenever the MX was switched, and however long the old one lived."""
    until = MOMENTS.cutover + dt.timedelta(seconds=late + ttl)
    last_pass = last_pass_from(MOMENTS.last_pass, until)
    assert last_pass >= max(MOMENTS.last_pass, until + dt.timedelta(days=5))
    assert last_pass in (MOMENTS.last_pass, until + dt.timedelta(days=5)), "and not later than that"


def test_a_calendar_that_leaves_the_senders_time_enough_stays_as_it_is() -> None:
    assert last_pass_from(MOMENTS.last_pass, MOMENTS.cutover + dt.timedelta(days=1)) == MOMENTS.last_pass
    assert last_pass_from(MOMENTS.last_pass, None) == MOMENTS.last_pass
