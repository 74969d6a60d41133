"""The secrets of an old host, by the name of its table in reconcile.toml."""

from __future__ import annotations

import re
from pathlib import Path

from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase


def variable_of(name: str, what: str) -> str:
    """``RECONCILE_LEGACY_MUTUALISE_DOVEADM_KEY``."""
    return f"RECONCILE_LEGACY_{re.sub('[^A-Z0-9]', '_', name.upper())}_{what}"


def database_password(session: Session, name: str, what: str, file: Path | None) -> str:
    """A password that a file or the environment gives; "" when neither does."""
    variable = variable_of(name, what)
    if file is None and not session.environment.get(variable):  # a job sets it to "" when it has none
        return ""
    return session.secret(variable, file, Phrase("password of the database of {name}", name=name))
