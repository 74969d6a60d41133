"""What a plan refuses to change says so in the plan, and not only when it is about to be written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pytest

from reconcile.config.inventory.logins import Logins
from reconcile.config.settings.tables.legacy.legacy import LegacyServer
from reconcile.planning.inputs import Inputs
from reconcile.planning.plan.plan import Basis, Plan
from reconcile.planning.planner import make_plan
from reconcile.providers.base import ABSENT, Observation, Observed, Scope
from reconcile.resources.address import Address
from reconcile.resources.resource import Desired, Live, Value
from reconcile.state.snapshot.snapshot import Snapshot

NOW = dt.datetime(2025, 1, 19, 17, 0, tzinfo=dt.UTC)
BOX = Address("spf55", "mailbox", "contact@spf55.org")
COPY = Address("spf55", "copy", "contact@spf55.org")
OWNERS = {"spf55.org": "spf55", "spf88.org": "spf88"}


class Reader:
    def __init__(self, observed: Mapping[Address, Observed]) -> None:
        self._observed = observed

    def observe(self, scope: Scope) -> Observation:
        return Observation({one.address: self._observed[one.address] for one in scope.wanted})


def plan(box: Observed, login: str, licence: str = "shared", public_folder: str = "") -> Plan:
    ends: dict[str, Value] = {"source": "mutualise", "login": login, "destination": BOX.key, "folder": ""}
    ends["public_folder"] = public_folder
    servers = {"mutualise": LegacyServer(host="imap.example.org", master_user="copieur", logins={"spf55": ["k0412"]})}
    inputs = Inputs(
        desired=(Desired(BOX, {"licence": licence}), Desired(COPY, ends, (BOX,))),
        snapshots={"spf55": Snapshot("spf55", "line")},
        interrupted=frozenset(),
        domains={"spf55.org": "spf55"},
        basis={"spf55": Basis("Meuse", "digest", "", 0, 0)},
        partial=False,
        owners=OWNERS,
        logins=Logins(OWNERS, servers, {"direction@spf55.org"}),
    )
    return make_plan(inputs, {"microsoft": Reader({BOX: box}), "copies": Reader({COPY: ABSENT})}, NOW, "test")


def reasons(made: Plan) -> dict[Address, str]:
    return {one.address: one.reason for one in made.blocked}


def test_a_copy_of_a_public_folder_that_is_not_the_federations_is_blocked_in_the_plan() -> None:
    made = plan(ABSENT, BOX.key, public_folder="Partages/Direction")
    assert "the public folder Partages/Direction" in reasons(made)[COPY]


@pytest.mark.parametrize(
    ("login", "why"),
    [
        ("camille.dupont@spf88.org", "is in a domain of spf88"),
        ("Camille.Dupont@SPF88.ORG", "is in a domain of spf88"),
        ("direction@spf55.org", "is protected"),
        ("x*copieur", "would name another master user"),
        ("k9999", "k9999"),
        ("camille@elsewhere.org", "camille@elsewhere.org"),
    ],
)
def test_a_copy_of_mail_that_is_not_the_federations_is_blocked_in_the_plan(login: str, why: str) -> None:
    made = plan(ABSENT, login)
    assert why in reasons(made)[COPY]
    assert [change.address for change in made.changes] == [BOX]


@pytest.mark.parametrize("login", ["k0412", "contact@spf55.org"])
def test_a_copy_of_the_federations_own_mail_is_planned(login: str) -> None:
    made = plan(ABSENT, login)
    assert reasons(made) == {}
    assert {change.address for change in made.changes} == {BOX, COPY}


@pytest.mark.parametrize(
    ("aliases", "why"),
    [
        (("camille@elsewhere.org",), "camille@elsewhere.org, outside the declared domains"),
        (("ct@spf55.org", "camille@elsewhere.org"), "camille@elsewhere.org, outside the declared domains"),
        (("Direction@spf55.org",), "on the protected list"),
    ],
)
def test_a_mailbox_with_an_address_beyond_what_is_declared_is_blocked_in_the_plan(
    aliases: tuple[str, ...], why: str
) -> None:
    found = plan(Live(BOX, {"licence": "E1", "aliases": aliases}, "id-1"), "k0412")
    assert why in reasons(found)[BOX]
    assert BOX not in {change.address for change in found.changes}


def test_a_mailbox_within_what_is_declared_is_planned() -> None:
    aliases = ("ct@spf55.org", "c@spf88.org", "contact@spf.onmicrosoft.com")
    found = plan(Live(BOX, {"licence": "E1", "aliases": aliases}, "id-1"), "k0412")
    assert reasons(found) == {}
    assert BOX in {change.address for change in found.changes}
