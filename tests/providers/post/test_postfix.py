"""A real Postfix takes the letters and a Dovecot box shows them; what comes back is read where it arrives."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import shutil
import ssl
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from imapclient import IMAPClient
from tests.providers.post.sending import compose
from tests.providers.post.world import Office, office

from reconcile.clock import SystemClock
from reconcile.problem import Problem
from reconcile.providers.base import Order, Scope, Unknown, Wanted
from reconcile.providers.outbox import Unsure
from reconcile.providers.post.book import LetterBook
from reconcile.providers.post.bounces import bounces
from reconcile.providers.post.carrier import Found, Parcel
from reconcile.providers.post.provider import PostReader, post_provider
from reconcile.providers.post.sender_box import MailboxServer, SenderBox
from reconcile.providers.post.smtp import SmtpCarrier, SubmissionServer
from reconcile.resources.address import Address
from reconcile.resources.resource import Live
from reconcile.sandbox.mail_host.old_smtp import OldHostWithSmtp

SENDER, CAMILLE = "postmaster@secourspopulaire.example", "camille@ailleurs.example"
LIST = Address("spf55", "notice", "list")
FIELDS = {"to": CAMILLE, "day": "2025-01-20"}


@pytest.fixture(scope="module")
def world() -> Iterator[tuple[Office, int]]:
    """Whoever takes what is for elsewhere."""
    with tempfile.TemporaryDirectory() as folder, office(Path(folder) / "world") as running:
        yield running


@pytest.fixture(scope="module")
def host(world: tuple[Office, int], old_dovecot: Path | None) -> Iterator[OldHostWithSmtp]:
    folder = Path(tempfile.mkdtemp(prefix="reconcile-test-"))
    folder.chmod(0o711)
    running = OldHostWithSmtp(folder / "old", [SENDER, CAMILLE], old_dovecot, world=world[1])
    try:
        running.start()
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder)


@pytest.fixture
def box(host: OldHostWithSmtp) -> SenderBox:
    password = host.passwords[SENDER]
    return SenderBox(MailboxServer("127.0.0.1", host.port, True, SENDER, lambda: password, Path(host.ca_file)))


@pytest.fixture
def carrier(host: OldHostWithSmtp, box: SenderBox) -> SmtpCarrier:
    password, port = host.passwords[SENDER], host.postfix.ports.submission
    server = SubmissionServer("127.0.0.1", port, "starttls", SENDER, lambda: password, Path(host.ca_file))
    return SmtpCarrier(server, box.find)


def until(is_so: Callable[[], bool]) -> None:
    """Ask again until it is so; two minutes are far more than any machine takes."""
    deadline = time.monotonic() + 120
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def inbox(host: OldHostWithSmtp, login: str, identifier: str) -> list[bytes]:
    """What is in the box under that Message-ID."""
    context = ssl.create_default_context(cafile=str(host.ca_file))
    with IMAPClient("127.0.0.1", host.port, ssl_context=context) as client:
        client.login(login, host.passwords[login])
        client.select_folder("INBOX", readonly=True)
        found = client.search(["HEADER", "Message-ID", identifier])
        return [parts[b"BODY[]"] for parts in client.fetch(found, ["BODY.PEEK[]"]).values()] if found else []


def to(recipient: str, day: str = "2025-01-20") -> Order:
    fields = {"to": recipient, "day": day}
    return Order(LIST, None, fields, frozenset(fields))


def test_a_letter_is_in_its_box_as_it_left(host: OldHostWithSmtp, carrier: SmtpCarrier, tmp_path: Path) -> None:
    post = post_provider(LetterBook(tmp_path, SystemClock()), carrier, compose, SystemClock(), dt.timedelta(minutes=10))
    live = post.writer.create(to(CAMILLE))
    assert post.writer.create(to(CAMILLE)) == live
    until(lambda: bool(inbox(host, CAMILLE, live.identity)))
    [arrived] = inbox(host, CAMILLE, live.identity)
    mail = email.message_from_bytes(arrived, policy=email.policy.default)
    body, page = mail.get_body(("plain",)), mail.get_body(("html",))
    assert body is not None
    assert page is not None
    assert body.get_content().splitlines() == ["Bonjour,", ".", "Une ligne."]
    assert page.get_content().strip() == "<p>Bonjour,</p>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Subject"] == "La liste de vos adresses"


def test_the_copy_of_the_sender_proves_that_a_letter_left_whose_answer_was_lost(
    host: OldHostWithSmtp, carrier: SmtpCarrier, tmp_path: Path
) -> None:
    class Deaf:
        """Hands letters over, and never hears the answer."""

        def deliver(self, parcel: Parcel, committed: Callable[[str], None]) -> None:
            carrier.deliver(parcel, committed)
            raise Unsure("the line was cut")

        def find(self, message_id: str) -> Found:
            return carrier.find(message_id)

    clock, book = SystemClock(), LetterBook(tmp_path, SystemClock())
    deaf = post_provider(book, Deaf(), compose, clock, dt.timedelta(minutes=10))
    try:
        identity = deaf.writer.create(to(CAMILLE, "2025-03-03")).identity
    except Problem:  # the copy was slower than the looks for it
        identity = book.read("spf55").sendings["list"][-1].message_id
    reader = PostReader(book, carrier, clock, dt.timedelta(minutes=10))
    wanted = Scope([Wanted(LIST, None)], {})
    until(lambda: not isinstance(reader.observe(wanted).observed[LIST], Unknown))
    seen = reader.observe(wanted).observed[LIST]
    assert isinstance(seen, Live)
    assert seen.identity == identity
    until(lambda: bool(inbox(host, CAMILLE, identity)))
    assert len(inbox(host, CAMILLE, identity)) == 1


def test_a_recipient_whom_nobody_knows_is_told_at_once(carrier: SmtpCarrier, tmp_path: Path) -> None:
    book = LetterBook(tmp_path, SystemClock())
    post = post_provider(book, carrier, compose, SystemClock(), dt.timedelta(minutes=10))
    with pytest.raises(Problem, match="refused the recipient personne@ailleurs") as told:
        post.writer.create(to("personne@ailleurs.example"))
    assert told.value.code == "LET21"
    [sending] = book.read("spf55").sendings["list"]
    assert (sending.unsure, bool(sending.failed)) == (False, True)


def test_what_a_far_host_refuses_comes_back_and_names_the_letter(
    host: OldHostWithSmtp, world: tuple[Office, int], carrier: SmtpCarrier, box: SenderBox, tmp_path: Path
) -> None:
    world[0].mood = "rcpt 550"
    try:
        clock = SystemClock()
        post = post_provider(LetterBook(tmp_path, clock), carrier, compose, clock, dt.timedelta(minutes=10))
        live = post.writer.create(to("camille@orange.example"))
        today = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)

        def returned() -> list[str]:
            found = [bounce for report in box.reports(today) for bounce in bounces(report)]
            return [one.sentence for one in found if one.message_id == live.identity]

        until(lambda: bool(returned()))
        [why] = returned()
        assert why.startswith("5.1.1 ")
        assert "nobody of that name" in why
    finally:
        world[0].mood = ""


def test_a_wrong_password_is_told_and_nothing_leaves(host: OldHostWithSmtp, box: SenderBox) -> None:
    port = host.postfix.ports.submission
    wrong = SubmissionServer("127.0.0.1", port, "starttls", SENDER, lambda: "faux", Path(host.ca_file))
    with pytest.raises(Problem) as told:
        SmtpCarrier(wrong, box.find).deliver(compose(LIST, CAMILLE, "2025-01-20", 1), lambda _: None)
    assert told.value.code == "LET23"
    assert "faux" not in str(told.value)
    locked = SenderBox(MailboxServer("127.0.0.1", host.port, True, SENDER, lambda: "faux", Path(host.ca_file)))
    with pytest.raises(Problem) as refused:
        locked.find("<x@y.example>")
    assert refused.value.code == "LET30"


def test_a_server_of_another_authority_gets_no_password(host: OldHostWithSmtp) -> None:
    def password() -> str:
        raise AssertionError("it was asked for")

    server = SubmissionServer("127.0.0.1", host.postfix.ports.submission, "starttls", SENDER, password)
    with pytest.raises(Problem) as told:
        SmtpCarrier(server, None).deliver(compose(LIST, CAMILLE, "2025-01-20", 1), lambda _: None)
    assert told.value.code == "LET20"
