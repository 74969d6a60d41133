"""A date moved after the switch: shown like any change, carried out by apply, not undone by the next, made again."""

from __future__ import annotations

import datetime as dt
import json
import signal
import smtplib
from pathlib import Path
from typing import Any

import dns.message
import dns.query
from tests.proofs.dying import POINTS
from tests.scenarios.stage import FAREWELL, Stage
from tests.scenarios.test_lock import lets_in
from tests.scenarios.test_relay import DOMAIN, Town, until

USER = ("canari@spf55.org", "canary-password")
BOX = "contact@spf55.org"


def move_date(town: Town, days: int) -> None:
    later = town.day + dt.timedelta(days=days)
    town.stage.edit("spf55", f"date: {town.day.isoformat()}", f"date: {later.isoformat()}")
    town.stage.edit("spf55", "confirmed: 2025-01-15", "confirmed: 2025-01-16")  # they agreed anew
    town.stage.add_batch(later)
    town.day = later


def order_of(stage: Stage) -> list[str]:
    """What the last apply did, in the order it ended."""
    return [line["address"] for line in stage.journal() if line["event"] == "outcome" and line["result"] == "done"]


def changes(stage: Stage) -> dict[str, str]:
    """What a plan would do at once, by address."""
    document = json.loads(stage.run("plan", "--json").out)
    return {one["address"]: one["action"] for one in document["changes"] if one["due"] is None}


def test_a_federation_goes_back_and_its_mail_with_it_and_moves_again_on_its_new_date(switched_town: Town) -> None:
    town = switched_town
    stage = town.stage
    move_date(town, 28)
    shown = stage.run("plan").out
    assert "10 mx1.mutualise.example" in shown, "the MX it goes back to"
    assert "its date was moved: undone until then" in shown
    assert "copy_back" in shown
    stage.run("apply", "--yes")

    done = order_of(stage)
    ways = [one for one in done if "/copy_back/" in one]
    assert len(ways) == 3
    assert done.index(f"spf55/lock/{DOMAIN}") < done.index(f"spf55/dns/{DOMAIN}/MX") < min(map(done.index, ways))
    assert town.exchanger().startswith("mx1.mutualise")
    assert lets_in(stage, *USER)

    stage.run("copy", "work", expect=0)
    until(lambda: town.old_box(BOX, "arrivee"))
    assert town.write(BOX, "chez-l-ancien") == "", "the old host delivers again"
    letter = from_a_colleague(town, BOX, "d-un-collegue")
    assert held(town, letter) == 1, "the mailbox that is left swallows it, whatever the MX says"
    counted = {job["key"]: job["messages"] for job in status(stage)}
    stage.run("copy", "work", expect=0)
    until(lambda: town.old_box(BOX, letter))
    back = f"spf55/copy_back/{BOX}"
    assert {job["key"]: job["messages"] for job in status(stage)}[back] == counted[back] + 1, "and is counted"
    assert changes(stage) == {}
    stage.run("apply", "--yes")
    assert town.exchanger().startswith("mx1.mutualise"), "a scheduled apply undoes nothing"
    assert "GAT04" not in stage.run("plan").out

    town.come(-1)
    for _ in range(2):
        stage.run("apply", "--yes")
    assert town.exchanger().endswith("mx.microsoft.")
    assert not lets_in(stage, *USER)
    assert "/copy_back/" not in stage.run("state", "list", "spf55").out
    stage.run("copy", "work", expect=0)
    stage.run("copy", "verify", expect=0)
    marks = ("arrivee", "chez-l-ancien", letter)
    assert [held(town, mark) for mark in marks] == [1, 1, 1], "once, whichever way it went"


