"""The table of a handover in a database: which one, and statements that are about a domain."""

from __future__ import annotations

import tomllib

import pytest
from pydantic import ValidationError

from reconcile.config.settings.tables.legacy.handover import Handover

WHOLE = """
sender = "sonde@spf88.org"
submission = "smtp.mutualise.example:587"
[sql]
database = "postgresql://writer@db.mutualise.example/mail"
[sql.rows.domain]
keep = "SELECT domain, backupmx FROM domain WHERE domain = :domain AND backupmx = 0"
hand_over = "UPDATE domain SET backupmx = 1 WHERE domain = :domain"
take_back = "UPDATE domain SET backupmx = :backupmx WHERE domain = :domain"
[sql.rows.aliases]
keep = "SELECT address, targets FROM alias WHERE address LIKE '%@' || :domain"
hand_over = "DELETE FROM alias WHERE address = :address"
take_back = "INSERT INTO alias (address, targets) VALUES (:address, :targets)"
"""


def test_rows_keep_the_order_they_are_written_in() -> None:
    sql = Handover.model_validate(tomllib.loads(WHOLE)).sql
    assert sql is not None
    assert list(sql.rows) == ["domain", "aliases"]
    assert sql.database_file is None


@pytest.mark.parametrize(
    ("given", "instead", "said"),
    [
        ("WHERE domain = :domain AND backupmx = 0", "WHERE backupmx = 0", "rows.domain does not say :domain"),
        ("WHERE domain = :domain AND", "WHERE domain::domain = 'x' AND", "rows.domain does not say :domain"),
        ('database = "postgresql://writer@db', 'database = "postgresql://writer:geheim@db', "password"),
        ('database = "postgresql:', 'database = "mysql:', "postgresql"),
        ("[sql]", "[sql]\ndatabase_file = 'mail.sqlite'", "either database or database_file"),
        ("[sql]", "[command]\ncommand = ['x']\n[sql]", "one of postfix, sql, command, by_hand"),
    ],
)
def test_what_cannot_be_meant_is_refused(given: str, instead: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Handover.model_validate(tomllib.loads(WHOLE.replace(given, instead, 1)))


def test_no_rows_are_no_way() -> None:
    with pytest.raises(ValidationError, match="rows"):
        Handover.model_validate(tomllib.loads(WHOLE.partition("[sql.rows")[0]))
