"""Mailboxes at OVH, against an imitation that follows OVH's own description of its API."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from tests.legacy.ovh_imitation import APPLICATION, CONSUMER, SECRET
from tests.legacy.ovh_imitation import Ovh as Imitation

from reconcile.problem import Problem
from reconcile.providers.legacy.inventory.contract import Found, Scope
from reconcile.providers.legacy.inventory.ovh import Ovh
from reconcile.providers.legacy.inventory.ovh_api import OvhApi, OvhKeys

NOW = dt.datetime(2025, 1, 6, 9, tzinfo=dt.UTC)
KEYS = OvhKeys(APPLICATION, SECRET, CONSUMER)
EVERYTHING = {"mailboxes", "aliases", "lists", "catch_alls"}
SERVICE = {"domain": "spf55.org", "offer": "MXPLAN 005", "status": "ok"}


def redirection(number: str, source: str, target: str) -> dict[str, Any]:
    return {f"redirection/{number}": {"id": number, "from": source, "to": target}}


def responder(account: str, **more: Any) -> dict[str, Any]:
    return {f"responder/{account}": {"account": account, "content": "Absente", "copy": True, **more}}


DOMAIN: dict[str, Any] = {
    "": SERVICE,
    "account": ["camille.dupont", "lou+x", "vide"],
    "account/camille.dupont/usage": {"quota": 1234567, "emailCount": 42, "date": "2025-01-05T03:00:00+01:00"},
    "account/camille.dupont/filter": ["tri", "ancien", "ailleurs"],
    "account/camille.dupont/filter/tri": {"name": "tri", "active": True, "action": "accept", "priority": 1},
    "account/camille.dupont/filter/ancien":
        {"name": "ancien", "active": False, "action": "redirect", "actionParam": "old@example.net"},
    "account/camille.dupont/filter/ailleurs":
        {"name": "ailleurs", "active": True, "action": "redirect", "actionParam": "Home@example.net"},
    "account/lou+x/usage": {"quota": 0, "emailCount": 0, "date": None},
    "account/lou+x/filter": [],
    "account/vide/filter": [],
    "redirection": ["1", "2", "3", "4"],
    **redirection("1", "contact@spf55.org", "camille.dupont@spf55.org"),
    **redirection("2", "tous@spf55.org", "camille.dupont@spf55.org"),
    **redirection("3", "tous@spf55.org", "Presse@example.net"),
    **redirection("4", "camille.dupont@spf55.org", "home@example.net"),
    "mailingList": ["benevoles"],
    "mailingList/benevoles/subscriber": ["a@example.net", "b@example.net"],
    "responder": ["camille.dupont", "vide"],
    **responder("camille.dupont", copyTo="remplacante@spf55.org", **{"from": "2025-01-01T00:00:00+01:00", "to": None}),
    **responder("vide", **{"from": "2024-08-01T00:00:00+02:00", "to": "2024-09-01T00:00:00+02:00"}),
}  # fmt: skip


class PatientClock:
    def __init__(self) -> None:
        self.waits: list[float] = []

    def now(self) -> dt.datetime:
        return NOW

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)


@pytest.fixture
def imitation() -> Iterator[Imitation]:
    server = Imitation({"spf55.org": DOMAIN}, int(NOW.timestamp()))
    yield server
    server.stop()


def reader(imitation: Imitation, keys: OvhKeys = KEYS, clock: PatientClock | None = None) -> Ovh:
    clock = clock or PatientClock()
    return Ovh(OvhApi(imitation.endpoint, keys, clock), clock)


def test_accounts_redirections_lists_and_replies_are_read(imitation: Imitation) -> None:
    reading = reader(imitation).read(Scope(("spf55.org",)))
    box, filters = "camille.dupont@spf55.org", ("tri", "ailleurs")
    assert reading.found == (
        Found(box, "mailbox", box, ("home@example.net", "remplacante@spf55.org"), 1234567, 42, None, filters, True),
        Found("lou+x@spf55.org", "mailbox", "lou+x@spf55.org", (), 0, 0, None, (), False),
        Found("vide@spf55.org", "mailbox", "vide@spf55.org", (), None, None, None, (), False),
        Found("contact@spf55.org", targets=(box,)),
        Found("tous@spf55.org", targets=(box, "presse@example.net")),
        Found(box, targets=("home@example.net",)),
        Found("benevoles@spf55.org", "list", targets=("a@example.net", "b@example.net")),
    )  # fmt: skip
    assert (reading.covers, reading.troubles) == (EVERYTHING, {})
    assert set(imitation.calls.values()) == {1}


def test_a_domain_elsewhere_or_moved_is_unknown_not_empty(imitation: Imitation) -> None:
    imitation.domains = {"spf55.org": DOMAIN | {"": SERVICE | {"migratedMXPlanServiceName": "mxplan-ab1"}}}
    reading = reader(imitation).read(Scope(("spf55.org", "spf88.org")))
    assert reading.troubles.keys() == EVERYTHING
    assert set(reading.troubles.values()) == {"OVH serves no mail of spf88.org to these keys"}
    moved = reader(imitation).read(Scope(("spf55.org",))).troubles
    assert set(moved.values()) == {"spf55.org was moved to mxplan-ab1, whose mailboxes this API does not list"}


def test_what_goes_while_it_is_read_is_left_out(imitation: Imitation) -> None:
    gone = {path: held for path, held in DOMAIN.items() if path not in ("redirection/4", "account/vide/filter")}
    imitation.domains = {"spf55.org": gone}
    found = reader(imitation).read(Scope(("spf55.org",))).found
    assert len(found) == 6
    assert next(one for one in found if one.address == "vide@spf55.org").filters is None


def test_a_busy_ovh_is_waited_for_as_it_asks(imitation: Imitation) -> None:
    clock = PatientClock()
    imitation.busy = iter([(429, {"Retry-After": "7"}), (500, {}), (503, {"Retry-After": "3600"})])
    assert len(reader(imitation, clock=clock).read(Scope(("spf55.org",))).found) == 7
    assert clock.waits == [7.0, 2.0, 60.0]


def test_an_ovh_that_stays_busy_or_away_is_said(imitation: Imitation) -> None:
    imitation.busy = iter([(500, {})] * 5)
    with pytest.raises(Problem, match="refuses: 500") as refused:
        reader(imitation).read(Scope(("spf55.org",)))
    assert refused.value.code == "INV14"
    imitation.stop()
    with pytest.raises(Problem, match="cannot be reached") as away:
        reader(imitation).read(Scope(("spf55.org",)))
    assert away.value.code == "INV14"


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        (OvhKeys("other", SECRET, CONSUMER), "403 INVALID_KEY"),
        (OvhKeys(APPLICATION, "sesame", CONSUMER), "403 INVALID_SIGNATURE"),
        (OvhKeys(APPLICATION, SECRET, "sesame"), "403 INVALID_SIGNATURE"),
    ],
)
def test_wrong_keys_are_said_and_not_shown(keys: OvhKeys, told: str, imitation: Imitation) -> None:
    with pytest.raises(Problem, match=told) as refused:
        reader(imitation, keys).read(Scope(("spf55.org",)))
    assert refused.value.code == "INV14"
    assert "sesame" not in str(refused.value)
    assert "sesame" not in repr(keys)


@pytest.mark.parametrize("answer", [[], "hello", 3])
def test_an_answer_that_is_not_as_described_is_refused(answer: object, imitation: Imitation) -> None:
    for path in ("", "account/vide/usage"):
        imitation.domains = {"spf55.org": DOMAIN | {path: answer}}
        with pytest.raises(Problem, match="as described") as refused:
            reader(imitation).read(Scope(("spf55.org",)))
        assert refused.value.code == "INV14"
