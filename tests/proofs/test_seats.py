"""Seats that do not suffice: told in the plan, nothing half made by the apply, everything done once there are some."""

from __future__ import annotations

import json
from pathlib import Path

from tests.proofs.outside import Outside
from tests.proofs.project import Forks, Project

HEAD = """\
schema: 1
code: "55"
name: Fédération de la Meuse
domain: spf55.org
migration: {date: 2025-01-20, rehearsed: 2025-01-08, confirmed: 2025-01-15, closed: 2025-01-20}
overrides: {GAT02: essai, GAT03: essai, GAT06: essai, GAT07: essai, GAT08: essai}
mailboxes:
"""
#: What the charity's own staff uses of each licence.
STAFF = {"E1": 6, "E3": 4}
APPLY = ("apply", "--yes", "--allow-delete")


def federation(**licences: str) -> str:
    boxes = [
        f"  {name}@spf55.org: {{licence: {licence}, new: true, directory: {{first_name: {name}, last_name: Martin}}}}"
        for name, licence in licences.items()
    ]
    return HEAD + "\n".join(boxes) + "\n"


def buy(outside: Outside, part: str, seats: int) -> None:
    with outside.world.lock:
        next(sku for sku in outside.world.skus.values() if sku.part_number == part).enabled += seats


def test_a_seat_short_is_told_and_the_mailbox_is_made_once_it_is_bought(tmp_path: Path, forks: Forks) -> None:
    seats = {"E1": STAFF["E1"] + 1, "STANDARDPACK": 1, "E3": STAFF["E3"] + 5}
    with Outside(tmp_path, {"spf55.org": []}, seats=seats) as outside:
        project = Project.before(outside, forks)
        project.write("spf55", federation(anne="E1", luc="E1", zoe="E1", max="E3"))
        said = project.run("plan")
        assert "Seats: licence E1 takes 2, has 2 free; licence E3 takes 1, has 5 free." in said
        assert "M365-12 1 seat of licence E1 missing: an apply leaves out zoe@spf55.org" in said
        code, said = project.attempt(*APPLY)
        assert code == 6
        assert "M365-12" in said
        users = outside.content()["users"]
        assert "zoe@spf55.org" not in users
        parts = {name: users[f"{name}@spf55.org"]["licences"] for name in ("anne", "luc")}
        assert sorted(parts.values()) == [["Office_365_w/o_Teams_Bundle_E1"], ["STANDARDPACK"]]
        assert json.loads(project.attempt("plan", "--json")[1])["seats"][0]["lacking"] == [
            "spf55/mailbox/zoe@spf55.org"
        ]
        buy(outside, "STANDARDPACK", 1)
        project.run(*APPLY)
        project.run("plan", "--detailed-exitcode")
        assert outside.content()["users"]["zoe@spf55.org"]["licences"] == ["STANDARDPACK"]


def test_the_last_seats_change_hands_in_one_apply(tmp_path: Path, forks: Forks) -> None:
    seats = {"E1": STAFF["E1"] + 1, "E3": STAFF["E3"] + 1}
    with Outside(tmp_path, {"spf55.org": []}, seats=seats) as outside:
        project = Project.before(outside, forks)
        project.write("spf55", federation(anne="E1", luc="E3"))
        project.run(*APPLY)
        # luc leaves; anne takes his seat, and zoe takes hers: no more seats are bought.
        project.write("spf55", federation(anne="E3", zoe="E1"))
        said = project.run("plan")
        assert "licence E1 takes 1, gives back 1, has 0 free; licence E3 takes 1, gives back 1, has 0 free" in said
        assert "M365-12" not in said
        project.run(*APPLY)
        project.run("plan", "--detailed-exitcode")
        users = outside.content()["users"]
        assert users["anne@spf55.org"]["licences"] == ["O365_w/o_Teams_Bundle_E3"]
        assert users["zoe@spf55.org"]["licences"] == ["Office_365_w/o_Teams_Bundle_E1"]


def test_a_saved_plan_whose_seats_were_taken_meanwhile_makes_no_account_without_one(
    tmp_path: Path, forks: Forks
) -> None:
    with Outside(tmp_path, {"spf55.org": []}, seats={"E1": STAFF["E1"] + 1}) as outside:
        project = Project.before(outside, forks)
        project.write("spf55", federation(anne="E1"))
        project.run("plan", "--out", "plans/one.json")
        buy(outside, "Office_365_w/o_Teams_Bundle_E1", -1)
        code, said = project.attempt("apply", "plans/one.json")
        assert code == 6
        assert "no seat of licence E1 is left; nothing was written" in said
        assert "anne@spf55.org" not in outside.content()["users"]


def test_a_saved_plan_taken_up_again_counts_the_seats_anew(tmp_path: Path, forks: Forks) -> None:
    with Outside(tmp_path, {"spf55.org": []}, seats={"E1": STAFF["E1"] + 1}) as outside:
        project = Project.before(outside, forks)
        project.write("spf55", federation(anne="E1", luc="E1"))
        project.run("plan", "--out", "plans/both.json")
        assert "luc@spf55.org" in project.attempt("apply", "plans/both.json")[1]
        assert "luc@spf55.org" not in outside.content()["users"]
        buy(outside, "Office_365_w/o_Teams_Bundle_E1", 1)
        project.run("apply", "plans/both.json")
        project.run("plan", "--detailed-exitcode")
        assert "luc@spf55.org" in outside.content()["users"]
