"""Several sources' answers put together: who is believed, what an address is, and what stays unknown."""

from __future__ import annotations

import datetime as dt

import pytest

from reconcile.config.inventory.inventory import Aspect, Inventory, Kind
from reconcile.problem import Problem
from reconcile.providers.legacy.inventory.contract import Found, Reading, Scope
from reconcile.providers.legacy.inventory.gathering import Asked, Gathered, gather

NOW = dt.datetime(2025, 1, 6, 8, 30, 12, 987654, dt.UTC)
MEUSE = Asked("spf55", ("spf55.org", "verdun.spf55.org"), {"k0412": "camille@spf55.org"})
VOSGES = Asked("spf88", ("spf88.org",), {})
EVERYTHING: frozenset[Aspect] = frozenset({"mailboxes", "aliases", "lists", "catch_alls"})


class Told:
    """A source that says what it is given, and remembers what it was asked."""

    def __init__(
        self, *found: Found, name: str = "sql", covers: frozenset[Aspect] = EVERYTHING, **troubles: str
    ) -> None:
        self.name = name
        self.asked: Scope | None = None
        self._reading = Reading(found, covers, troubles)  # type: ignore[arg-type]

    def read(self, scope: Scope) -> Reading:
        self.asked = scope
        return self._reading


class Silent(Told):
    def read(self, scope: Scope) -> Reading:
        raise Problem("INV11", "Cannot reach the database vmail.", "is it up?")


def box(address: str, **known: object) -> Found:
    return Found(address, "mailbox", **known)  # type: ignore[arg-type]


def gathered(*sources: Told, asked: tuple[Asked, ...] = (MEUSE,), **more: object) -> Gathered:
    return gather("mutualise", sources, asked, NOW, **more)  # type: ignore[arg-type]


def meuse(*sources: Told, **more: object) -> Inventory:
    return gathered(*sources, **more).inventories[0]


def test_each_federation_gets_what_is_in_its_own_domains_and_nothing_else() -> None:
    source = Told(box("a@spf55.org"), box("b@verdun.spf55.org"), box("c@spf88.org"), box("d@spf08.org"))
    found = gathered(source, asked=(MEUSE, VOSGES))
    assert [list(one.addresses) for one in found.inventories] == [
        ["a@spf55.org", "b@verdun.spf55.org"],
        ["c@spf88.org"],
    ]
    assert {one.taken for one in found.inventories} == {NOW.replace(microsecond=0)}
    assert source.asked == Scope(("spf55.org", "verdun.spf55.org", "spf88.org"), {"k0412": "camille@spf55.org"})


@pytest.mark.parametrize(
    ("said", "targets", "kind"),
    [
        (None, ["a@spf55.org"], "alias"),
        (None, ["a@verdun.spf55.org"], "alias"),
        ("alias", ["a@example.net"], "forward"),
        ("forward", ["a@spf55.org"], "alias"),
        (None, ["a@spf55.org", "b@example.net"], "list"),
        ("list", ["a@spf55.org"], "list"),
        ("mailbox", ["a@example.net"], "mailbox"),
        (None, ["x@spf55.org"], "alias"),
    ],
)
def test_what_an_address_is_shows_in_where_its_messages_go(said: Kind | None, targets: list[str], kind: Kind) -> None:
    (one,) = meuse(Told(Found("x@spf55.org", said, targets=tuple(targets)))).addresses.values()
    assert one.kind == kind
    assert one.targets == tuple(target for target in targets if target != "x@spf55.org")


def test_a_mailbox_that_also_sends_on_is_a_mailbox_with_targets() -> None:
    identity = Found("a@spf55.org", None, targets=("a@spf55.org",))
    copied = Found("a@spf55.org", "alias", targets=("a@spf55.org", "home@example.net"))
    for rows in ([box("a@spf55.org"), identity, copied], [copied, box("a@spf55.org")]):
        (one,) = meuse(Told(*rows)).addresses.values()
        assert (one.kind, one.targets) == ("mailbox", ("home@example.net",))


def test_sources_complete_each_other_and_the_first_who_knows_is_believed() -> None:
    listing = Told(box("camille@spf55.org", login="k0412", size=1, last_used=dt.date(2025, 1, 3)))
    weighing = Told(box("camille@spf55.org", login="K0412", size=2, messages=7, filters=()), name="doveadm")
    (one,) = meuse(listing, weighing).addresses.values()
    assert (one.login, one.size, one.messages, one.filters) == ("k0412", 1, 7, ())
    assert one.last_used == dt.date(2025, 1, 3)


