"""A plan of targets asks about what they name, and about the rest only when there is something to change."""

from __future__ import annotations

import pytest
from tests.applying.memory import NOW

from reconcile.planning.inputs import Inputs
from reconcile.planning.narrowing import federations_of, narrowed
from reconcile.planning.plan.plan import Basis
from reconcile.resources.address import Address
from reconcile.resources.resource import Desired, Reference
from reconcile.state.snapshot.snapshot import Record, Snapshot

VERIFIED = Address("spf55", "domain_verification", "spf55.org")
MX = Address("spf55", "dns", "spf55.org/MX")
FORMER = Address("spf55", "dns", "old.spf55.org/MX")
FLOW = Address("spf55", "mail_flow", "spf55.org")
BOX = Address("spf55", "mailbox", "lou@spf55.org")
ELSEWHERE = Address("spf57", "dns", "spf57.org/MX")


def inputs() -> Inputs:
    desired = (
        Desired(VERIFIED, {"verified": True}),
        Desired(MX, {"values": Reference(VERIFIED, "mx")}, (VERIFIED, FLOW), NOW, behind=(BOX,)),
        Desired(FLOW, {"type": "InternalRelay"}, (VERIFIED,)),
        Desired(BOX, {"licence": "E1"}, (VERIFIED,)),
        Desired(ELSEWHERE, {"values": ("0 mail.example.",)}),
    )
    record = Record(FORMER, "", {"values": ("0 mail.example.",)}, "r", "r", NOW.isoformat())
    return Inputs(
        desired=desired,
        snapshots={"spf55": Snapshot("spf55", "l", records={FORMER: record}), "spf57": Snapshot("spf57", "l")},
        interrupted=(),
        domains={"spf55.org": "spf55", "spf57.org": "spf57"},
        basis={slug: Basis(slug, "", "l", 0) for slug in ("spf55", "spf57")},
        partial=False,
    )


@pytest.mark.parametrize(
    ("patterns", "read"),
    [
        (["spf55/dns/*"], {MX, FORMER, VERIFIED}),
        (["spf55/dns/spf55.org/MX"], {MX, FORMER, VERIFIED}),
        (["*/dns/spf57*"], {ELSEWHERE}),
        (["spf55/mail_flow/*"], {FLOW}),
        (["spf55/mail_flow/*", "spf57/dns/*"], {FLOW, ELSEWHERE}),
    ],
)
def test_records_are_read_with_what_they_refer_to_but_not_with_what_a_change_would_wait_for(
    patterns: list[str], read: set[Address]
) -> None:
    few = narrowed(inputs(), patterns)
    assert few is not None
    assert few.addresses == read
    assert few.partial


@pytest.mark.parametrize(
    "patterns", [[], ["spf55/*"], ["spf55/mailbox/*"], ["spf55/*/spf55.org"], ["spf55/d*/*"], ["spf55/dns/*", "*"]]
)
def test_a_mailbox_is_told_by_all_the_others(patterns: list[str]) -> None:
    assert narrowed(inputs(), patterns) is None


@pytest.mark.parametrize(
    ("patterns", "slugs"),
    [
        (["spf55/dns/*", "spf57/*", "spf55/mailbox/*"], ("spf55", "spf57")),
        (["spf5?/dns/*", "spf57/*"], ()),
        (["*"], ()),
        ([], ()),
    ],
)
def test_the_federations_a_target_means(patterns: list[str], slugs: tuple[str, ...]) -> None:
    assert federations_of(patterns) == slugs
