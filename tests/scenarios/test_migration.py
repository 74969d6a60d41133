"""Whole stories, from a YAML file to copied mail and the years after, by the commands a postmaster types."""

from __future__ import annotations

import json
import re

from tests.scenarios.stage import Stage

CONTACT, LOU = "contact@spf55.org", "lou.petit@spf55.org"


def test_a_federation_migrates_and_there_is_nothing_left_to_do(stage: Stage) -> None:
    stage.run("validate", expect=0)
    first = stage.run("plan", "--detailed-exitcode", "--out", "plans/first.json", expect=2)
    assert "to create" in first.out
    assert "spf55  1 E1 and 1 E3: 11.00 € a month; 1 E3 allowed (1/3, rounded up), no surcharge" in first.out
    assert stage.run("apply", "plans/first.json", expect=0).out.count("0 failed") == 1
    copied = stage.run("copy", "work", expect=0)
    assert "messages copied" in copied.said
    again = stage.run("plan", "--detailed-exitcode", expect=0).out
    assert "Nothing to do" in again
    assert "COST" not in again, "no licence changes"
    assert "nothing new" in stage.run("copy", "work", expect=0).said


def test_what_somebody_changes_by_hand_is_shown_as_drift_and_mended(stage: Stage) -> None:
    stage.run("apply", "--yes", expect=0)
    portal = ("sandbox", "portal", "lou.petit@spf55.org", "--licence", "E3", "--add-alias", "pirate@spf55.org")
    stage.run(*portal, expect=0)
    drift = stage.run("drift", expect=2)
    assert "licence: E1 → E3" in drift.out
    assert "+ pirate@spf55.org" in drift.out
    plan = stage.run("plan", "--detailed-exitcode", expect=2)
    assert "(drift)" in plan.out
    stage.run("apply", "--yes", expect=0)
    stage.run("drift", expect=0)
    stage.run("plan", "--detailed-exitcode", expect=0)


def test_a_service_plan_that_is_left_out_is_drift_once_somebody_switches_it_on(stage: Stage) -> None:
    stage.settings("[licences]\n", '[licences]\ndisabled_plans = ["sharepointstandard"]\n')
    stage.run("apply", "--yes", expect=0)
    stage.run("plan", "--detailed-exitcode", expect=0)
    stage.run("sandbox", "portal", "lou.petit@spf55.org", "--licence", "E1", expect=0)
    assert "disabled_plans" in (drift := stage.run("drift", expect=2).out), drift
    assert "+ SHAREPOINTSTANDARD" in stage.run("plan", "--detailed-exitcode", expect=2).out
    stage.run("apply", "--yes", expect=0)
    stage.run("plan", "--detailed-exitcode", expect=0)


def test_a_licence_swap_keeps_every_alias(stage: Stage) -> None:
    stage.run("apply", "--yes", expect=0)
    stage.edit("spf55", "licence: E1", "licence: E3")
    assert "licence" in stage.run("plan", "--detailed-exitcode", expect=2).out
    stage.run("apply", "--yes", expect=0)
    stage.run("plan", "--detailed-exitcode", expect=0)  # lp@spf55.org is asked for too: it is still there


def test_a_delegate_taken_out_of_yaml_loses_access(stage: Stage) -> None:
    stage.run("apply", "--yes", expect=0)
    stage.edit("spf55", "      - lou.petit@spf55.org\n", "")
    assert "- lou.petit@spf55.org" in stage.run("plan", "--detailed-exitcode", expect=2).out
    stage.run("apply", "--yes", expect=0)
    stage.run("plan", "--detailed-exitcode", expect=0)


def test_a_box_taken_out_of_yaml_is_deleted_only_with_leave(stage: Stage) -> None:
    stage.run("apply", "--yes", expect=0)
    stage.edit("spf55", "      - lou.petit@spf55.org\n", "")
    text = (stage.folder / "federations" / "spf55.yaml").read_text(encoding="utf-8")
    start, end = text.index("  lou.petit@spf55.org:"), text.index("  contact@spf55.org:")
    stage.write("spf55", text[:start] + text[end:] + "    aliases: [lou.petit@spf55.org]\n")
    refused = stage.run("apply", "--yes", expect=5)
    assert "delete  lou.petit@spf55.org" in refused.out  # the whole plan is shown all the same
    assert "GRD01" in refused.err
    stage.run("plan", "--out", "plans/gone.json", expect=0)
    assert "delete  lou.petit@spf55.org" in stage.run("apply", "plans/gone.json", expect=5).out
    assert stage.plan()["delete"] >= 1
    stage.run("apply", "--yes", "--allow-delete", expect=0)
    stage.run("plan", "--detailed-exitcode", expect=0)
    written = [line["address"] for line in stage.journal() if line["event"] == "intent"]
    # First the rights of who leaves, while they have a name; then the mailbox; then its address is free for another.
    told = [
        address
        for address in written
        if address in (f"spf55/access/{CONTACT}", f"spf55/mailbox/{LOU}", f"spf55/mailbox/{CONTACT}")
    ]
    assert told == [f"spf55/access/{CONTACT}", f"spf55/mailbox/{LOU}", f"spf55/mailbox/{CONTACT}"]


