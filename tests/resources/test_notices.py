"""Which letters are due, told from a federation's file and what was sent before: each at its time, none too late."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from reconcile.config.federation.federation import Federation
from reconcile.config.load import load_federations
from reconcile.config.settings.load import load_settings
from reconcile.config.settings.settings import Settings
from reconcile.config.settings.tables.letters import Letters
from reconcile.planning.letters import LetterState, letter_statuses
from reconcile.resources.address import Address
from reconcile.resources.desired.federations import compile_federations
from reconcile.resources.notices import UNDATED, Letter, NoticeFacts, Sent, notices

J = dt.date(2025, 1, 20)
LATER = dt.date(2025, 3, 3)
CONTACT = "camille.dupont@example.net"


@pytest.fixture(scope="module")
def settings() -> Settings:
    letters = Letters(transport="folder", sender="postmaster@secourspopulaire.example")
    return load_settings([Path("reconcile.toml")]).model_copy(update={"letters": letters})


@pytest.fixture(scope="module")
def meuse() -> Federation:
    [found] = load_federations(Path("federations")).select(["spf55"])
    return found


def with_(federation: Federation, **migration: Any) -> Federation:
    changed = federation.file.migration.model_copy(update=migration)
    return dataclasses.replace(federation, file=federation.file.model_copy(update={"migration": changed}))


def sent(*letters: Letter, day: dt.date = J, at: dt.datetime | None = None) -> dict[Letter, Sent]:
    return {one: Sent(day.isoformat(), CONTACT, at or moment(0)) for one in letters}


def moment(days: int, hour: int = 9) -> dt.datetime:
    return dt.datetime.combine(J + dt.timedelta(days=days), dt.time(hour), dt.UTC)


def due(federation: Federation, settings: Settings, now: dt.datetime, **facts: Any) -> dict[str, dt.datetime | None]:
    return {one.address.key: one.due for one in notices(federation, NoticeFacts(**facts), settings, now)}


def test_a_federation_that_has_not_answered_gets_the_whole_dialogue(meuse: Federation, settings: Settings) -> None:
    found = due(with_(meuse, confirmed=None), settings, moment(-20))
    assert list(found) == ["list", "reminder", "last-reminder", "confirmation", "locked", "opening"]
    assert found["list"] == dt.datetime(2025, 1, 6, 8, tzinfo=dt.UTC)  # 09:00 in Paris
    assert found["locked"] == dt.datetime(2025, 1, 19, 15, tzinfo=dt.UTC)


def test_who_has_answered_is_neither_asked_nor_reminded(meuse: Federation, settings: Settings) -> None:
    assert list(due(meuse, settings, moment(-20), answered=True)) == ["confirmation", "locked", "opening"]


def test_what_nobody_sent_in_time_is_not_sent_late(meuse: Federation, settings: Settings) -> None:
    assert list(due(meuse, settings, moment(-6))) == ["list", "last-reminder", "confirmation", "locked", "opening"]
    assert list(due(meuse, settings, moment(0))) == ["opening"]
    assert due(meuse, settings, moment(30)) == {}


def test_letters_wait_for_what_they_tell(meuse: Federation, settings: Settings) -> None:
    others = compile_federations([meuse], settings, moment(-20))
    found = {one.address.key: one.after for one in notices(meuse, NoticeFacts(others=others), settings, moment(-2))}
    assert set(found["opening"]) == {
        one.address
        for one in others
        if one.address.kind in ("mailbox", "access", "credentials") or one.address.key.endswith("/MX")
    }
    assert Address("spf55", "dns", "spf55.org/MX") in found["opening"]


def test_a_moved_date_is_told_as_postponed_and_once_the_boxes_were_closed_as_a_rollback(
    meuse: Federation, settings: Settings
) -> None:
    later = with_(meuse, date=LATER)
    assert "postponed" in due(later, settings, moment(-3), sent=sent(Letter.LIST))
    closed = sent(Letter.LIST, Letter.LOCKED)
    assert "rolled-back" in due(later, settings, moment(0), sent=closed)
    assert "postponed" not in due(later, settings, moment(0), sent=closed)
    told = {**closed, Letter.ROLLED_BACK: Sent(LATER.isoformat(), CONTACT, moment(1))}
    assert {"postponed", "rolled-back"} & due(later, settings, moment(20), sent=told).keys() == set()


def test_a_date_taken_away_is_told_too(meuse: Federation, settings: Settings) -> None:
    [one] = notices(with_(meuse, date=None), NoticeFacts(sent=sent(Letter.LIST)), settings, moment(-3))
    assert (one.address.key, one.fields["day"]) == ("postponed", UNDATED)
    assert due(with_(meuse, date=None), settings, moment(-3)) == {}


def test_a_date_moved_there_and_back_is_told_twice(meuse: Federation, settings: Settings) -> None:
    told = {**sent(Letter.LIST), Letter.POSTPONED: Sent(LATER.isoformat(), CONTACT, moment(1))}
    [one] = [
        one for one in notices(meuse, NoticeFacts(sent=told), settings, moment(-3)) if one.address.key == "postponed"
    ]
    assert one.fields["day"] == J.isoformat()


def test_the_end_is_told_to_those_whose_opening_was(meuse: Federation, settings: Settings) -> None:
    assert "copied" not in due(meuse, settings, moment(2), copied=True)
    opened = sent(Letter.OPENING, at=moment(-1, 18))
    assert "copied" in due(meuse, settings, moment(2), copied=True, sent=opened)
    over = with_(meuse, closed=dt.date(2025, 3, 1))
    assert due(over, settings, moment(60)) == {}
    assert list(due(over, settings, moment(60), sent=opened)) == ["closed"]


def test_a_letter_asked_for_again_leaves_whatever_its_age(meuse: Federation, settings: Settings) -> None:
    old = sent(Letter.OPENING, at=moment(-1, 18))
    assert "opening" not in due(meuse, settings, moment(30), sent=old)
    [one] = notices(meuse, NoticeFacts(sent=old, asked={Letter.OPENING: 2}), settings, moment(30))
    assert (one.address.key, one.fields["attempt"]) == ("opening", 2)


def test_without_a_way_out_or_a_contact_there_are_none(meuse: Federation, settings: Settings) -> None:
    silent = settings.model_copy(update={"letters": Letters()})
    assert due(meuse, silent, moment(-14)) == {}
    alone = dataclasses.replace(meuse, file=meuse.file.model_copy(update={"contact": None}))
    assert due(alone, settings, moment(-14)) == {}


def test_where_each_letter_stands(meuse: Federation, settings: Settings) -> None:
    facts = NoticeFacts(sent=sent(Letter.LIST, at=moment(-14)))
    shown = letter_statuses(
        meuse, facts, settings, moment(-5, 12), {Letter.LIST: "5.1.1 nobody"}, {Letter.LAST_REMINDER: "no answer"}
    )
    assert {one.letter: one.state for one in shown} == {
        Letter.LIST: LetterState.RETURNED,
        Letter.REMINDER: LetterState.MISSED,
        Letter.LAST_REMINDER: LetterState.UNSURE,
        Letter.CONFIRMATION: LetterState.LATE,
        Letter.LOCKED: LetterState.PLANNED,
        Letter.OPENING: LetterState.PLANNED,
    }
