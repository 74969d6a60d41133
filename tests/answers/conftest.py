"""A federation and the workbook it was handed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from tests.answers.meuse import OLD

from reconcile.config.federation.federation import Federation
from reconcile.config.load import load_federations
from reconcile.config.settings.tables.tenant.prices import Prices
from reconcile.documents.workbook.identity import Identity
from reconcile.documents.workbook.rows import digest, rows_of
from reconcile.documents.workbook.workbook import Workbook, write

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def meuse() -> Federation:
    return load_federations(ROOT / "federations").select(["55"])[0]


@pytest.fixture(scope="session")
def ours(meuse: Federation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = rows_of(meuse, OLD)
    made = Identity("spf55", "1", OLD.taken.isoformat(), digest(rows), "2025-01-06T09:00:00+00:00")
    day = dt.date(2025, 1, 20)
    path = tmp_path_factory.mktemp("sheets") / "spf55.xlsx"
    path.write_bytes(write(Workbook(made, meuse.file.name, rows, day, None, Prices(), day)))
    return path
