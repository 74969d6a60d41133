"""The lock on the eve, from the command line to a real old host: before anything of the switch, and undone."""

from __future__ import annotations

import datetime as dt
import imaplib
import ssl
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.scenarios.stage import Stage
from tests.scenarios.test_calendar import PARIS, Days


@pytest.fixture
def days(tmp_path: Path) -> Iterator[Days]:
    """One small federation, and an old host that receives and sends."""
    stage = Stage.small(tmp_path)
    stage.run("sandbox", "up", "--postfix", expect=0)
    try:
        yield Days(stage)
    finally:
        stage.run("sandbox", "down")


def eve(days: Days, time_of_day: str) -> None:
    moment = dt.datetime.combine(days.day - dt.timedelta(days=1), dt.time.fromisoformat(time_of_day), PARIS)
    days.clock.advance_to(moment.astimezone(dt.UTC))


def lets_in(stage: Stage, login: str, secret: str) -> bool:
    settings = tomllib.loads((stage.folder / ".sandbox" / "settings.toml").read_text(encoding="utf-8"))
    old = settings["legacy"]["mutualise"]
    context = ssl.create_default_context(cafile=old["ca_file"])
    client = imaplib.IMAP4_SSL(old["host"], old["port"], ssl_context=context)
    try:
        client.login(login, stage.secret(secret).strip())
    except imaplib.IMAP4.error:
        return False
    finally:
        client.shutdown()
    return True


def recorded(stage: Stage) -> set[str]:
    return set(stage.run("state", "list", "spf55", expect=0).out.split())


def test_users_are_locked_out_before_the_switch_and_let_in_when_the_date_moves(days: Days) -> None:
    stage, user = days.stage, ("canari@spf55.org", "canary-password")
    stage.run("apply", "--yes", expect=0)
    assert lets_in(stage, *user)
    assert not any("/lock/" in one for one in recorded(stage))

    eve(days, "16:05")
    ended = stage.run("apply", "--yes")
    assert not lets_in(stage, *user), ended.said
    assert lets_in(stage, "k0412*copier", "master-password"), "the copier is let in"
    assert "spf55/lock/spf55.org" in recorded(stage)
    assert not any("/mailbox/" in one for one in recorded(stage))

    stage.edit("spf55", f"date: {days.day.isoformat()}", f"date: {(days.day + dt.timedelta(days=7)).isoformat()}")
    shown = stage.run("plan").out
    assert "its date was moved" in shown
    stage.run("apply", "--yes")
    assert lets_in(stage, *user)
    assert "spf55/lock/spf55.org" not in recorded(stage)
    assert "lock" in stage.run("plan").out, "it waits for its new moment"


def test_nothing_is_switched_while_users_get_in(days: Days) -> None:
    """The list that is written is not the one the host reads."""
    stage = days.stage
    stage.run("apply", "--yes")
    overlay = stage.folder / ".sandbox" / "settings.toml"
    text = overlay.read_text(encoding="utf-8")
    (stage.folder / "refused").touch()
    (real,) = (line for line in text.splitlines() if line.startswith("file = ") and line.endswith('refused"'))
    text = text.replace(real, f'file = "{stage.folder / "refused"}"')
    overlay.write_text(text.replace("[legacy.mutualise.lock]\n", "[legacy.mutualise.lock]\npatience_seconds = 3\n"))
    eve(days, "18:05")
    ended = stage.run("apply", "--yes")
    assert ended.code not in (0, 5)
    assert "LCK01" in ended.said
    assert "canari@spf55.org still gets in by IMAP" in ended.said
    assert not any("/mailbox/" in one or one.endswith("/MX") for one in recorded(stage))

    overlay.write_text(overlay.read_text(encoding="utf-8").replace(f'file = "{stage.folder / "refused"}"', real))
    stage.run("apply", "--yes")
    assert any("/mailbox/" in one for one in recorded(stage))
    assert not lets_in(stage, "canari@spf55.org", "canary-password")
