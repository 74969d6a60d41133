"""A rehearsal on a day when the DNS server does not answer."""

from __future__ import annotations

import re
from pathlib import Path

from tests.ports import free_port
from tests.scenarios.stage import Stage


def test_a_dns_server_that_cannot_be_reached_is_said_once(tmp_path: Path) -> None:
    stage = Stage.small(tmp_path)
    federation = stage.folder / "federations" / "spf55.yaml"
    text = federation.read_text(encoding="utf-8").replace(
        "domain: spf55.org\n", "domain: spf55.org\nsubdomains: [verdun.spf55.org]\n"
    )
    federation.write_text(text, encoding="utf-8")
    stage.run("sandbox", "up", expect=0)
    try:
        settings = stage.folder / ".sandbox" / "settings.toml"
        before = settings.read_text(encoding="utf-8")
        settings.write_text(re.sub(r"(?s)(\[dns\].*?port = )\d+", rf"\g<1>{free_port()}", before), encoding="utf-8")
        said = stage.run("rehearse", "spf55", expect=1).out
        assert said.count("cannot be reached") == 1
        assert "✗ spf55.org, verdun.spf55.org readable: Nothing is known" in said
        assert "has no" not in said
        assert "Nothing has mutualise send the domain on by its MX" in said
        checked = stage.run("dns", "check", "spf55", expect=1).out
        assert [line.split()[1] for line in checked.splitlines() if line.startswith("  ")] == ["readable", "readable"]
    finally:
        stage.run("sandbox", "down", expect=0)
