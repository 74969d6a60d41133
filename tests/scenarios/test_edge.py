"""The edge of the tenant has its own list of recipients: an authoritative domain refuses nobody it should know."""

from __future__ import annotations

import json

from tests.scenarios.test_relay import DOMAIN, Town

KNOWN = ("camille.dupont@spf55.org", "lou.petit@spf55.org", "lp@spf55.org", "contact@spf55.org")
STRANGE = "personne@spf55.org"
FLOW = f"spf55/mail_flow/{DOMAIN}"


def flow(town: Town) -> str:
    """What the state says that the tenant does with mail for unknown addresses."""
    records = json.loads((town.stage.folder / "spfstate" / "federations" / "spf55.json").read_text(encoding="utf-8"))
    return str(records["records"][FLOW]["fields"]["type"])


def test_an_edge_whose_list_is_stuck_is_cured_by_one_toggle_and_refuses_nobody(switched_town: Town) -> None:
    town, stage = switched_town, switched_town.stage
    stage.run("sandbox", "tenant", "--switch", "edge_stuck=on", expect=0)
    town.come(1)
    stage.run("apply", "--yes")
    assert [town.write(one, "a-bord") for one in KNOWN] == [""] * len(KNOWN), "the youngest were refused from outside"
    assert town.write(STRANGE, "inconnue").startswith("550 5.4.1"), "authoritative after the toggle"
    assert flow(town) == "Authoritative"


def test_an_edge_that_stays_stuck_leaves_the_domain_a_relay_until_it_knows_everybody(switched_town: Town) -> None:
    town, stage = switched_town, switched_town.stage
    stage.run("sandbox", "tenant", "--lag", "edge_list=never", expect=0)
    town.come(1)
    told = " ".join(stage.run("apply", "--yes").said.split())
    assert "FLOW03" in told, told
    assert [town.write(one, "en-relais") for one in KNOWN] == [""] * len(KNOWN), "a relay again refuses nobody"
    assert flow(town) == "InternalRelay"
    stage.run("sandbox", "tenant", "--lag", "edge_list=0", expect=0)
    stage.run("apply", "--yes")
    assert flow(town) == "Authoritative"
    assert town.write(STRANGE, "inconnue").startswith("550 5.4.1")
