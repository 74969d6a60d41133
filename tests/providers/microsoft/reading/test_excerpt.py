"""What a plan of a few federations reads: fewer requests than the lists of all, and the same answers."""

from __future__ import annotations

import collections
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.providers.microsoft.world import DOMAIN, DOMAINS, SLUG, Build, World

from reconcile.providers.base import Absent, Observation, Scope, Unknown, Wanted
from reconcile.resources.address import Address
from reconcile.resources.resource import Desired, Live, Value
from reconcile.sandbox.tenant.behaviour.delays import Delays
from reconcile.sandbox.tenant.behaviour.profiles import Profile

ANNE, LOU, ZOE, CONTACT = (f"{name}@{DOMAIN}" for name in ("anne", "lou", "zoe", "contact"))
#: Of the tenant's national staff: she belongs to no federation.
OUTSIDER = "helene.marchand@national.example"
PERSON: dict[str, Value] = {"licence": "E1", "display_name": "Anne", "aliases": (), "usage_location": "FR"}
SHARED: dict[str, Value] = {"licence": "shared", "display_name": "Contact", "aliases": (), "sign_in": False}
RIGHTS: dict[str, Value] = {"full_access": (ANNE, OUTSIDER), "send_as": (ANNE,), "send_on_behalf": (OUTSIDER,)}
MAILBOXES: Mapping[str, dict[str, Value]] = {ANNE: PERSON, LOU: PERSON, CONTACT: SHARED}
#: So many mail domains as all federations together declare.
MANY = 100


def wanted(world: World, mailboxes: Mapping[str, dict[str, Value]] = MAILBOXES) -> list[Wanted]:
    """Everything of the federation, with the identities that a first look told."""
    described: list[tuple[str, str, Mapping[str, Value]]] = [
        ("domain", DOMAIN, {"root": DOMAIN}),
        ("domain_verification", DOMAIN, {"verified": True}),
        ("mail_flow", DOMAIN, {"type": "Authoritative"}),
        ("dkim", DOMAIN, {"keys": True}),
        *(("mailbox", key, {**fields, "primary": key}) for key, fields in mailboxes.items()),
        *(("copy_access", key, {"granted": True}) for key in mailboxes),
        *(("access", key, RIGHTS) for key, fields in mailboxes.items() if fields["licence"] == "shared"),
    ]
    found = []
    for kind, key, fields in described:
        shown = world.see(kind, key)
        identity = shown.identity if isinstance(shown, Live) else ""
        address = Address(SLUG, kind, key)
        found.append(Wanted(address, Desired(address, fields), identity))
    return found


def observed(world: World, asked: list[Wanted], declared: int = MANY) -> Observation:
    return world.provider.reader.observe(Scope(asked, DOMAINS, declared=declared))


def settled(world: World) -> None:
    """A federation that was applied."""
    for key, fields in MAILBOXES.items():
        world.make("mailbox", key, fields)
    world.make("access", CONTACT, RIGHTS)
    for key in MAILBOXES:
        world.make("copy_access", key, {"granted": True})
    world.clock.sleep(60)


@pytest.fixture
def federation(world: World) -> World:
    settled(world)
    return world


def last_run(record: Path) -> collections.Counter[str]:
    """The requests of the last run of the recording, by what they ask: a run begins with signing in."""
    (har,) = record.glob("*.har")
    asked = [entry["request"] for entry in json.loads(har.read_text())["log"]["entries"]]
    began = max(n for n, one in enumerate(asked) if one["url"].endswith("openid-configuration"))
    return collections.Counter(map(purpose, asked[began:]))


def purpose(request: dict[str, Any]) -> str:
    """The collection of Graph's, or the cmdlet; for a batch, that of its first part."""
    path = request["url"].partition("?")[0]
    if "adminapi" not in path:
        return f"graph {path.rpartition('/')[2]}" if "/v1.0/" in path else "sign-in"
    body = json.loads(request["postData"]["text"])
    first = body["requests"][0]["body"] if "requests" in body else body
    return str(first["CmdletInput"]["CmdletName"])


@pytest.mark.parametrize("declared", [MANY, 0])
def test_one_federation_of_many_costs_one_request_of_the_directory(build: Build, tmp_path: Path, declared: int) -> None:
    world = build(record=tmp_path / "har")
    world.add_domain()
    settled(world)
    asked = wanted(world)
    world.new_run()
    observed(world, asked, declared)
    world.stop()
    spent = last_run(tmp_path / "har")
    directory = {name: count for name, count in spent.items() if name.startswith("graph")}
    if declared:
        assert directory == {"graph $batch": 1}
        assert "Get-DkimSigningConfig" not in spent, "asked in one request with the accepted domains"
        # One more of the recipients than of the mailboxes: for the delegate of no federation.
        assert (spent["Get-Mailbox"], spent["Get-Recipient"]) == (1, 2)
    else:
        assert directory.keys() == {
            "graph users",
            "graph domains",
            "graph subscribedSkus",
            "graph microsoft.graph.user",
            "graph $batch",
        }


