"""The copier's access to a mailbox, however Exchange shows it, and the mailbox as it was once the copy is over."""

from __future__ import annotations

from typing import Any

import pytest
from tests.providers.microsoft.world import DOMAIN, World

from reconcile.providers.base import ABSENT
from reconcile.providers.microsoft.reading.sizes import bytes_in
from reconcile.providers.microsoft.wire.connection import connect
from reconcile.providers.microsoft.wire.transport import Transport
from reconcile.providers.microsoft.writing.access.copy_access import Before
from reconcile.resources.resource import Value

ANNE, CONTACT = f"anne@{DOMAIN}", f"contact@{DOMAIN}"
GRANTED: dict[str, Value] = {"granted": True}
PERSON: dict[str, Value] = {"licence": "E1", "display_name": "Anne", "aliases": (), "usage_location": "FR"}
SHARED: dict[str, Value] = {"licence": "shared", "display_name": "Contact", "aliases": (), "sign_in": False}


def office(world: World) -> World:
    world.add_domain()
    world.make("mailbox", ANNE, PERSON)
    world.make("mailbox", CONTACT, SHARED)
    world.make("access", CONTACT, {"full_access": (ANNE,), "send_as": (), "send_on_behalf": ()})
    return world


def shown(world: World, cmdlet: str, address: str) -> dict[str, Any]:
    """What Exchange shows of the mailbox."""
    sender = Transport(world.clock, lambda: 0.5, world.settings.tenant.ca_file)
    _, exchange = connect(world.settings.tenant, world.server.client_secret, sender, world.clock)
    return exchange.one(cmdlet, (), address, lambda row: row["PrimarySmtpAddress"] == address) or {}


@pytest.mark.parametrize("form", ["id", "sid", "name"])
def test_the_copier_is_recognised_however_exchange_shows_it(tenant: World, form: str) -> None:
    tenant.control("behaviour", {"switches": {"application_shown_as": form}})
    office(tenant)
    for address in (ANNE, CONTACT):
        assert tenant.see("copy_access", address) == ABSENT
        tenant.make("copy_access", address, GRANTED)
    tenant.new_run()
    for address in (ANNE, CONTACT):
        assert tenant.live("copy_access", address).fields == GRANTED
    assert tenant.live("access", CONTACT).fields["full_access"] == (ANNE,)
    for address in (ANNE, CONTACT):
        tenant.remove("copy_access", address)
        assert tenant.see("copy_access", address) == ABSENT
    assert tenant.live("access", CONTACT).fields["full_access"] == (ANNE,)


def test_imap_is_switched_on_for_the_copy_and_off_again_where_it_was_off(tenant: World) -> None:
    tenant.control("behaviour", {"switches": {"imap_off": "on"}})
    office(tenant)
    assert shown(tenant, "Get-CASMailbox", ANNE)["ImapEnabled"] is False
    tenant.make("copy_access", ANNE, GRANTED)
    assert shown(tenant, "Get-CASMailbox", ANNE)["ImapEnabled"] is True
    tenant.new_run()
    tenant.remove("copy_access", ANNE)
    assert shown(tenant, "Get-CASMailbox", ANNE)["ImapEnabled"] is False


def test_imap_switched_off_by_hand_is_a_difference_and_is_switched_on_again(tenant: World) -> None:
    office(tenant).make("copy_access", ANNE, GRANTED)
    tenant.by_hand(ANNE, imap=False)
    seen = tenant.live("copy_access", ANNE)
    assert (seen.fields, seen.context) == ({"granted": False}, {"imap": "switched off"})
    assert tenant.make("copy_access", ANNE, GRANTED).fields == GRANTED
    tenant.remove("copy_access", ANNE)
    assert shown(tenant, "Get-CASMailbox", ANNE)["ImapEnabled"] is True


def test_the_largest_message_goes_back_to_what_it_was(tenant: World) -> None:
    office(tenant)
    before = shown(tenant, "Get-Mailbox", ANNE)["MaxReceiveSize"]
    tenant.make("copy_access", ANNE, GRANTED)
    assert bytes_in(shown(tenant, "Get-Mailbox", ANNE)["MaxReceiveSize"]) == 150 * 1024**2
    tenant.by_hand(ANNE, imap=False)
    tenant.make("copy_access", ANNE, GRANTED)  # a second opening keeps what was noted first
    tenant.new_run()
    tenant.remove("copy_access", ANNE)
    after = shown(tenant, "Get-Mailbox", ANNE)
    assert (after["MaxReceiveSize"], after["CustomAttribute12"]) == (before, "")


@pytest.mark.parametrize("text", ["", "national", "reconcile:before-copy:", "reconcile:before-copy:imap=off,size=x"])
def test_a_note_that_is_not_ours_says_nothing(text: str) -> None:
    assert Before.read(text) is None


@pytest.mark.parametrize("before", [Before(imap=True, largest=37_748_736), Before(imap=False, largest=0)])
def test_a_note_is_read_as_it_was_written(before: Before) -> None:
    assert Before.read(before.text) == before
