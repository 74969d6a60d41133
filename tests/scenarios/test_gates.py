"""On the eve, a gate that does not hold keeps a federation on its old host, whole; what opens it lets it go."""

from __future__ import annotations

from tests.scenarios.stage import Stage
from tests.scenarios.test_relay import Town


def test_what_is_missing_on_the_eve_keeps_the_federation_on_its_old_host(stage: Stage) -> None:
    town = Town(stage)
    for days in (-20, -7):
        if days > -20:
            town.come(days)
        stage.run("apply", "--yes")
    waived = "GAT02: essai, GAT03: essai"
    # An address of a structure whose street nobody wrote, for GAT08.
    structure = "{atrium_id: 2650, postal_code: '55000', city: Bar-le-Duc}"
    stage.edit("spf55", "legacy:", f"atrium_id: 2650\nstructures: [{structure}]\nlegacy:")
    lacking = {"GAT02: essai, ": "GAT02", "GAT03: essai, ": "GAT03", ", GAT08: essai": "GAT08"}
    town.come(-1)
    for line, code in lacking.items():
        text = (stage.folder / "federations" / "spf55.yaml").read_text(encoding="utf-8")
        assert waived in text
        stage.edit("spf55", line, "")
        ended = stage.run("apply", "--yes", expect=5)
        assert f"✗ {code}" in stage.run("plan").out, code
        assert code in ended.said
        assert town.exchanger().startswith("mx1.mutualise"), code
        begun = stage.run("state", "list", "spf55").out
        assert not any(f"/{kind}/" in begun for kind in ("lock", "mailbox", "copy")), code
        stage.write("spf55", text)
    stage.run("apply", "--yes")
    assert town.exchanger().endswith("mx.microsoft.")
    assert "/copy/" in stage.run("state", "list", "spf55").out