def test_it_tells_what_the_lists_of_all_tell(federation: World) -> None:
    for kind, address in (
        ("contact", f"presse@{DOMAIN}"),
        ("guest", f"tresor@{DOMAIN}"),
        ("group", f"bureau@{DOMAIN}"),
    ):
        federation.control("recipient", {"kind": kind, "address": address})
    federation.by_hand(ANNE, display_name="Anne Perrin", add_full_access=f"bureau@{DOMAIN}")
    federation.by_hand(CONTACT, add_send_as=LOU)
    stranger = account(federation, f"stagiaire@{DOMAIN}")
    beyond = {**MAILBOXES, ZOE: {**PERSON, "aliases": (f"bureau@{DOMAIN}",)}, f"presse@{DOMAIN}": SHARED}
    asked = wanted(federation, beyond)
    federation.clock.sleep(60)
    part, whole = (observed(federation, asked, declared) for declared in (MANY, 0))
    assert part == whole
    assert Address(SLUG, "mailbox", stranger) in part.unmanaged
    assert isinstance(part.observed[Address(SLUG, "mailbox", ZOE)], Unknown), "the group has its alias"
    rights = part.observed[Address(SLUG, "access", CONTACT)]
    assert isinstance(rights, Live)
    assert OUTSIDER in str(rights.fields["full_access"]), "whoever belongs to no federation is asked for by name"


def test_a_change_is_seen_before_the_index_of_searches_knows_it(build: Build) -> None:
    world = build(delays=Delays(search_index=5000))
    world.add_domain()
    settled(world)
    asked = wanted(world)
    observed(world, asked)
    world.by_hand(ANNE, display_name="Anne Perrin")
    shown = observed(world, asked).observed[Address(SLUG, "mailbox", ANNE)]
    assert isinstance(shown, Live)
    assert shown.fields["display_name"] == "Anne Perrin"


def test_an_account_of_a_wanted_name_is_seen_before_the_index_of_searches_knows_it(build: Build) -> None:
    world = build(delays=Delays(search_index=5000))
    world.add_domain()
    asked = wanted(world, {ZOE: PERSON})
    account(world, ZOE)
    world.clock.sleep(60)
    assert isinstance(observed(world, asked).observed[Address(SLUG, "mailbox", ZOE)], Live)


def test_a_recorded_mailbox_is_found_wherever_its_addresses_went(federation: World) -> None:
    asked = wanted(federation)
    tenant = federation.server.world
    with tenant.lock:
        user = tenant.user_named(LOU)
        assert user is not None
        tenant.set_addresses(user.id, ["SMTP:lou@national.example"])
        tenant.set_sign_in(user, "lou@national.example")
    part, whole = (observed(federation, asked, declared) for declared in (MANY, 0))
    assert part == whole
    shown = part.observed[Address(SLUG, "mailbox", LOU)]
    assert isinstance(shown, Live)
    assert shown.fields["primary"] == "lou@national.example"


def test_a_holder_exchange_does_not_know_is_nobody_even_where_an_unknown_identity_lists_everything(
    build: Build,
) -> None:
    world = build(profile=Profile("careless", unknown_is_all=True))
    world.add_domain()
    settled(world)
    asked = wanted(world)
    tenant = world.server.world
    with tenant.lock:
        box = next(box for box in tenant.connected() if f"SMTP:{CONTACT}" in box.addresses)
        box.on_behalf.append("somebody who went")
    part, whole = (observed(world, asked, declared) for declared in (MANY, 0))
    assert part.observed[Address(SLUG, "access", CONTACT)] == whole.observed[Address(SLUG, "access", CONTACT)]


def test_what_was_deleted_is_absent(federation: World) -> None:
    asked = wanted(federation)
    federation.by_hand(LOU, delete=True)
    shown = observed(federation, asked).observed[Address(SLUG, "mailbox", LOU)]
    assert isinstance(shown, Absent)
    assert shown == observed(federation, asked, declared=0).observed[Address(SLUG, "mailbox", LOU)]


@pytest.mark.parametrize("cut", ["Get-Mailbox", "Get-Recipient"])
def test_a_filter_whose_answer_is_cut_short_is_left_for_the_whole_list(federation: World, cut: str) -> None:
    asked = wanted(federation)
    whole = observed(federation, asked, declared=0)
    federation.fault("truncate", cut, count=2)
    assert observed(federation, asked) == whole


def account(world: World, name: str) -> str:
    """An account somebody made by hand a moment ago."""
    tenant = world.server.world
    with tenant.lock:
        tenant.add_user(
            {
                "accountEnabled": True,
                "displayName": "Un compte",
                "mailNickname": name.partition("@")[0],
                "userPrincipalName": name,
            }
        )
    return name