def test_nothing_is_done_before_the_eve_of_the_migration_at_18(stage: Stage) -> None:
    stage.edit("spf55", "date: 2025-01-20", "date: 2125-01-20")
    plan = stage.run("plan", expect=0)
    assert "not before" in plan.out
    stage.run("apply", "--yes", expect=0)
    records = json.loads((stage.folder / "spfstate/federations/spf55.json").read_text(encoding="utf-8"))["records"]
    kinds = {address.split("/")[1] for address in records}
    assert kinds == {"domain", "domain_verification", "dns", "dkim", "dkim_signing", "mail_flow"}
    # A verified domain relays what it does not know to the old host until some days after the switch.
    assert records["spf55/mail_flow/spf55.org"]["fields"] == {"type": "InternalRelay"}
    assert not any(address.endswith("/MX") for address in records)


def test_a_broken_federation_does_not_stop_the_others(three_federations: Stage) -> None:
    stage = three_federations
    stage.run("plan", "--out", "plans/before.json", expect=0)
    stage.edit("spf88", "licence: E1", "licence: E9")
    assert "spf88.yaml" in stage.run("plan", expect=3).said
    stage.run("apply", "spf55", "--yes", expect=0)
    stage.run("plan", "spf55", "--detailed-exitcode", expect=0)
    saved = stage.run("apply", "plans/before.json", expect=4)
    assert "spf88 is stale in this plan" in saved.err
    stage.run("plan", "spf971", "--detailed-exitcode", expect=0)


def test_only_what_is_named_is_touched(stage: Stage) -> None:
    assert "did you mean" in stage.run("plan", "--target", "spf55/mailbox/lou.petti@spf55.org", expect=64).err
    stage.run("apply", "--yes", "--target", "spf55/mailbox/lou*", expect=0)
    records = json.loads((stage.folder / "spfstate/federations/spf55.json").read_text(encoding="utf-8"))["records"]
    assert {address.partition("/")[2] for address in records} == {
        "domain/spf55.org",
        "dns/spf55.org/TXT/verification",
        "domain_verification/spf55.org",
        "mailbox/lou.petit@spf55.org",
    }


def test_an_existing_domain_is_taken_under_management_as_it_is(stage: Stage) -> None:
    stage.run("apply", "--yes", expect=0)
    for folder in ("federations", "spfstate"):
        (stage.folder / folder).rename(stage.folder / f"{folder}.old")
    (stage.folder / "federations").mkdir()
    written = stage.run("import", "55", "--domain", "spf55.org", "--name", "Fédération de la Meuse", expect=0)
    assert "3 mailboxes" in written.err
    stage.run("validate", expect=0)
    stage.run("plan", "--detailed-exitcode", expect=0)
    stage.run("import", "55", "--domain", "spf55.org", "--name", "again", expect=3)


def test_a_renamed_person_keeps_mail_access_and_the_old_address(stage: Stage) -> None:
    stage.run("apply", "--yes", expect=0)
    stage.run("copy", "work", expect=0)
    stage.edit("spf55", "  lou.petit@spf55.org:\n", "  lou.martin@spf55.org:\n    was: lou.petit@spf55.org\n")
    stage.edit("spf55", "      - lou.petit@spf55.org\n", "      - lou.martin@spf55.org\n")
    plan = stage.run("plan", "--detailed-exitcode", expect=2)
    assert "lou.petit@spf55.org → lou.martin@spf55.org" in plan.out
    summary = stage.plan()
    assert (summary["create"], summary["delete"]) == (0, 0)
    stage.run("apply", "--yes", expect=0)
    stage.run("plan", "--detailed-exitcode", expect=0)
    assert "0 messages copied" not in stage.run("copy", "work", expect=0).said


def test_a_rehearsal_tells_that_nothing_stands_in_the_way_and_what_does(stage: Stage) -> None:
    ready = stage.run("rehearse", "spf55", expect=0)
    assert "Nothing stands in the way" in ready.out
    assert "rehearsed: " in ready.out
    assert "The DNS server takes our key for spf55.org." in ready.out
    assert "The old host opens 3 mailboxes to the copier." in ready.out
    for name, code, said in (
        ("dns-key", "DNS03", "refused the key"),
        ("master-password", "COPY02", "camille.dupont@spf55.org: "),
    ):
        good = stage.secret(name)
        stage.with_secret(name, "d3Jvbmc=")
        wrong = stage.run("rehearse", "spf55", expect=1)
        assert re.search(f"✗ {code} .*{said}", wrong.out), wrong.out
        stage.with_secret(name, good)
    (stage.folder / ".sandbox" / "secrets" / "dns-key").rename(stage.folder / "dns-key")
    assert "! Not tried: Cannot read the TSIG key" in stage.run("rehearse", "spf55", expect=0).out
    (stage.folder / "dns-key").rename(stage.folder / ".sandbox" / "secrets" / "dns-key")
    stage.edit("spf55", "legacy_login: k0412", "legacy_login: k9999")
    assert "✗ COPY17 camille.dupont@spf55.org: " in stage.run("rehearse", "spf55", expect=1).out
    stage.settings('"k0412"', '"k9999"')
    wrong = stage.run("rehearse", "spf55", expect=1)
    # Dovecot lets the master user in and then finds no such mailbox: it refuses the login, or hangs up.
    assert "✗ COPY02 camille.dupont@spf55.org: " in wrong.out, wrong.out
    assert "legacy_login" in wrong.out
    assert "opens 2 mailboxes" in wrong.out
    wrong = stage.run("--live", "rehearse", environment={"RECONCILE_CLIENT_SECRET": "wrong"}, expect=1)
    assert "AUTH04" in wrong.out
