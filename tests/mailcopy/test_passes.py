"""One mailbox copied between real servers: everything arrives, once, as it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.mailcopy.cutting import CuttingRelay
from tests.mailcopy.dovecot import Dovecot
from tests.mailcopy.post import Box, Mail, ledger_path, letter

from reconcile.clock import SystemClock
from reconcile.mailcopy.ledger.ledger import Ledger
from reconcile.mailcopy.passes import PassOptions, copy_mailbox
from reconcile.mailcopy.report import Report

CLOCK = SystemClock()


@pytest.fixture
def ledger(tmp_path: Path, user: str) -> Iterator[Ledger]:
    opened = Ledger(ledger_path(tmp_path, user))
    yield opened
    opened.close()


def copied(old_box: Box, new_box: Box, ledger: Ledger, **options: str) -> Report:
    return copy_mailbox(old_box.endpoint(master=True), new_box.endpoint(), ledger, CLOCK, PassOptions(**options))


def test_folders_flags_dates_and_bytes_arrive_as_they_were(old_box: Box, new_box: Box, ledger: Ledger) -> None:
    odd = [
        Mail(b"Subject: sans fin de ligne\r\n\r\nfin", ("\\Seen", "\\Flagged"), "29-Feb-2016 23:59:59 -0500"),
        Mail(b"pas d'en-tete du tout\r\n", ("\\Answered", "$Forwarded", "A-traiter"), " 1-Jan-1999 00:00:00 +0530"),
        Mail("Subject: acc\u00e9nt\r\n\r\nété\r\n".encode(), ("\\Draft",)),
        Mail(b"Subject: tres long\r\n\r\n" + b"x" * 300_000 + b"\r\n"),
    ]
    old_box.put("INBOX", *odd)
    old_box.put("Archives/Été 2024/R&D", *map(letter, range(30)))
    old_box.put('Dossier "urgent" \\ x', letter(77))
    report = copied(old_box, new_box, ledger)
    assert report.complete
    assert report.copied == 35
    assert new_box.contents("INBOX") == old_box.contents("INBOX")
    assert new_box.contents("Archives/Été 2024/R&D") == old_box.contents("Archives/Été 2024/R&D")
    assert new_box.contents('Dossier "urgent" \\ x') == old_box.contents('Dossier "urgent" \\ x')


def test_mail_that_other_tools_alter_or_drop_arrives_byte_for_byte(old_box: Box, new_box: Box, ledger: Ledger) -> None:
    header = b"Subject: bizarre\r\n\r\n"
    bodies = [
        b"no header at all, no end of line",
        header + b"bare\rcarriage returns\rhere\r\n",
        header + b"a line of " + b"x" * 30_000 + b"\r\n",
        header + b"8-bit \xe9\xff and \x80\r\n",
        b"Subject: \xe9t\xe9\r\nX-Empty:\r\n\r\n",
        b"Subject: header only\r\n",
        b"\r\n\r\nstarts with nothing\r\n",
        b"From mbox@example.org Mon Jan  1 00:00:00 2001\r\nSubject: mbox\r\n\r\n>From here\r\n",
        header + b")\r\n* 1 FETCH (UID 1 FLAGS () BODY[] {3}\r\nabc)\r\nA1 OK done\r\n",
        header + b"no end of line",
        header + b"ends in a bare CR\r",
        b"X: " + b"long header " * 2000 + b"\r\n\r\n.\r\n",
        b"Message-ID: <same@example.org>\r\n\r\none\r\n",
        b"Message-ID: <same@example.org>\r\n\r\nother\r\n",
        b"x",
    ]
    dates = ["01-Jan-1970 00:00:01 +0000", "31-Dec-2037 23:59:59 +1400", "29-Feb-2000 12:00:00 -1200"]
    old_box.put("INBOX", *(Mail(body, (), dates[n % 3]) for n, body in enumerate(bodies)))
    report = copied(old_box, new_box, ledger)
    assert report.complete
    assert new_box.contents("INBOX") == old_box.contents("INBOX")


def test_on_exchange_flagged_is_stored_again_after_the_append(
    old_box: Box, exchange_like_host: Dovecot, batching_host: Dovecot, user: str, tmp_path: Path
) -> None:
    old_box.put("INBOX", letter(0), Mail(letter(2).body, ("\\Flagged",)), Mail(letter(4).body, ("\\Flagged", "\\Seen")))
    stores = []
    for host in (exchange_like_host, batching_host):
        relay = CuttingRelay(host.port, lambda _: False)
        ledger = Ledger(tmp_path / f"{host.port}.sqlite")
        copy_mailbox(old_box.endpoint(), Box(host, user).endpoint(port=relay.port), ledger, CLOCK)
        stores.append(relay.stores)
        relay.close()
    assert [store.split(b" ", 1)[1] for store in stores[0]] == [b"UID STORE 2:3 +FLAGS.SILENT (\\Flagged)"]
    assert stores[1] == []


def test_a_second_pass_copies_nothing(old_box: Box, new_box: Box, ledger: Ledger) -> None:
    old_box.put("INBOX", *map(letter, range(50)))
    copied(old_box, new_box, ledger)
    report = copied(old_box, new_box, ledger)
    assert (report.copied, report.already, report.adopted) == (0, 50, 0)
    assert sum(new_box.contents("INBOX").values()) == 50


def test_a_delta_pass_brings_only_what_is_new(old_box: Box, new_box: Box, ledger: Ledger) -> None:
    old_box.put("INBOX", *map(letter, range(20)))
    copied(old_box, new_box, ledger)
    old_box.put("INBOX", letter(100), letter(101))
    new_box.put("INBOX", letter(999))  # mail that came to the new mailbox meanwhile
    report = copied(old_box, new_box, ledger)
    assert (report.copied, report.already, report.adopted) == (2, 20, 0)
    assert sum(new_box.contents("INBOX").values()) == 23


def test_identical_messages_stay_as_many(old_box: Box, new_box: Box, ledger: Ledger) -> None:
    old_box.put("INBOX", *[letter(1)] * 3, letter(2))
    copied(old_box, new_box, ledger)
    assert new_box.contents("INBOX") == old_box.contents("INBOX")


def test_a_lost_ledger_is_rebuilt_from_the_messages_themselves(
    old_box: Box, new_box: Box, ledger: Ledger, tmp_path: Path
) -> None:
    old_box.put("INBOX", *[letter(1)] * 3, *map(letter, range(2, 40)))
    copied(old_box, new_box, ledger)
    report = copied(old_box, new_box, Ledger(tmp_path / "another.sqlite"))
    assert (report.copied, report.adopted) == (0, 41)
    assert new_box.contents("INBOX") == old_box.contents("INBOX")


def test_mail_found_there_without_its_flags_is_given_them(
    old_box: Box, batching_host: Dovecot, user: str, ledger: Ledger
) -> None:
    new_box = Box(batching_host, user)
    mails = [Mail(letter(n).body, ("\\Seen", "$Forwarded") if n % 2 else ("\\Flagged",)) for n in range(6)]
    old_box.put("INBOX", *mails)
    new_box.put("INBOX", *(Mail(mail.body, ()) for mail in mails[:5]))  # as a server that died over them leaves them
    report = copied(old_box, new_box, ledger)
    assert (report.adopted, report.copied) == (5, 1)
    assert new_box.contents("INBOX") == old_box.contents("INBOX")


def test_the_newest_mail_comes_first(old_box: Box, new_box: Box, ledger: Ledger) -> None:
    old_box.put("INBOX", *map(letter, range(600)))
    old_endpoint, new_endpoint = old_box.endpoint(connections=1), new_box.endpoint(connections=1)
    copy_mailbox(old_endpoint, new_endpoint, ledger, CLOCK)
    with new_box.client() as client:
        client.select_folder("INBOX", readonly=True)
        first = client.fetch([1], ["BODY.PEEK[]"])[1][b"BODY[]"]
    assert any(first == letter(number).body for number in range(560, 600))


def test_sent_mail_goes_to_the_folder_the_new_server_uses_for_it(old_box: Box, new_box: Box, ledger: Ledger) -> None:
    old_box.put("Sent", letter(1))
    old_box.put("Sent/2023", letter(2))
    copied(old_box, new_box, ledger)
    assert sum(new_box.contents("Sent Items").values()) == 1
    assert sum(new_box.contents("Sent Items/2023").values()) == 1
    assert "Sent" not in new_box.folders()


def test_empty_folders_and_subscriptions_are_kept(old_box: Box, new_box: Box, ledger: Ledger) -> None:
    old_box.put("Projets/Vide", subscribe=True)
    old_box.put("Projets/Autre")
    copied(old_box, new_box, ledger)
    assert {"Projets/Vide", "Projets/Autre"} <= new_box.folders()
    assert "Projets/Vide" in new_box.subscribed()
    assert "Projets/Autre" not in new_box.subscribed()


def test_the_mail_of_a_merged_alias_goes_into_one_folder(old_box: Box, new_box: Box, ledger: Ledger) -> None:
    old_box.put("INBOX", letter(1))
    old_box.put("Sent", letter(2))
    copied(old_box, new_box, ledger, folder="tresorerie@spf55.org")
    assert new_box.contents("tresorerie@spf55.org") == old_box.contents("INBOX")
    assert new_box.contents("tresorerie@spf55.org/Sent") == old_box.contents("Sent")
    assert not new_box.contents("INBOX")


def test_a_message_of_no_bytes_is_listed_not_dropped(old_box: Box, new_box: Box, ledger: Ledger) -> None:
    old_box.put("INBOX", letter(1), letter(2))
    old_box.put_file("", b"", "1700000000.M1P1.vide:2,S")
    report = copied(old_box, new_box, ledger)
    assert report.copied == 2
    assert [(refusal.folder, "zero bytes" in refusal.reason) for refusal in report.refused] == [("INBOX", True)]
    assert ledger.refusals()[0][0] == "INBOX"


def test_a_message_too_big_for_the_new_server_is_listed_with_its_reason(
    old_box: Box, small_host: object, user: str, ledger: Ledger
) -> None:
    new_box = Box(small_host, user)  # type: ignore[arg-type]
    old_box.put("INBOX", letter(1), letter(2, 60_000), letter(3))
    report = copied(old_box, new_box, ledger)
    assert report.copied == 2
    assert [refusal.folder for refusal in report.refused] == ["INBOX"]
    assert not report.complete


def test_a_full_mailbox_ends_the_pass_and_says_what_is_left(
    old_box: Box, small_host: object, user: str, ledger: Ledger
) -> None:
    new_box = Box(small_host, user)  # type: ignore[arg-type]
    old_box.put("INBOX", *(letter(number, 4000) for number in range(300)))
    report = copied(old_box, new_box, ledger)
    assert "OVERQUOTA" in report.full
    assert report.copied + len(report.refused) + report.left == 300
    assert sum(new_box.contents("INBOX").values()) == report.copied > 10


def test_a_refusal_without_a_reason_is_examined(
    old_box: Box, exchange_like_host: Dovecot, user: str, ledger: Ledger
) -> None:
    old_box.put("INBOX", letter(1), Mail(b"Subject: longue\r\n\r\n" + b"x" * 12_000 + b"\r\nbare\rend\r\n"), letter(3))
    # The relay stands for Exchange: it lets the server store the message, then says that it does not.
    relay = CuttingRelay(
        exchange_like_host.port,
        lambda line: line.split(b" ")[0] + b" BAD Command Argument Error. 11" if b" 2]" in line else False,
    )
    new_end = Box(exchange_like_host, user).endpoint(port=relay.port)
    report = copy_mailbox(old_box.endpoint(), new_end, ledger, CLOCK)
    relay.close()
    assert report.copied == 2
    (refusal,) = report.refused
    assert refusal.reason.endswith("(the message has a line of 12,001 bytes, line ends that are not CRLF)")
    assert ledger.refusals() == [("INBOX", 2, refusal.reason)]