def test_killed_at_any_line_of_its_journal_it_goes_back_in_order_and_loses_nothing(switched_town: Town) -> None:
    town = switched_town
    stage = town.stage
    move_date(town, 28)
    deaths = 0
    # After two lines of the run itself, two or three intents stand before the first outcome: some runs get further.
    while stage.dying(3 + deaths % 3, POINTS[deaths // 3 % len(POINTS)], "apply", "--yes").code == -signal.SIGKILL:
        deaths += 1
        assert deaths < 20, "it comes no further"
        back = town.exchanger().startswith("mx1.mutualise")
        assert not back or lets_in(stage, *USER), "mail arrives where nobody reads it"
        listed = json.loads(stage.run("copy", "status", "--json", "spf55").out)
        assert back or not any("/copy_back/" in job["key"] for job in listed), "it comes back to where nobody reads it"
    assert deaths >= 3, "a run that dies at its third to fifth line has done one change of them all, or few"
    assert town.exchanger().startswith("mx1.mutualise")
    assert changes(stage) == {}
    assert lets_in(stage, *USER)
    stage.run("copy", "work", expect=0)
    stage.run("copy", "work", expect=0)
    until(lambda: town.old_box(BOX, "arrivee"))


def status(stage: Stage) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(stage.run("copy", "status", "--json", "spf55").out)
    return listed


def held(town: Town, mark: str) -> int:
    """How many messages of that subject the new boxes hold, all together."""
    store = Path(town.note["runtime"]) / "new"
    files = [file for file in store.rglob("u.*") if file.is_file()]
    return sum(f"Subject: {mark}" in file.read_text(errors="replace") for file in files)


def test_what_an_old_host_needs_in_spf_comes_back_even_after_the_farewell(switched_town: Town) -> None:
    town, stage = switched_town, switched_town.stage
    stage.settings(f"# {FAREWELL}", FAREWELL)
    town.come(14)
    stage.run("apply", "--yes")
    assert "include:_spf.mutualise.example" not in spf(town)
    move_date(town, 56)
    assert "gone          yes → no" in stage.run("plan").out
    stage.run("apply", "--yes")
    assert "include:_spf.mutualise.example" in spf(town)
    assert "include:spf.protection.outlook.com" in spf(town), "mail goes on leaving the new mailboxes"
    assert changes(stage) == {}


def test_an_mx_nobody_knows_any_more_is_said_in_the_plan_and_all_else_goes_back(switched_town: Town) -> None:
    town, stage = switched_town, switched_town.stage
    journal = stage.folder / "spfstate" / "dns" / "spf55.jsonl"
    kept = journal.read_bytes()
    journal.unlink()
    move_date(town, 28)
    told = " ".join(stage.run("plan").out.split())
    assert "RBK05 Nobody knows what the MX of spf55.org was before the switch" in told
    assert "restore that file" in told
    assert "RBK05" in " ".join(stage.run("apply", "--yes").said.split())
    assert town.exchanger().endswith("mx.microsoft.")
    assert lets_in(stage, *USER)
    journal.write_bytes(kept + journal.read_bytes() if journal.exists() else kept)
    stage.run("apply", "--yes")
    assert town.exchanger().startswith("mx1.mutualise")


def test_a_way_back_ends_only_once_nothing_came_for_five_days_and_the_life_of_the_mx(switched_town: Town) -> None:
    town, stage = switched_town, switched_town.stage
    move_date(town, 56)
    stage.run("apply", "--yes", expect=0)
    stage.run("copy", "work", "spf55", expect=0)
    back, box = f"spf55/copy_back/{BOX}", f"spf55/mailbox/{BOX}"
    federation = (stage.folder / "federations" / "spf55.yaml").read_text(encoding="utf-8")
    without = federation[: federation.index("  contact@spf55.org:\n")]
    for days, what in ((0, "mail came back"), (4, "senders still try")):
        moved_on(town, days)
        stage.write("spf55", without)
        told = " ".join(stage.run("apply", "--yes", "--allow-delete").said.split())
        assert "RBK06 Mail may come to the new mailboxes of spf55 until" in told, what
        assert {back, box} <= set(recorded(stage)), what
        stage.write("spf55", federation)

    letter = from_a_colleague(town, BOX, "tardive")
    stage.run("copy", "work", "spf55", expect=0)
    until(lambda: town.old_box(BOX, letter))
    moved_on(town, 2)
    stage.write("spf55", without)
    assert "RBK06" in stage.run("apply", "--yes", "--allow-delete").said, "that letter shows that somebody still writes"
    moved_on(town, 4)
    assert "RBK06 Nobody has looked" in " ".join(stage.run("apply", "--yes", "--allow-delete").said.split())
    stage.run("copy", "work", "spf55", expect=0)
    ended = stage.run("apply", "--yes", "--allow-delete")
    assert not {back, box} & set(recorded(stage)), ended.said


def test_what_went_back_is_not_closed_before_it_is_switched_again(switched_town: Town) -> None:
    town, stage = switched_town, switched_town.stage
    move_date(town, 28)
    stage.run("apply", "--yes", expect=0)
    before = recorded(stage)
    line = f"date: {town.day.isoformat()}"
    stage.edit("spf55", line, f"{line}, closed: {(town.day + dt.timedelta(days=10)).isoformat()}")
    told = " ".join(stage.run("apply", "--yes", "--allow-delete").said.split())
    assert "RBK07 spf55 went back to its old host" in told
    assert recorded(stage) == before
    assert town.write(BOX, "encore-ici") == ""


def recorded(stage: Stage) -> list[str]:
    return stage.run("state", "list", "spf55").out.split()


def moved_on(town: Town, days: int) -> None:
    town.clock.advance_to(town.clock.now() + dt.timedelta(days=days))


def from_a_colleague(town: Town, recipient: str, mark: str) -> str:
    """A message written inside the tenant, which delivers to every mailbox it knows; its mark."""
    port = int(town.note["servers"]["exchange"].rpartition(":")[2])
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as session:
        session.sendmail(
            "lou.petit@spf55.org", [recipient], f"Subject: {mark}\r\nMessage-ID: <{mark}@spf55.org>\r\n\r\n"
        )
    return mark


def spf(town: Town) -> str:
    query = dns.message.make_query(DOMAIN, "TXT", flags=0)
    (answer,) = dns.query.tcp(query, "127.0.0.1", 5, port=town.dns_port).answer
    return next(record.to_text() for record in answer if "v=spf1" in record.to_text())
