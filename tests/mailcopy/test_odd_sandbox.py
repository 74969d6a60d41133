"""The sandbox's hostile mail hosts: what an old host answers oddly, and what Exchange renames at a sign-in."""

from __future__ import annotations

from pathlib import Path

from tests.mailcopy.dovecot import Dovecot
from tests.mailcopy.post import Box, ledger_path, letter

from reconcile.clock import SystemClock
from reconcile.mailcopy.ledger.ledger import Ledger
from reconcile.mailcopy.passes import copy_mailbox
from reconcile.mailcopy.report import Report
from reconcile.mailcopy.verification import verify_mailbox
from reconcile.sandbox.imap.exchange_behaviour import ExchangeBehaviour
from reconcile.sandbox.imap.exchange_front import ExchangeFront
from reconcile.sandbox.imap.old_front import EVERY, OldFront
from reconcile.sandbox.tenant.behaviour.profiles import PROFILES


def test_a_mailbox_of_the_oddest_old_host_arrives_whole_and_once(
    old_box: Box, exchange_like_host: Dovecot, tmp_path: Path
) -> None:
    old_box.put("INBOX", *map(letter, range(30)))
    old_box.put("Sent", *map(letter, range(100, 104)))
    new_box = Box(exchange_like_host, old_box.user)
    odd = OldFront(old_box.host.port).start()
    front = ExchangeFront(exchange_like_host.port, lambda: ExchangeBehaviour(renamed_at_sign_in=3)).start()
    ledger = Ledger(ledger_path(tmp_path, old_box.user))

    def copied() -> Report:
        source, destination = old_box.endpoint(port=odd.port), new_box.endpoint(port=front.port)
        return copy_mailbox(source, destination, ledger, SystemClock())

    first = copied()
    assert (first.copied, first.redated["INBOX"]) == (34, 30 // EVERY)
    assert set(first.left_out) == {"Suivis"}
    old_box.put("Sent", letter(104))
    later = [copied() for _ in range(2)]
    checks = verify_mailbox(old_box.endpoint(port=odd.port), new_box.endpoint(port=front.port), ledger)
    odd.stop()
    front.stop()
    assert [report.copied for report in later] == [1, 0]
    assert all(report.complete for report in (first, *later))
    assert all(check.sound for check in checks)
    assert sum(new_box.contents("Éléments envoyés").values()) == 5
    assert sum(new_box.contents("INBOX").values()) == 30


def test_the_hostile_profile_has_these_hosts() -> None:
    hostile = PROFILES["hostile"]
    assert hostile.odd_old_host
    assert hostile.renamed_at_sign_in
