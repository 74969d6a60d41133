"""The signature of the network: probed, planned, applied, and read at the end of a message."""

from __future__ import annotations

import email
import email.policy
import json
from email.message import EmailMessage

import pytest
from tests.scenarios.stage import Stage

from reconcile.documents.letters.message import HEADER

CAMILLE, CONTACT, LOU = "camille.dupont@spf55.org", "contact@spf55.org", "lou.petit@spf55.org"


@pytest.fixture
def signing(stage: Stage) -> Stage:
    """The small federation is in the tenant, its people have something to show, and [signature] is written."""
    stage.edit(
        "spf55",
        "overrides:",
        "atrium_id: 2650\n"
        "structures: [{atrium_id: 2650, name: Siège, street: 12 rue des Fontaines, postal_code: '55000',"
        " city: L'Haÿ, website: 'https://www.spf55.example', networks: facebook.com/spf55}]\n"
        "overrides:",
    )
    stage.edit(
        "spf55",
        "directory: {last_name: Dupont, first_name: Camille}",
        'directory: {last_name: Dupont, first_name: Camille, job_title: Trésorerie & dons, phone: "03 53 01 00 01"}',
    )
    with (stage.folder / "reconcile.toml").open("a", encoding="utf-8") as settings:
        settings.write('\n[signature]\norganisation = "Secours populaire français"\n')
    stage.run("apply", "--yes", expect=0)
    return stage


