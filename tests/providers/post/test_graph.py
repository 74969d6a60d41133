"""Letters as a mailbox of the tenant, on the sandbox's Graph: one draft, one sending, whatever is lost on the way."""

from __future__ import annotations

import datetime as dt
import email
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.providers.microsoft.world import World
from tests.providers.post.sending import compose

from reconcile.problem import Problem
from reconcile.providers.base import ABSENT, Order, Provider, Scope, Wanted
from reconcile.providers.microsoft.sender_mailbox import TenantMailbox, sender_mailbox
from reconcile.providers.outbox import Unsure
from reconcile.providers.post.book import LetterBook
from reconcile.providers.post.bounces import bounces
from reconcile.providers.post.carrier import Parcel
from reconcile.providers.post.graph import GraphCarrier
from reconcile.providers.post.provider import post_provider
from reconcile.resources.address import Address
from reconcile.resources.resource import Live

LIST = Address("spf55", "notice", "list")
FIELDS = {"to": "camille.dupont@example.net", "day": "2025-01-20"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "tenant")
    yield world
    world.stop()


@pytest.fixture
def sender(world: World) -> str:
    """A national mailbox, which letters are sent from."""
    return "contact@national.example"


@pytest.fixture
def mailbox(world: World, sender: str) -> TenantMailbox:
    return sender_mailbox(world.settings, world.server.client_secret, world.clock, sender, lambda: 0.5)


def post(world: World, mailbox: TenantMailbox, folder: Path, sender: str) -> Provider:
    def composed(address: Address, to: str, day: str, attempt: int) -> Parcel:
        parcel = compose(address, to, day, attempt)
        data = parcel.data.replace(b"postmaster@secourspopulaire.example>", f"{sender}>".encode(), 1)
        return Parcel(parcel.name, parcel.message_id, sender, to, data)

    book = LetterBook(folder / "letters", world.clock)
    return post_provider(book, GraphCarrier(mailbox, world.clock), composed, world.clock, dt.timedelta(minutes=10))


def send(office: Provider, **fields: str) -> Live:
    """What an apply does: look, then send what is not sent."""
    wanted = {**FIELDS, **fields}
    seen = office.reader.observe(Scope([Wanted(LIST, None)], {})).observed[LIST]
    if isinstance(seen, Live) and all(seen.fields[name] == value for name, value in wanted.items()):
        return seen
    return office.writer.create(Order(LIST, seen if isinstance(seen, Live) else None, wanted, frozenset(wanted)))


def sent(world: World, mailbox: TenantMailbox) -> list[str]:
    """The subjects of what has left, newest last."""
    rows = mailbox._graph.rows(mailbox._messages, ("id", "subject", "isDraft"))
    return [row["subject"] for row in rows if not row["isDraft"]]


def test_a_letter_is_a_draft_then_leaves_whole(
    world: World, mailbox: TenantMailbox, tmp_path: Path, sender: str
) -> None:
    office = post(world, mailbox, tmp_path, sender)
    assert office.reader.observe(Scope([Wanted(LIST, None)], {})).observed == {LIST: ABSENT}
    live = send(office)
    assert live.fields == {**FIELDS, "attempt": 1}
    assert send(office) == live
    assert sent(world, mailbox) == ["La liste de vos adresses"]
    found = mailbox.find(live.identity)
    assert found is not None
    whole = email.message_from_bytes(mailbox._graph.content(f"{mailbox._messages}/{found.id}/$value"))
    assert whole["Auto-Submitted"] == "auto-generated"
    assert whole["X-SPF-Letter"] == "spf55/list"
    assert {part.get_content_type() for part in whole.walk()} >= {"text/plain", "text/html"}


def first_try(office: Provider) -> str:
    """The code it ended with, "" when the letter left."""
    try:
        send(office)
    except Problem as problem:
        return problem.code
    return ""


@pytest.mark.parametrize(
    ("kind", "path"),
    list(itertools.product(("drop_answer", "late_error", "unavailable", "throttle", "busy"), ("/messages", "/send"))),
)
def test_whatever_answer_is_lost_one_letter_leaves(
    world: World, mailbox: TenantMailbox, tmp_path: Path, sender: str, kind: str, path: str
) -> None:
    world.fault(kind, f"POST /v1.0/users/{sender}{path}" if path == "/messages" else "/send")
    office = post(world, mailbox, tmp_path, sender)
    if first_try(office) == "LET11":
        world.clock.sleep(700)
        send(office)
    assert sent(world, mailbox) == ["La liste de vos adresses"]
    assert isinstance(office.reader.observe(Scope([Wanted(LIST, None)], {})).observed[LIST], Live)


def test_a_draft_leaves_once(mailbox: TenantMailbox, sender: str) -> None:
    parcel = compose(LIST, "camille.dupont@example.net", "2025-01-20", 1)
    draft = mailbox.draft(parcel.data.replace(b"postmaster@secourspopulaire.example>", f"{sender}>".encode(), 1))
    mailbox.send(draft)
    with pytest.raises(Unsure):
        mailbox.send(draft)


def test_a_mailbox_that_is_none_and_a_sender_that_is_another_are_told(world: World, mailbox: TenantMailbox) -> None:
    nobody = sender_mailbox(world.settings, world.server.client_secret, world.clock, "nobody@national.example")
    with pytest.raises(Problem, match="no mailbox nobody@national") as told:
        nobody.find("<x@national.example>")
    assert told.value.code == "LET24"
    draft = mailbox.draft(compose(LIST, "camille.dupont@example.net", "2025-01-20", 1).data)
    with pytest.raises(Problem, match="ErrorSendAsDenied"):
        mailbox.send(draft)


def test_without_the_permissions_the_letter_says_which(tmp_path: Path) -> None:
    world = World(tmp_path / "poor", permissions=["User.Read.All"])
    try:
        mailbox = sender_mailbox(world.settings, world.server.client_secret, world.clock, "contact@national.example")
        with pytest.raises(Problem) as told:
            mailbox.find("<x@national.example>")
        assert (told.value.code, "Mail.ReadWrite and Mail.Send" in told.value.hint) == ("LET24", True)
    finally:
        world.stop()


def test_what_came_back_names_the_letter_and_the_reason(
    world: World, mailbox: TenantMailbox, tmp_path: Path, sender: str
) -> None:
    live = send(post(world, mailbox, tmp_path, sender), to="camille@nulle-part.invalid")
    [report] = mailbox.reports(world.clock.now().date())
    [bounce] = bounces(report)
    assert (bounce.message_id, bounce.recipient) == (live.identity, "camille@nulle-part.invalid")
    assert bounce.sentence.startswith("5.4.310 550 5.4.310 DNS domain does not exist")
