"""A submission server in every mood: what it answers, or fails to, decides whether the letter is sent again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.providers.post.sending import MONDAY, compose, contact, provider, wanted
from tests.providers.post.world import Office, office

from reconcile.problem import Problem
from reconcile.providers.base import ABSENT, Observed, Order, Provider, Scope, Unknown
from reconcile.providers.post.carrier import Found
from reconcile.providers.post.folder import FolderCarrier
from reconcile.providers.post.provider import post_provider
from reconcile.providers.post.smtp import SmtpCarrier, SubmissionServer
from reconcile.resources.address import Address
from reconcile.resources.resource import Live

ASKED = wanted("spf55")
LIST = ASKED.address
FIELDS = {"to": contact("spf55"), "day": "2025-01-20"}


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[Office, int]]:
    with office(tmp_path / "taken") as both:
        yield both


def at(folder: Path, port: int, minutes: int = 0) -> Provider:
    return provider(folder, port, MONDAY + dt.timedelta(minutes=minutes))


def seen(post: Provider) -> Observed:
    return post.reader.observe(Scope([ASKED], {"spf55.org": "spf55"})).observed[LIST]


def send(post: Provider, **fields: str) -> Live:
    return post.writer.create(Order(LIST, None, {**FIELDS, **fields}, frozenset()))


def test_a_connection_lost_before_the_letter_is_taken_sends_it_later(
    running: tuple[Office, int], tmp_path: Path
) -> None:
    taken, port = running
    taken.mood = "drop before"
    with pytest.raises(Problem) as told:
        send(at(tmp_path, port))
    assert told.value.code == "LET11"
    taken.mood = ""
    assert isinstance(seen(at(tmp_path, port, 5)), Unknown)
    with pytest.raises(Problem) as early:
        send(at(tmp_path, port, 5))
    assert early.value.code == "LET10"
    assert seen(at(tmp_path, port, 11)) == ABSENT
    send(at(tmp_path, port, 11))
    assert len(taken.delivered(contact("spf55"))) == 1


def test_a_connection_lost_once_the_letter_is_taken_sends_it_no_more(
    running: tuple[Office, int], tmp_path: Path
) -> None:
    taken, port = running
    taken.mood = "drop after"
    send(at(tmp_path, port))
    taken.mood = ""
    assert isinstance(seen(at(tmp_path, port, 60)), Live)
    send(at(tmp_path, port, 60))
    assert len(taken.delivered(contact("spf55"))) == 1


@pytest.mark.parametrize(
    ("mood", "code", "again"),
    [
        ("rcpt 550", "LET21", "mend"),
        ("rcpt 451", "LET21", "later"),
        ("554", "LET22", "mend"),
        ("451", "LET22", "later"),
    ],
)
def test_a_refusal_is_no_doubt_the_letter_did_not_leave(
    running: tuple[Office, int], tmp_path: Path, mood: str, code: str, again: str
) -> None:
    taken, port = running
    taken.mood = mood
    with pytest.raises(Problem) as told:
        send(at(tmp_path, port))
    assert (told.value.code, again in told.value.hint) == (code, True)
    assert seen(at(tmp_path, port)) == ABSENT
    taken.mood = ""
    send(at(tmp_path, port))
    assert len(taken.delivered(contact("spf55"))) == 1


def test_a_server_that_offers_no_encryption_gets_no_letter(running: tuple[Office, int], tmp_path: Path) -> None:
    taken, port = running
    post = provider(tmp_path, port, MONDAY, "starttls")
    with pytest.raises(Problem) as told:
        send(post)
    assert told.value.code == "LET20"
    assert taken.delivered(contact("spf55")) == []


def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(Problem) as told:
        send(at(tmp_path, 1))
    assert told.value.code == "LET20"
    assert seen(at(tmp_path, 1)) == ABSENT


def test_another_day_or_another_recipient_is_another_letter(running: tuple[Office, int], tmp_path: Path) -> None:
    taken, port = running
    send(at(tmp_path, port))
    send(at(tmp_path, port), day="2025-03-03")
    send(at(tmp_path, port), day="2025-03-03", to="anne@example.net")
    assert len(taken.delivered(contact("spf55"))) == 2
    assert len(taken.delivered("anne@example.net")) == 1
    assert len({path.name.partition(".")[0] for path in taken.folder.iterdir()}) == 3


def test_without_a_place_to_look_a_lost_letter_waits_for_somebody_to_say(
    running: tuple[Office, int], tmp_path: Path
) -> None:
    taken, port = running
    from reconcile.clock import SystemClock
    from reconcile.providers.post.book import LetterBook

    book, clock = LetterBook(tmp_path / "letters", SystemClock()), SystemClock()
    blind = SmtpCarrier(SubmissionServer("127.0.0.1", port, "none"), None)
    post = post_provider(book, blind, compose, clock, dt.timedelta(0))
    taken.mood = "drop before"
    with pytest.raises(Problem) as told:
        send(post)
    assert told.value.code == "LET11"
    shown = seen(post)
    assert isinstance(shown, Unknown)
    assert "reconcile letter settle spf55 list --sent, or --unsent" in shown.reason
    taken.mood = ""
    [sending] = book.read("spf55").sendings["list"]
    book.unsent("spf55", sending.message_id, "")
    send(post)
    assert len(taken.delivered(contact("spf55"))) == 1
    # Nobody reads the sender's mailbox: it gets no copy.
    assert taken.delivered("postmaster@secourspopulaire.example") == []


def test_a_folder_holds_each_letter_once_whole_and_for_its_owner_alone(tmp_path: Path) -> None:
    folder = FolderCarrier(tmp_path / "out")
    parcel = compose(Address("spf55", "notice", "list"), "a@example.net", "2025-01-20", 1)
    assert folder.find(parcel.message_id) is Found.NOT_THERE
    folder.deliver(parcel, lambda _: None)
    folder.deliver(parcel, lambda _: None)
    [file] = (tmp_path / "out").iterdir()
    assert file.read_bytes() == parcel.data
    assert file.stat().st_mode & 0o777 == 0o600
    assert folder.find(parcel.message_id) is Found.LEFT