def delivered(stage: Stage, sender: str, message: EmailMessage) -> EmailMessage:
    """The message as it leaves the tenant's mail flow rules."""
    sent, arrived = stage.folder / "sent.eml", stage.folder / "arrived.eml"
    sent.write_bytes(message.as_bytes())
    assert sender in stage.run("sandbox", "message", "sent.eml", "--out", "arrived.eml", expect=0).out
    parsed = email.message_from_bytes(arrived.read_bytes(), policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def letter(sender: str, text: str = "Bonjour.", markup: str = "") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, "ami@example.net", "Rendez-vous"
    message.set_content(text)
    if markup:
        message.add_alternative(markup, subtype="html")
    return message


def probed(stage: Stage) -> None:
    stage.run("signature", "probe", CAMILLE, expect=0)
    arrived = delivered(stage, CAMILLE, letter(CAMILLE, markup="<html><body><p>Essai</p></body></html>"))
    (stage.folder / "answer.eml").write_bytes(arrived.as_bytes())
    said = stage.run("signature", "probe", CAMILLE, "--answer", "answer.eml", expect=0)
    assert "✓ phone         %%Phone%%" in said.out
    assert "stays in the text" in said.out


def test_the_signature_is_planned_from_what_a_probe_proved_and_ends_each_message(signing: Stage) -> None:
    assert "SIG04" in signing.run("plan", "--detailed-exitcode", expect=0).err
    probed(signing)
    alone = signing.run("plan", "network", "--detailed-exitcode", expect=2).out
    assert "network · the network: 1 to create" in alone
    plan = signing.run("plan", "--detailed-exitcode", "--out", "plans/signed.json", expect=2)
    assert "signature" in plan.out
    assert "1 to create" in plan.out
    signing.run("apply", "plans/signed.json", expect=0)
    assert "network/signature/reconcile signature" in signing.run("state", "list", expect=0).out
    assert "Nothing to do" in signing.run("plan", "--detailed-exitcode", expect=0).out

    signed = delivered(signing, CAMILLE, letter(CAMILLE, markup="<html><body><p>Bonjour.</p></body></html>"))
    markup = signed.get_body(("html",))
    plain = signed.get_body(("plain",))
    assert markup is not None
    assert plain is not None
    shown = json.loads(signing.run("signature", "preview", CAMILLE, "--json", expect=0).out)["signatures"][0]
    assert shown["html"] in markup.get_content()
    assert "Trésorerie &amp; dons" in shown["html"]
    assert plain.get_content().replace("\r\n", "\n").rstrip().endswith(shown["text"])
    assert shown["text"].splitlines() == [
        "Camille Dupont Trésorerie & dons",
        "Siège 12 rue des Fontaines 55000 L'Haÿ",
        "03 53 01 00 01 https://www.spf55.example facebook.com/spf55 Secours populaire français · Réf. SPF-SIG",
    ]
    # A shared mailbox signs as the structure, and an empty fact leaves nothing behind.
    of_the_box = delivered(signing, CONTACT, letter(CONTACT)).get_content()
    assert "Secours populaire – Meuse\r\n" in of_the_box or "Secours populaire – Meuse\n" in of_the_box
    assert "03 53 01 00 00 https://www.spf55.example" in of_the_box


def test_a_thread_an_invitation_and_our_own_letters_are_not_signed(signing: Stage) -> None:
    probed(signing)
    signing.run("apply", "--yes", expect=0)
    first = delivered(signing, LOU, letter(LOU)).get_content()
    assert "SPF-SIG" in first
    answer = letter(LOU, f"Merci.\n\n> {first}")
    assert delivered(signing, LOU, answer).get_content().count("SPF-SIG") == 1
    invitation = letter(LOU)
    invitation.add_alternative("BEGIN:VCALENDAR\nEND:VCALENDAR\n", subtype="calendar")
    assert "SPF-SIG" not in delivered(signing, LOU, invitation).as_string()
    ours = letter(LOU)
    ours[HEADER] = "spf55/opening"
    assert "SPF-SIG" not in delivered(signing, LOU, ours).get_content()
    national = "admin@entraide.onmicrosoft.com"
    assert "SPF-SIG" not in delivered(signing, national, letter(national)).get_content()


def test_what_is_changed_by_hand_is_drift_and_without_the_table_the_rule_goes(signing: Stage) -> None:
    probed(signing)
    signing.run("apply", "--yes", expect=0)
    signing.settings('organisation = "Secours populaire français"', 'organisation = "Secours populaire"')
    changed = signing.run("plan", "--detailed-exitcode", expect=2).out
    assert "signature" in changed
    signing.run("apply", "--yes", expect=0)
    signing.edit("spf55", "licence: E1", "licence: E9")
    signing.run("plan", expect=3)
    signing.edit("spf55", "licence: E9", "licence: E1")
    assert "reconcile signature" not in signing.run("plan", "spf55", expect=0).out, "a partial plan leaves it alone"
    signing.settings('\n[signature]\norganisation = "Secours populaire"\n', "")
    assert "1 to delete" in signing.run("plan", "--detailed-exitcode", expect=2).out
    signing.run("apply", "--yes", expect=0)
    assert "SPF-SIG" not in delivered(signing, LOU, letter(LOU)).get_content()


def test_where_approval_is_asked_for_the_network_is_approved_like_a_federation(signing: Stage) -> None:
    probed(signing)
    with (signing.folder / "reconcile.toml").open("a", encoding="utf-8") as settings:
        settings.write("\n[guards]\napproval = true\n")
    assert "PLN08 network was never approved" in signing.run("apply", "--yes").said
    signing.run("approve", expect=0)
    assert "signature" in (signing.folder / "approved" / "network.json").read_text(encoding="utf-8")
    signing.run("apply", "--yes", expect=0)
    assert "SPF-SIG" in delivered(signing, LOU, letter(LOU)).get_content()
    signing.run("approve", "--check", expect=0)
    signing.settings('organisation = "Secours populaire français"', 'organisation = "Autre"')
    assert "not as approved" in signing.run("approve", "--check", expect=1).out


def test_a_probe_that_proves_nothing_says_why(signing: Stage) -> None:
    assert "SIG05" in signing.run("signature", "probe", LOU, expect=1).err
    assert "SIG10" in signing.run("signature", "probe", "lou.petti@spf55.org", expect=1).err
    (signing.folder / "answer.eml").write_bytes(letter(CAMILLE).as_bytes())
    assert "SIG06" in signing.run("signature", "probe", CAMILLE, "--answer", "answer.eml", expect=1).err
    assert not (signing.folder / "spfstate" / "signature").exists()
    signing.run("signature", "probe", CAMILLE, expect=0)
    assert "probe Title" in delivered(signing, CAMILLE, letter(CAMILLE)).get_content()
    signing.run("signature", "probe", CAMILLE, "--withdraw", expect=0)
    assert "probe Title" not in delivered(signing, CAMILLE, letter(CAMILLE)).get_content()


def test_another_vocabulary_is_found_out_and_used(signing: Stage) -> None:
    signing.run("sandbox", "tenant", "--switch", "signature_tokens=attribute", expect=0)
    signing.run("signature", "probe", CAMILLE, expect=0)
    arrived = delivered(signing, CAMILLE, letter(CAMILLE))
    (signing.folder / "answer.eml").write_bytes(arrived.as_bytes())
    said = signing.run("signature", "probe", CAMILLE, "--answer", "answer.eml", expect=0).out
    assert "%%PhoneNumber%%" in said
    signing.run("apply", "--yes", expect=0)
    assert "03 53 01 00 01" in delivered(signing, CAMILLE, letter(CAMILLE)).get_content()
