"""What becomes of a federation in the years after its migration, told by the command."""

from __future__ import annotations

import json
import re

from tests.scenarios.stage import Stage

ANTENNA = """\
  zoe.guerin@verdun.spf55.org:
    licence: E1
    new: true
    directory: {last_name: Guérin, first_name: Zoé}
  accueil@verdun.spf55.org:
    licence: Partagée
    new: true
    delegates: [zoe.guerin@verdun.spf55.org, camille.dupont@spf55.org]
"""


def with_an_antenna(stage: Stage) -> None:
    stage.edit("spf55", "domain: spf55.org\n", "domain: spf55.org\nsubdomains: [verdun.spf55.org]\n")
    stage.edit("spf55", "mailboxes:\n", f"mailboxes:\n{ANTENNA}")
    stage.run("apply", "--yes", expect=0)
    assert stage.run("plan").out.startswith("Nothing to do")


def test_somebody_who_moves_from_the_antenna_to_the_seat_keeps_mail_access_and_both_addresses(stage: Stage) -> None:
    with_an_antenna(stage)
    stage.edit(
        "spf55", "  zoe.guerin@verdun.spf55.org:", "  zoe.guerin@spf55.org:\n    was: zoe.guerin@verdun.spf55.org"
    )
    stage.edit("spf55", "[zoe.guerin@verdun.spf55.org,", "[zoe.guerin@spf55.org,")
    said = stage.run("plan").out
    assert "zoe.guerin@spf55.org  (was zoe.guerin@verdun.spf55.org)" in said
    assert re.search(r"aliases +\+ zoe.guerin@verdun.spf55.org", said)
    assert "delete" not in said
    stage.run("apply", "--yes", expect=0)
    assert stage.run("plan").out.startswith("Nothing to do")


def test_a_subdomain_taken_out_of_yaml_goes_with_all_it_had_once_it_is_really_meant(stage: Stage) -> None:
    with_an_antenna(stage)
    stage.edit("spf55", "subdomains: [verdun.spf55.org]\n", "")
    stage.edit("spf55", ANTENNA, "")
    assert "Drift" not in stage.run("plan", "--out", "plans/less.json", expect=0).out
    assert stage.run("drift", expect=0).out.startswith("Nothing drifted")
    refused = stage.run("apply", "plans/less.json", expect=5).err
    assert "GRD01" in refused
    (override,) = set(re.findall(r"--override ([0-9a-f]{8})", refused))
    stage.run("apply", "plans/less.json", "--allow-delete", "--override", override, expect=0)
    assert stage.run("plan").out.startswith("Nothing to do")


def test_a_federation_whose_code_changes_keeps_all_it_has_untouched(stage: Stage) -> None:
    stage.run("apply", "--yes", expect=0)
    stage.run("copy", "work", expect=0)
    file = stage.folder / "federations" / "spf55.yaml"
    text = file.read_text(encoding="utf-8").replace('code: "55"', 'code: "955"')
    file.unlink()
    stage.write("spf955", text)
    settings = stage.folder / "reconcile.toml"
    logins = settings.read_text(encoding="utf-8").replace("\nspf55 = [", "\nspf955 = [")
    settings.write_text(logins, encoding="utf-8")
    changes = json.loads(stage.run("plan", "--json").out)["changes"]
    touched = {(one["action"], one["address"].split("/")[1]) for one in changes if one["action"] != "forget"}
    assert touched == {("delete", "copy"), ("create", "copy")}, "only what is queued in our own folder"
    stage.run("apply", "--yes", expect=0)
    assert stage.run("plan").out.startswith("Nothing to do")
    assert "nothing new to copy" in stage.run("copy", "work", "spf955", expect=0).out
