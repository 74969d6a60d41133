"""Drift: the world against what we last wrote."""

from __future__ import annotations

import dataclasses
import datetime as dt

from reconcile.planning.diff.drift import find_drift
from reconcile.providers.base import ABSENT, Unknown
from reconcile.resources.address import Address
from reconcile.resources.resource import Live
from reconcile.state.snapshot.snapshot import Record
from reconcile.views.drift import drift_text

BOX = Address.parse("spf55/mailbox/lou@spf55.org")
RECORD = Record(
    BOX,
    "id",
    {"licence": "E1", "aliases": ("l@spf55.org",), "phone": None, "protected": True},
    "run1",
    "run1",
    "2025-01-19T17:05:00+00:00",
)


def said(record: Record, shown: object) -> list[str]:
    found = find_drift([record], {record.address: shown}, {record.address})  # type: ignore[dict-item]
    return [line.plain for line in drift_text(found, dt.UTC)]


def test_nothing_is_said_of_what_yaml_does_not_manage() -> None:
    live = Live(BOX, {"licence": "E1", "aliases": ("l@spf55.org",), "phone": "", "job_title": "changed by hand"})
    assert said(RECORD, live) == ["Nothing drifted."]


def test_each_field_that_moved_is_shown_with_both_sides_and_the_moment_it_was_right() -> None:
    live = Live(BOX, {"licence": "E3", "aliases": ("pirate@spf55.org",)})
    lines = said(RECORD, live)
    assert "2025" in lines[0]
    assert "17:05" in lines[0]
    assert lines[1:3] == ["    licence: E1 → E3", "    aliases: + pirate@spf55.org, - l@spf55.org"]
    assert lines[-1] == "1 resource drifted."


def test_a_deleted_box_is_said_to_be_gone() -> None:
    assert "    gone" in said(RECORD, ABSENT)


def test_what_could_not_be_read_is_neither_right_nor_drifted() -> None:
    lines = said(RECORD, Unknown("the tenant did not answer"))
    assert lines[-1] == "Nothing drifted. 1 resource could not be read."


def test_a_recorded_field_that_no_kind_has_is_passed_over() -> None:
    record = dataclasses.replace(RECORD, fields={"licence": "E1", "colour": "red"})
    assert said(record, Live(BOX, {"licence": "E1"})) == ["Nothing drifted."]


def test_what_is_gone_and_yaml_no_longer_names_has_not_drifted() -> None:
    assert find_drift([RECORD], {BOX: ABSENT}, ()).fields == ()
