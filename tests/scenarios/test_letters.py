"""Letters through a migration: each leaves once at its moment, moves with the date, and says what happened to it."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import json
from email.message import EmailMessage

import pytest
from tests.scenarios.stage import Stage
from tests.scenarios.test_calendar import PARIS, Days

LETTERS = """
[letters]
transport = "folder"
sender = "postmaster@secourspopulaire.example"
phone = "01 99 00 00 00"
"""


@pytest.fixture
def days(stage: Stage) -> Days:
    return undecided(stage)


def undecided(stage: Stage) -> Days:
    """A federation with a contact, whose addresses nobody has decided on, twenty days before J."""
    with (stage.folder / "reconcile.toml").open("a", encoding="utf-8") as settings:
        settings.write(LETTERS)
    contact = "contact: {name: Camille Dupont, email: camille.dupont@example.net, poptransfert: meuse}\n"
    stage.edit("spf55", "legacy: {server", f"{contact}legacy: {{server")
    days = Days(stage)
    stage.edit("spf55", ", confirmed: 2025-01-15", "")
    return days


def come(days: Days, before: int, time_of_day: str = "09:00") -> None:
    moment = dt.datetime.combine(days.day - dt.timedelta(days=before), dt.time.fromisoformat(time_of_day), PARIS)
    days.clock.advance_to(moment.astimezone(dt.UTC))


def apply_letters(days: Days) -> list[str]:
    """What an apply of the letters alone sends: their names, in order."""
    known = set(mails(days))
    days.stage.run("apply", "--yes", "--target", "spf55/notice/*")
    return [str(mail["X-SPF-Letter"]).removeprefix("spf55/") for name, mail in mails(days).items() if name not in known]


def mails(days: Days) -> dict[str, EmailMessage]:
    folder = days.stage.folder / ".sandbox" / "letters"
    return {
        path.name: email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for path in sorted(folder.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
    }


def letters(days: Days) -> dict[str, str]:
    [ones] = json.loads(days.stage.run("letter", "list", "--json", expect=0).out)["federations"].values()
    return {one["letter"]: one["state"] for one in ones}


def test_each_letter_leaves_once_at_its_moment(days: Days) -> None:
    come(days, 15)
    assert apply_letters(days) == []
    come(days, 14, "08:59")
    assert apply_letters(days) == []
    come(days, 14)
    assert apply_letters(days) == ["list"]
    assert apply_letters(days) == []
    assert letters(days)["list"] == "sent"
    come(days, 8)
    assert apply_letters(days) == ["reminder"]
    come(days, 7)
    assert apply_letters(days) == ["last-reminder"]
    come(days, 5)
    assert apply_letters(days) == ["confirmation"]
    assert {name: standing for name, standing in letters(days).items() if standing == "sent"}.keys() == {
        "list",
        "reminder",
        "last-reminder",
        "confirmation",
    }
    for mail in mails(days).values():
        assert mail["To"] == "Camille Dupont <camille.dupont@example.net>"
        assert mail["Auto-Submitted"] == "auto-generated"
        body, page = mail.get_body(("plain",)), mail.get_body(("html",))
        assert body is not None
        assert page is not None
        assert "Camille Dupont" in body.get_content()
        assert "<script" not in page.get_content()


def test_the_list_carries_the_workbook_that_is_known_when_it_comes_back(days: Days) -> None:
    come(days, 14)
    days.stage.run("letter", "show", "spf55", "list", "--eml", "seen.eml", expect=0)
    record = days.stage.folder / "spfstate" / "sheets" / "spf55.sandbox.json"
    assert not record.exists()
    assert apply_letters(days) == ["list"]
    [mail] = mails(days).values()
    [sheet] = list(mail.iter_attachments())
    assert sheet.get_filename() == "spf55-adresses-v1.xlsx"
    body = mail.get_body(("plain",))
    assert body is not None
    assert "Vous trouverez ci-joint un fichier" in body.get_content()
    [out] = json.loads(record.read_text(encoding="utf-8"))["sheets"]
    assert (out["way"], out["version"], out["file"]) == ("out", 1, "spf55-adresses-v1.xlsx")
    back = days.stage.folder / "reponse.xlsx"
    back.write_bytes(sheet.get_content())
    assert "the answer of spf55" in days.stage.run("sheet", "in", str(back)).out
    days.stage.run("sheet", "out", "spf55", expect=0)
    assert (days.stage.folder / "sheets" / "spf55-adresses-v1.xlsx").read_bytes() == sheet.get_content()


def test_a_date_moved_is_told_once_and_the_letters_follow_it(days: Days) -> None:
    come(days, 14)
    assert apply_letters(days) == ["list"]
    later = days.day + dt.timedelta(days=42)
    days.stage.add_batch(later)
    days.stage.edit("spf55", f"date: {days.day.isoformat()}", f"date: {later.isoformat()}")
    assert apply_letters(days) == ["postponed"]
    assert apply_letters(days) == []
    come(days, 5)
    assert apply_letters(days) == []
    days.day = later
    come(days, 14)
    assert apply_letters(days) == ["list"]
    said = next(reversed(mails(days).values())).get_body(("plain",))
    assert said is not None
    assert str(later.year) in said.get_content()


def test_another_contact_gets_the_letter_that_the_first_had_days_ago(days: Days) -> None:
    come(days, 14)
    assert apply_letters(days) == ["list"]
    days.stage.edit("spf55", "camille.dupont@example.net", "anne.leroy@example.net")
    assert apply_letters(days) == ["list"]
    assert [mail["To"].addresses[0].addr_spec for mail in mails(days).values()] == [
        "camille.dupont@example.net",
        "anne.leroy@example.net",
    ]


def test_a_letter_is_sent_again_when_somebody_asks_under_an_identifier_of_its_own(days: Days) -> None:
    come(days, 14)
    assert days.stage.run("letter", "resend", "spf55", "list").code != 0
    assert apply_letters(days) == ["list"]
    days.stage.run("letter", "resend", "55", "list", expect=0)
    assert apply_letters(days) == ["list"]
    assert apply_letters(days) == []
    assert len({mail["Message-ID"] for mail in mails(days).values()}) == 2


def test_a_lost_letter_book_sends_nothing_twice(days: Days) -> None:
    come(days, 14)
    assert apply_letters(days) == ["list"]
    for path in (days.stage.folder / "spfstate" / "letters").iterdir():
        path.unlink()
    assert apply_letters(days) == []


def test_a_damaged_letter_book_stops_the_letters_and_says_so(days: Days) -> None:
    come(days, 14)
    assert apply_letters(days) == ["list"]
    [book] = (days.stage.folder / "spfstate" / "letters").iterdir()
    book.write_text("{}\n" + book.read_text(encoding="utf-8"), encoding="utf-8")
    come(days, 8)
    assert apply_letters(days) == []
    assert ":1 is no line of a letter book" in days.stage.run("plan").said


def test_the_plan_says_all_letters_in_one_line(days: Days) -> None:
    come(days, 14)
    said = days.stage.run("plan", expect=0).out
    [line] = [one for one in said.splitlines() if one.startswith("  notice")]
    assert "camille.dupont@example.net: now list; reminder" in line
    assert "opening" in line


def test_a_letter_is_shown_before_it_leaves_and_nothing_is_sent(days: Days) -> None:
    said = days.stage.run("letter", "show", "spf55", "opening", "--eml", "o.eml", "--html", "o.html", expect=0).out
    assert "Attached: Configurer-sa-messagerie.pdf" in said
    assert (days.stage.folder / "o.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    mail = email.message_from_bytes((days.stage.folder / "o.eml").read_bytes(), policy=email.policy.default)
    [sheet] = list(mail.iter_attachments())
    assert sheet.get_content().startswith(b"%PDF-")
    assert mails(days) == {}


def test_a_template_of_the_postmaster_s_is_used_and_judged(days: Days) -> None:
    stage = days.stage
    stage.run("letter", "templates", "modeles", expect=0)
    stage.settings('transport = "folder"', 'transport = "folder"\ntemplates_folder = "modeles"')
    stage.run("letter", "check", expect=0)
    template = stage.folder / "modeles" / "list.md"
    template.write_text("Objet : Bonjour\n\nCh\u00e8re {{ contact.prenom }},\n", encoding="utf-8")
    ended = stage.run("letter", "check", expect=1)
    assert "LET01 The template list.md, line 3" in ended.said
    come(days, 14)
    assert apply_letters(days) == []
    assert "LET01" in stage.run("apply", "--yes", "--target", "spf55/notice/*").said
    template.write_text("Objet : Bonjour\n\nCh\u00e8re {{ contact.name }},\n", encoding="utf-8")
    assert apply_letters(days) == ["list"]


def test_the_next_apply_reads_what_came_back_before_it_judges_anything(days: Days) -> None:
    stage = days.stage
    stage.settings(
        'transport = "folder"\nsender = "postmaster@secourspopulaire.example"',
        'transport = "graph"\nsender = "contact@national.example"',
    )
    stage.edit("spf55", "camille.dupont@example.net", "camille@nulle-part.invalid")
    come(days, 14)
    said = stage.run("apply", "--yes", "--target", "spf55/notice/*").said
    assert letters(days)["list"] == "sent", said
    (stage.folder / "federations" / "spf_notes.yaml").write_text("a file that is no federation's\n", encoding="utf-8")
    said = stage.run("apply", "--yes", "--target", "spf55/notice/*").said
    assert "spf55: the letter list to camille@nulle-part.invalid came back: 5.4.310" in said
    assert letters(days)["list"] == "came back"
    assert "GAT47  the letter list" in stage.run("plan", "spf55").said
    told = stage.run("sheet", "status", "55", expect=0).out
    assert "the letter list to camille@nulle-part.invalid came back: 5.4.310" in told
    [one] = json.loads(stage.run("sheet", "status", "55", "--json", expect=0).out)
    assert one["came_back"].startswith("the letter list to camille@nulle-part.invalid came back")


def test_a_mailbox_of_bounces_that_cannot_be_read_holds_nothing_up(days: Days) -> None:
    stage = days.stage
    come(days, 14)
    stage.run("apply", "--yes", "--target", "spf55/notice/*")
    stage.settings(
        "[letters]\n", '[letters.mailbox]\nhost = "127.0.0.1"\nport = 1\nuser = "p"\ntls = false\n\n[letters]\n'
    )
    said = stage.run(
        "apply",
        "--yes",
        "--target",
        "spf55/notice/*",
        environment={"RECONCILE_LETTERS_MAILBOX_PASSWORD": "a"},
        expect=0,
    ).said
    assert "LET30 The mailbox of p at 127.0.0.1:1 cannot be read" in said


def test_a_letter_that_comes_back_holds_the_federation_until_its_contact_is_corrected(days: Days) -> None:
    stage = days.stage
    stage.settings(
        'transport = "folder"\nsender = "postmaster@secourspopulaire.example"',
        'transport = "graph"\nsender = "contact@national.example"',
    )
    stage.edit("spf55", "camille.dupont@example.net", "camille@nulle-part.invalid")
    come(days, 14)
    said = stage.run("apply", "--yes", "--target", "spf55/notice/*").said
    assert letters(days)["list"] == "sent", said
    assert "came back: 5.4.310" in stage.run("letter", "bounces", expect=0).said
    assert "No letter came back." in stage.run("letter", "bounces", expect=0).said
    assert letters(days)["list"] == "came back"
    held = stage.run("plan", "spf55").said
    assert "GAT47  the letter list to camille@nulle-part.invalid came back" in held
    assert "letter list came back" in stage.run("status").out
    stage.edit("spf55", "camille@nulle-part.invalid", "camille.dupont@example.net")
    stage.run("apply", "--yes", "--target", "spf55/notice/*")
    assert letters(days)["list"] == "sent"
    assert "GAT47" not in stage.run("plan", "spf55").said
