"""How the old host of a scenario hands a domain over, written into the sandbox's settings."""

from __future__ import annotations

import tomllib
from pathlib import Path

from tests.scenarios.stage import Stage


def name_the_way(stage: Stage, runtime: str, sender: str) -> Path:
    """Where its tables are, and who proves it. ``runtime``: the folder of the sandbox's servers. The tables' folder."""
    settings = stage.folder / ".sandbox" / "settings.toml"
    written = settings.read_text(encoding="utf-8")
    lock = tomllib.loads(written)["legacy"]["mutualise"]["lock"]
    postfix = Path(runtime) / "old" / "postfix"
    tables = postfix / "tables"
    settings.write_text(
        f"""{written}
[legacy.mutualise.handover]
sender = "{sender}"
sender_password_file = "{lock["canary_password_file"]}"
submission = "{lock["submission"]}"
tenant_servers = ["127.0.0.1"]
[legacy.mutualise.handover.postfix]
virtual_domains_file = "{tables}/virtual_domains"
relay_domains_file = "{tables}/relay_domains"
aliases_file = "{tables}/virtual_aliases"
reload = ["sh", "-c", "kill -HUP $(cat {postfix}/pid)"]
""",
        encoding="utf-8",
    )
    return tables
