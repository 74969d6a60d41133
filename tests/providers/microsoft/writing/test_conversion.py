"""One licence for another: what is asked of the tenant, in which order, and what is asked for nothing at all."""

from __future__ import annotations

import dataclasses
import datetime as dt
from types import SimpleNamespace
from typing import Any, cast

import pytest

from reconcile.problem import Problem
from reconcile.providers.base import Order
from reconcile.providers.microsoft.reading.records import Box, User
from reconcile.providers.microsoft.writing.mailbox.conversion import Conversion
from reconcile.resources.address import Address
from reconcile.steps import Steps, at_once, in_one_go

ANNE = "anne.perrin@spf55.org"
GB = 1024**3
BOX = Box("u1", "g1", ANNE, ANNE, ANNE, (), shared=False, on_behalf=(), hidden=False, sent_copies=None)
USER = cast("User", SimpleNamespace(id="u1", skus=frozenset()))


class Tenant:
    """Notes what it is asked, and converts a mailbox when it is told to, unless it never does."""

    def __init__(self, *, shared: bool, licence: str | None, stored: str | None = None, converts: bool = True) -> None:
        self.box = dataclasses.replace(BOX, shared=shared)
        self.asked: list[str] = []
        self._licence, self._stored, self._converts = licence, stored, converts

    def convert(self, wanted: str) -> list[str]:
        order = Order(Address("spf55", "mailbox", ANNE), None, {"licence": wanted}, frozenset({"licence"}))
        now = dt.datetime(2025, 1, 19, tzinfo=dt.UTC)
        surfaces = SimpleNamespace(
            exchange=SimpleNamespace(run=self._run, one=self._one),
            watch=SimpleNamespace(box=lambda identity, since: self.box),
            clock=SimpleNamespace(now=lambda: now, sleep=lambda seconds: None),
        )
        accounts = SimpleNamespace(open=lambda user, order: self._noted("open"))
        skus = SimpleNamespace(licence=lambda held: self._licence)
        seats = SimpleNamespace(skus=lambda: skus, give=lambda user, licence: self._noted(f"give {licence}"))
        conversion = Conversion(cast("Any", surfaces), cast("Any", accounts), cast("Any", seats))
        in_one_go(conversion.convert(order, USER, self.box), surfaces.clock)
        return self.asked

    def _noted(self, what: str) -> Steps[None]:
        return at_once(lambda: self.asked.append(what))

    def _run(self, command: str, **parameters: str) -> None:
        assert parameters["Identity"] == "g1"
        self.asked.append(f"{command} {parameters['Type']}")
        if self._converts:
            self.box = dataclasses.replace(self.box, shared=parameters["Type"] == "Shared")

    def _one(self, command: str, *_: Any) -> dict[str, str] | None:
        self.asked.append(command)
        return None if self._stored is None else {"TotalItemSize": self._stored}


@pytest.mark.parametrize(
    ("shared", "held", "wanted", "asked"),
    [
        (False, "E1", "E3", ["give E3"]),
        (False, "E3", "E1", ["Get-MailboxStatistics", "give E1"]),
        (False, "E1", "shared", ["Set-Mailbox Shared", "give None"]),
        (False, "E3", "shared", ["Get-MailboxStatistics", "Set-Mailbox Shared", "give None"]),
        (True, None, "E1", ["open", "give E1", "Set-Mailbox Regular"]),
        (True, None, "E3", ["open", "give E3", "Set-Mailbox Regular"]),
        (True, "E3", "shared", ["give None"]),
        # Whatever its licence was, it may have held as much as the largest allows.
        (False, None, "E1", ["Get-MailboxStatistics", "give E1"]),
        (False, None, "E3", ["give E3"]),
    ],
)
def test_each_conversion_asks_for_what_it_needs_in_the_order_that_keeps_the_mail(
    shared: bool, held: str | None, wanted: str, asked: list[str]
) -> None:
    assert Tenant(shared=shared, licence=held, stored="1 GB (1,073,741,824 bytes)").convert(wanted) == asked


@pytest.mark.parametrize(
    ("stored", "fits"),
    [(50 * GB - 1, True), (50 * GB, False), (None, True)],
    ids=["a byte less than it gives", "all it gives", "never opened"],
)
def test_a_mailbox_is_only_made_smaller_when_its_mail_fits(stored: int | None, fits: bool) -> None:
    shown = None if stored is None else f"50 GB ({stored:,} bytes)"
    tenant = Tenant(shared=False, licence="E3", stored=shown)
    if fits:
        assert tenant.convert("E1") == ["Get-MailboxStatistics", "give E1"]
        return
    with pytest.raises(Problem, match=r"anne\.perrin@spf55\.org: .* 50\.0 GB .* licence E1 gives 50 GB") as told:
        tenant.convert("E1")
    assert told.value.code == "M365-28"
    assert tenant.asked == ["Get-MailboxStatistics"]


def test_a_conversion_that_never_shows_is_told_and_the_licence_stays() -> None:
    tenant = Tenant(shared=False, licence="E1", converts=False)
    with pytest.raises(Problem, match="does not show it yet") as told:
        tenant.convert("shared")
    assert told.value.code == "M365-16"
    assert tenant.asked == ["Set-Mailbox Shared"]
