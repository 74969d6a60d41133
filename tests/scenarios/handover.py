"""How the old host of a scenario hands a domain over, written into the sandbox's settings."""

from __future__ import annotations

import os
import signal
import tomllib
from pathlib import Path

import psycopg
from tests.postgresql import Cluster
from tests.scenarios.stage import Stage

#: How PostfixAdmin's tables would be written of.
_ROWS = """\
[legacy.mutualise.handover.sql.rows.domain]
keep = "SELECT name, backupmx FROM domain WHERE name = :domain AND backupmx = 0"
hand_over = "UPDATE domain SET backupmx = 1 WHERE name = :name"
take_back = "UPDATE domain SET backupmx = :backupmx WHERE name = :name"
[legacy.mutualise.handover.sql.rows.aliases]
keep = "SELECT address, targets FROM alias WHERE address LIKE '%@' || :domain"
hand_over = "DELETE FROM alias WHERE address = :address"
take_back = "INSERT INTO alias (address, targets) VALUES (:address, :targets)"
"""


def name_the_way(stage: Stage, runtime: str, sender: str) -> Path:
    """Where its tables are, and who proves it. ``runtime``: the folder of the sandbox's servers. The tables' folder."""
    postfix = Path(runtime) / "old" / "postfix"
    tables = postfix / "tables"
    _write(
        stage,
        sender,
        f"""[legacy.mutualise.handover.postfix]
virtual_domains_file = "{tables}/virtual_domains"
relay_domains_file = "{tables}/relay_domains"
aliases_file = "{tables}/virtual_aliases"
reload = ["sh", "-c", "kill -HUP $(cat {postfix}/pid)"]
""",
    )
    return tables


def _write(stage: Stage, sender: str, way: str) -> None:
    settings = stage.folder / ".sandbox" / "settings.toml"
    written = settings.read_text(encoding="utf-8")
    lock = tomllib.loads(written)["legacy"]["mutualise"]["lock"]
    settings.write_text(
        f"""{written}
[legacy.mutualise.handover]
sender = "{sender}"
sender_password_file = "{lock["canary_password_file"]}"
submission = "{lock["submission"]}"
tenant_servers = ["127.0.0.1"]
{way}""",
        encoding="utf-8",
    )


class HostDatabase:
    """The domains and aliases of the old host in PostgreSQL, where its Postfix looks them up from now on."""

    _MAPS = (
        ("virtual_mailbox_domains", "SELECT name FROM domain WHERE name = '%s' AND backupmx = 0"),
        ("relay_domains", "SELECT name FROM domain WHERE name = '%s' AND backupmx = 1"),
        ("virtual_alias_maps", "SELECT targets FROM alias WHERE address = '%s'"),
    )

    def __init__(self, cluster: Cluster, runtime: str) -> None:
        self.url = cluster.database()
        postfix = Path(runtime) / "old" / "postfix"
        tables = postfix / "tables"
        self.ask("CREATE TABLE domain (name TEXT PRIMARY KEY, backupmx INTEGER NOT NULL DEFAULT 0)")
        self.ask("CREATE TABLE alias (address TEXT PRIMARY KEY, targets TEXT NOT NULL)")
        for name, statement in (
            ("virtual_domains", "INSERT INTO domain (name) VALUES (%s)"),
            ("virtual_aliases", "INSERT INTO alias VALUES (%s, %s)"),
        ):
            for line in (tables / name).read_text(encoding="utf-8").splitlines():
                self.ask(statement, *line.split(None, 1)[: statement.count("%s")])
        self._have_it_looked_into(postfix, cluster.port)

    def ask(self, statement: str, *values: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.url) as connection:
            cursor = connection.execute(statement.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    def rows(self) -> list[tuple[object, ...]]:
        return [*self.ask("SELECT * FROM domain ORDER BY 1"), *self.ask("SELECT * FROM alias ORDER BY 1")]

    def name_it(self, stage: Stage, sender: str) -> None:
        """How it is handed over."""
        _write(
            stage,
            sender,
            f'[legacy.mutualise.handover.sql]\ndatabase = "{self.url}"\n{_ROWS}',
        )

    def _have_it_looked_into(self, postfix: Path, port: int) -> None:
        main = postfix / "etc" / "main.cf"
        names = [name for name, _ in self._MAPS]
        lines = [line for line in main.read_text().splitlines() if line.partition(" ")[0] not in names]
        for name, query in self._MAPS:
            file = postfix / f"{name}.pgsql"
            where = f"hosts = 127.0.0.1:{port}\nuser = spf\ndbname = {self.url.rpartition('/')[2]}\n"
            file.write_text(f"{where}query = {query}\n")
            file.chmod(0o644)
            lines.append(f"{name} = pgsql:{file}")
        main.write_text("\n".join(lines) + "\n")
        os.kill(int((postfix / "pid").read_text()), signal.SIGHUP)
