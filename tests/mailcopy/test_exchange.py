"""What Exchange does and Dovecot does not: the front of the sandbox stands between the copier and a real server."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import email
import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.mailcopy.cutting import CuttingRelay
from tests.mailcopy.dovecot import Dovecot
from tests.mailcopy.hurried import Hurried
from tests.mailcopy.post import Box, Mail, ledger_path, letter

from reconcile.mailcopy.imap.session import Endpoint
from reconcile.mailcopy.ledger.ledger import Ledger
from reconcile.mailcopy.passes import PassOptions, copy_mailbox
from reconcile.mailcopy.report import Report
from reconcile.sandbox.imap.exchange_behaviour import ExchangeBehaviour
from reconcile.sandbox.imap.exchange_front import ExchangeFront

Before = Callable[..., ExchangeFront]


@pytest.fixture
def before(exchange_like_host: Dovecot) -> Iterator[Before]:
    """Put a front with these switches before the server."""
    with contextlib.ExitStack() as fronts:

        def started(**behaviour: object) -> ExchangeFront:
            front = ExchangeFront(exchange_like_host.port, lambda: ExchangeBehaviour(**behaviour)).start()  # type: ignore[arg-type]
            fronts.callback(front.stop)
            return front

        yield started


@pytest.fixture
def new_box(exchange_like_host: Dovecot, user: str) -> Box:
    return Box(exchange_like_host, user)


def copied(old_box: Box, end: Endpoint, folder: Path, longest_pause: float = 0.01, **options: int) -> Report:
    ledger = Ledger(ledger_path(folder, old_box.user))
    try:
        return copy_mailbox(
            old_box.endpoint(connections=end.connections), end, ledger, Hurried(longest_pause), PassOptions(**options)
        )
    finally:
        ledger.close()


def identities(box: Box, folder: str) -> Counter[tuple[bytes, str]]:
    """The text and the date of each message: what no rewriting of headers touches."""
    return Counter((body.rpartition(b"\r\n\r\n")[2], date) for body, _, date in box.contents(folder).elements())


def test_a_lost_answer_and_a_rewritten_message_double_nothing(
    old_box: Box, new_box: Box, before: Before, tmp_path: Path
) -> None:
    bare = Mail(b"no header at all, only text\r\n", (), "02-Mar-2018 08:30:00 +0100")
    encoded = Mail(
        b"Message-ID:\r\n <x@y.example>\r\nX-Spam: no\r\nSubject: =?utf-8?q?=C3=A9t=C3=A9?=\r\n =?utf-8?q?_2018?=\r\n"
        b'From: "D\'Arc, Jeanne" <jeanne@y.example>\r\n\r\nencoded\r\n'
    )
    nameless = [Mail(b"Subject: nightly\r\nX-Host: a\r\n\r\n" + b"report\r\n" * n) for n in (1, 40, 900)]
    old_box.put("INBOX", *(letter(number) for number in range(40)), *[letter(7)] * 2, bare, encoded, *nameless)
    numbers = itertools.count()
    relay = CuttingRelay(before(rewrites=True).port, lambda _: next(numbers) % 12 == 4)
    report = copied(old_box, new_box.endpoint(port=relay.port), tmp_path)
    relay.close()
    assert report.complete
    assert relay.cuts >= 3
    assert report.adopted >= relay.cuts
    assert identities(new_box, "INBOX") == identities(old_box, "INBOX")
    assert all(body.startswith(b"X-MS-Exchange") for body, _, _ in new_box.contents("INBOX"))


def test_the_backoff_of_a_throttling_is_waited_for(old_box: Box, new_box: Box, before: Before, tmp_path: Path) -> None:
    old_box.put("INBOX", *map(letter, range(60)))
    front = before(throttle_after=25, backoff=0.4)
    report = copied(old_box, new_box.endpoint(port=front.port, connections=1), tmp_path, longest_pause=0.5)
    box = front.mailboxes[old_box.user]
    assert report.complete
    assert box.throttlings >= 2
    assert not box.hasty
    assert new_box.contents("INBOX") == old_box.contents("INBOX")


def test_a_refused_further_connection_does_not_stop_the_copy(
    old_box: Box, new_box: Box, before: Before, tmp_path: Path
) -> None:
    old_box.put("INBOX", *map(letter, range(120)))
    front = before(connections=2, append_takes=0.002)
    report = copied(old_box, new_box.endpoint(port=front.port, connections=5), tmp_path)
    assert report.complete
    assert front.refusals[b"BAD User is authenticated but not connected."] >= 1
    assert new_box.contents("INBOX") == old_box.contents("INBOX")


def test_bad_mail_in_plenty_is_listed_and_the_rest_arrives(
    old_box: Box, new_box: Box, before: Before, tmp_path: Path
) -> None:
    bad = [Mail(b"Subject: long %d\r\n\r\n" % number + b"x" * 12_000 + b"\r\n") for number in range(25)]
    mails = [mail for pair in zip(map(letter, range(25)), bad, strict=True) for mail in pair]
    old_box.put("INBOX", *mails)
    report = copied(old_box, new_box.endpoint(port=before().port), tmp_path)
    assert report.copied + report.adopted == 25
    assert sorted(refusal.uid for refusal in report.refused) == list(range(2, 51, 2))
    assert all("a line of 12,00" in refusal.reason for refusal in report.refused)
    assert sum(new_box.contents("INBOX").values()) == 25


def test_flags_arrive_and_lost_keywords_are_counted(old_box: Box, new_box: Box, before: Before, tmp_path: Path) -> None:
    old_box.put(
        "INBOX", Mail(letter(1).body, ("\\Flagged", "\\Seen", "A-traiter")), Mail(letter(2).body, ("\\Flagged",))
    )
    report = copied(old_box, new_box.endpoint(port=before().port), tmp_path)
    assert report.complete
    assert report.keywords_dropped == {"A-traiter": 1}
    assert sorted(flags for _, flags, _ in new_box.contents("INBOX")) == [("\\Flagged",), ("\\Flagged", "\\Seen")]


def test_mail_beyond_the_known_limit_is_listed_without_being_sent(
    old_box: Box, new_box: Box, before: Before, tmp_path: Path
) -> None:
    old_box.put("INBOX", letter(1), letter(2, 60_000), letter(3))
    front = before()
    end = dataclasses.replace(new_box.endpoint(port=front.port), largest=50_000)
    report = copied(old_box, end, tmp_path)
    ((uid, reason),) = [(refusal.uid, refusal.reason) for refusal in report.refused]
    assert (uid, reason.partition("; ")[2]) == (2, "the new server takes 50.0 kB at most")
    assert front.mailboxes[old_box.user].appends == 2
    assert report.copied == 2
    raised = dataclasses.replace(end, largest=100_000)  # what Set-Mailbox -MaxReceiveSize does
    assert copied(old_box, raised, tmp_path).complete


def test_unread_mail_that_asks_for_a_receipt_is_counted_and_marked_only_when_asked(
    old_box: Box, exchange_like_host: Dovecot, tmp_path: Path
) -> None:
    asks = b"Subject: accus\xc3\xa9\r\ndisposition-notification-to: <a@y.example>\r\n\r\nlu ?\r\n"
    quotes = b"Subject: rien\r\n\r\nDisposition-Notification-To: <a@y.example>\r\n"
    old_box.put("INBOX", Mail(asks), Mail(asks, ("\\Seen",)), Mail(asks, ("$MDNSent",)), Mail(quotes), letter(2))
    listed, silenced = Box(exchange_like_host, f"{old_box.user}a"), Box(exchange_like_host, f"{old_box.user}b")
    report = copied(old_box, listed.endpoint(), tmp_path / "listed")
    assert report.receipts == {"INBOX": 1}
    assert listed.contents("INBOX") == old_box.contents("INBOX")
    end = dataclasses.replace(silenced.endpoint(), silences_receipts=True)
    assert copied(old_box, end, tmp_path / "silenced").receipts == {"INBOX": 1}
    marked = silenced.contents("INBOX") - old_box.contents("INBOX")
    assert [(body, flags) for body, flags, _ in marked] == [(asks, ("$MDNSent",))]


def test_mail_refused_without_a_reason_is_repaired_where_that_loses_nothing(
    old_box: Box, new_box: Box, before: Before, tmp_path: Path
) -> None:
    content = random.Random(1).randbytes(30_000)  # noqa: S311
    head = b"Subject: %b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    encoded = base64.b64encode(content)
    signed = b"Content-Type: multipart/signed; boundary=x\r\n\r\n--x\r\n" + head % b"inner" + encoded + b"\r\n--x--\r\n"
    old_box.put("INBOX", Mail(head % b"long" + encoded + b"\r\n", ("\\Seen",)), Mail(signed), letter(3))
    report = copied(old_box, new_box.endpoint(port=before().port), tmp_path)
    assert [(repaired.uid, repaired.reason) for repaired in report.repaired] == [
        (1, "its base64 was put in shorter lines")
    ]
    assert [refusal.uid for refusal in report.refused] == [2]
    by_subject = {body[:13]: (body, flags) for body, flags, _ in new_box.contents("INBOX")}
    body, flags = by_subject[b"Subject: long"]
    assert email.message_from_bytes(body).get_payload(decode=True) == content
    assert flags == ("\\Seen",)


def test_flags_a_server_does_not_take_with_a_message_are_set_afterwards(
    old_box: Box, new_box: Box, before: Before, tmp_path: Path
) -> None:
    old_box.put("INBOX", Mail(letter(1).body, ("\\Seen", "A-traiter")), letter(2))
    front = before(refuses_keywords=True, drops_keywords=False)
    report = copied(old_box, new_box.endpoint(port=front.port), tmp_path)
    assert report.complete
    assert [repaired.reason for repaired in report.repaired] == ["its flags were set afterwards"]
    assert new_box.contents("INBOX") == old_box.contents("INBOX")


def test_the_offending_line_is_found_by_bisection(old_box: Box, new_box: Box, before: Before, tmp_path: Path) -> None:
    lines = [b"line %d" % number for number in range(300)]
    lines[217] = b"the words it does not like"
    old_box.put("INBOX", Mail(b"Subject: x\r\n\r\n" + b"\r\n".join(lines) + b"\r\n"), letter(2))
    report = copied(old_box, new_box.endpoint(port=before(forbids="does not like").port), tmp_path)
    assert report.copied == 1
    assert "line 220 is to blame: the words it does not like" in report.refused[0].reason
    assert "reconcile-diagnosis" not in new_box.folders()


def test_a_session_that_outlives_its_token_is_opened_again(
    old_box: Box, new_box: Box, before: Before, tmp_path: Path
) -> None:
    old_box.put("INBOX", *map(letter, range(90)))
    front = before(session_lasts=40)
    report = copied(old_box, new_box.endpoint(port=front.port, connections=1), tmp_path)
    assert report.complete
    assert new_box.contents("INBOX") == old_box.contents("INBOX")