def test_what_one_source_knows_of_logins_is_told_to_the_next() -> None:
    listing = Told(box("zoe@spf55.org", login="K0413"))
    weighing = Told(Found("", "mailbox", login="k0413", size=9), name="doveadm", covers=frozenset())
    inventory = meuse(listing, weighing)
    assert weighing.asked is not None
    assert weighing.asked.logins == {"k0412": "camille@spf55.org", "k0413": "zoe@spf55.org"}
    assert inventory.addresses["zoe@spf55.org"].size == 9
    assert inventory.sources == ("sql", "doveadm")


def test_the_host_knows_better_than_a_file_which_address_a_login_opens() -> None:
    listing = Told(box("other@spf55.org", login="k0412"), box("camille@spf55.org", login="k0500"))
    weighing = Told(Found("", "mailbox", login="k0412", size=9), name="doveadm", covers=frozenset())
    inventory = meuse(listing, weighing)
    assert inventory.addresses["other@spf55.org"].size == 9
    assert inventory.addresses["camille@spf55.org"].size is None
    assert meuse(weighing).addresses["camille@spf55.org"].size == 9


def test_a_login_nobody_knows_the_address_of_leaves_the_mailboxes_unknown() -> None:
    alone = Told(box("a@spf55.org", login="a"), Found("", "mailbox", login="k9999"), name="doveadm")
    found = gathered(alone)
    assert found.strays == ("k9999",)
    assert found.inventories[0].unknown["mailboxes"] == "nobody knows the address of 1 login: k9999"
    sure = gathered(Told(box("a@spf55.org", login="a")), alone)
    assert (sure.strays, "mailboxes" in sure.inventories[0].unknown) == (("k9999",), False)


@pytest.mark.parametrize(
    ("source", "reason"), [(Silent(), "sql: Cannot reach the database vmail."), (None, "no source tells")]
)
def test_what_nobody_could_list_is_unknown_with_the_reason(source: Told | None, reason: str) -> None:
    boxes = Told(box("a@spf55.org", size=1, messages=1), name="doveadm", covers=frozenset({"mailboxes"}))
    found = gathered(*([source] if source else []), boxes)
    unknown = found.inventories[0].unknown
    assert {aspect: unknown[aspect] for aspect in ("aliases", "lists", "catch_alls")} == dict.fromkeys(
        ("aliases", "lists", "catch_alls"), reason
    )
    assert "mailboxes" not in unknown
    assert "sizes" not in unknown
    assert list(found.failed) == (["sql"] if source else [])


def test_a_source_s_words_never_move_the_cursor() -> None:
    told = Told(box("a@spf55.org"), covers=frozenset(), mailboxes="oups\x1b[2J\nhello")
    assert meuse(told).unknown["mailboxes"] == "sql: oups [2J hello"


def test_a_listing_with_a_trouble_is_no_whole_listing_unless_another_is() -> None:
    cut = Told(box("a@spf55.org"), mailboxes="3 of its addresses are malformed")
    assert meuse(cut).unknown["mailboxes"] == "sql: 3 of its addresses are malformed"
    assert "mailboxes" not in meuse(cut, Told(box("a@spf55.org"), name="csv")).unknown


def test_a_domain_without_any_mailbox_was_more_likely_not_read() -> None:
    found = gathered(Told(box("a@spf55.org")), asked=(MEUSE, VOSGES))
    assert "mailboxes" not in found.inventories[0].unknown
    assert found.inventories[1].unknown["mailboxes"] == "no mailbox was found in spf88.org"


def test_what_is_not_known_of_some_mailboxes_names_them() -> None:
    boxes = [box(f"{letter}@spf55.org") for letter in "abcde"]
    some = meuse(Told(*boxes, box("z@spf55.org", size=4)))
    assert some.unknown["sizes"] == "not known of a@spf55.org, b@spf55.org, c@spf55.org and 2 more"
    assert some.unknown["messages"] == "no source tells"
    weighed = meuse(Told(*boxes), Told(*(box(one.address, size=0) for one in boxes), name="imap", covers=frozenset()))
    assert "sizes" not in weighed.unknown


def test_a_protected_address_is_nobody_s_to_decide_on_and_its_login_is_kept_apart() -> None:
    source = Told(box("postmaster@spf55.org", login="ADMIN"), box("a@spf55.org", login="a"))
    inventory = meuse(source, protected=frozenset({"postmaster@spf55.org"}))
    assert list(inventory.addresses) == ["a@spf55.org"]
    assert (inventory.protected_logins, inventory.logins) == (("admin",), {"a"})


def test_a_catch_all_is_one_whatever_it_is_called() -> None:
    (one,) = meuse(Told(Found("@spf55.org", "alias", targets=("a@spf55.org",)))).addresses.values()
    assert one.kind == "catch_all"
