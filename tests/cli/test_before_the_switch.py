"""What the MX was before the switch, as the journal of records tells."""

from __future__ import annotations

from pathlib import Path

import dns.name
import dns.rdataset
import pytest
from dns.rdatatype import RdataType

from reconcile.cli.wiring.rollback import before_the_switch
from reconcile.clock import SystemClock
from reconcile.providers.dns.journal import RecordJournal
from reconcile.providers.dns.primary.client import Verdict
from reconcile.providers.dns.primary.compare_and_swap import Swap
from reconcile.resources.address import Address

DOMAIN = dns.name.from_text("spf55.org")
OLD, NEW = (
    dns.rdataset.from_text("IN", "MX", 300, text)
    for text in ("10 mx1.mutualise.example.", "0 spf55-org.mail.protection.outlook.com.")
)


@pytest.mark.parametrize("verdict", [Verdict.ACCEPTED, Verdict.UNHEARD, None], ids=["done", "unheard", "killed"])
def test_a_switch_whose_answer_nobody_heard_is_known_all_the_same(tmp_path: Path, verdict: Verdict | None) -> None:
    journal = RecordJournal(tmp_path, SystemClock())
    swaps = [Swap(DOMAIN, RdataType.MX, OLD, NEW)]
    journal("spf55", DOMAIN, swaps, None)
    if verdict is not None:
        journal("spf55", DOMAIN, swaps, verdict)
    told = before_the_switch("spf55", journal.entries("spf55"))
    assert told == {Address("spf55", "dns", "spf55.org/MX"): ("10 mx1.mutualise.example.",)}
