"""Where a table of reconcile.toml finds its database: PostgreSQL or a file of SQLite."""

from __future__ import annotations

import re
from pathlib import Path

from reconcile.config.settings.mistake import mistake


def refuse_other_databases(database: str, database_file: Path | None) -> None:
    """Raise pydantic's error unless exactly one is given, and its address holds no password."""
    if bool(database) == bool(database_file):
        raise mistake("database", "either database or database_file is expected")
    if database and not database.startswith(("postgresql://", "postgres://")):
        raise mistake("database", "the address does not begin with postgresql://")
    if re.search("//[^/@]*:[^/@]*@", database) or "password=" in database:
        raise mistake("database", "the address holds a password: it goes into a file (password_file)")
