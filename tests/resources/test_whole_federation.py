"""Everything one federation asks of the world, field by field, on three days of its calendar."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from tests.federations import MEUSE_IN_PREPARATION
from tests.resources.compiled import compiled

from reconcile.resources.resource import Desired, Reference, Value

ROOT = Path(__file__).resolve().parents[2]

#: Each key of the file at least once.
FEDERATION = (
    MEUSE_IN_PREPARATION
    + """\
  camille.durand@spf55.org:
    licence: E3
    was: camille.dupont@spf55.org
    legacy_login: k0412
    protected: true
    hidden: true
    directory: {last_name: Durand, first_name: Camille, phone: "0329790102", job_title: Présidente}
  anne-marie@spf55.org:
    licence: E1
    display_name: Anne-Marie (trésorerie)
    aliases: [{address: annemarie@spf55.org, legacy_mail: merge}, {address: am@spf55.org, legacy_mail: drop}]
    directory: {last_name: Leroy, first_name: Anne-Marie, atrium_id: 2689, phone: null}
  lou@verdun.spf55.org:
    licence: E1
    new: true
    hidden: false
    directory: {last_name: Petit, first_name: Lou}
  benevoles.nord-est@spf55.org:
    licence: Partagée
    was: benevoles@spf55.org
    delegates:
      - camille.durand@spf55.org
      - {who: lou@verdun.spf55.org, rights: [read, send_on_behalf]}
  contact@spf55.org:
    licence: Partagée
    display_name: Contact
    directory: {phone: "0329790100"}
    delegates: [anne-marie@spf55.org]
structures:
  - atrium_id: 2650
    name: Siège
    street: 12 rue des Fontaines
    postal_code: "55000"
    city: Bar-le-Duc
    website: https://www.spf55.org
    networks: facebook.com/spf55
  - {atrium_id: 2689, city: Verdun, website: null}
"""
)


@pytest.mark.parametrize(
    ("name", "now"),
    [
        ("preparation", dt.datetime(2024, 12, 1, tzinfo=dt.UTC)),
        ("switch", dt.datetime(2025, 1, 20, tzinfo=dt.UTC)),
        ("settled", dt.datetime(2025, 3, 1, tzinfo=dt.UTC)),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_a_whole_federation_asks_for_what_its_golden_file_says(
    tmp_path: Path, golden: Callable[[str, Iterable[str]], None], name: str, now: dt.datetime
) -> None:
    (tmp_path / "spf55.yaml").write_text(FEDERATION, encoding="utf-8")
    golden(f"desired_{name}.txt", [line for one in compiled(tmp_path, now) for line in told(one)])


def told(one: Desired) -> Iterator[str]:
    yield str(one.address)
    yield f"    line      {one.origin.line if one.origin else None}"
    yield f"    due       {one.due.isoformat() if one.due else 'at once'}"
    if one.formerly:
        yield f"    formerly  {one.formerly}"
    for address in one.after:
        yield f"    after     {address}"
    for field, value in one.fields.items():
        yield f"    {field} = {shown(value)}"


def shown(value: Value | Reference) -> str:
    return f"{value.output} of {value.address}" if isinstance(value, Reference) else repr(value)
