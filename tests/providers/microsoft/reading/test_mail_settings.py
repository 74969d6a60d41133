"""Settings of the tenant that would refuse mail are found before anybody moves, and never taken for absent."""

from __future__ import annotations

from typing import Any

import pytest
from tests.providers.microsoft.world import SLUG, World

from reconcile.config.settings.tables.legacy.legacy import LegacyServer
from reconcile.providers.base import SETTINGS_CHECK, Scope, Wanted
from reconcile.resources.address import Address
from reconcile.resources.resource import Desired
from reconcile.sandbox.tenant.world.world import World as Content

ADDRESS = Address(SLUG, "mailbox", "anne.perrin@spf55.org")
NEW = Wanted(ADDRESS, Desired(ADDRESS, {"licence": "E1"}))
PARTNER = {"Name": "ancien", "ConnectorType": "Partner", "SenderIPAddresses": ["127.0.0.0/24"]}


def tenant(world: World) -> Content:
    """The tenant's content, to change it as an administrator would."""
    return world.server._control._world


def found(world: World, wanted: Wanted = NEW) -> list[str]:
    legacy = {"mutualise": LegacyServer(host="127.0.0.1", master_user="copieur")}
    reader = world.connect(settings=world.settings.model_copy(update={"legacy": legacy})).reader
    findings = reader.observe(Scope([wanted], {"spf55.org": SLUG, "verdun.spf55.org": SLUG})).findings
    assert {one.check for one in findings} <= {SETTINGS_CHECK}
    assert {(one.domain, one.federation) for one in findings} <= {("spf55.org", SLUG)}
    return [one.sentence for one in findings]


@pytest.mark.parametrize(
    ("reject", "inbound", "outbound", "words"),
    [
        (False, [], [], []),
        (True, [], [], ["RejectDirectSend"]),
        (True, [PARTNER], [], []),
        (True, [{**PARTNER, "Enabled": False}], [], ["RejectDirectSend"]),
        (True, [{**PARTNER, "SenderIPAddresses": ["192.0.2.1", "no address"]}], [], ["RejectDirectSend"]),
        (False, [{**PARTNER, "ConnectorType": "OnPremises"}], [], ["OnPremises"]),
        (False, [{"Name": "x", "ConnectorType": "OnPremises", "SenderIPAddresses": ["192.0.2.1"]}], [], []),
        (False, [], [{"Name": "tout", "AllAcceptedDomains": True}], ["all accepted domains"]),
        (False, [], [{"Name": "tout", "AllAcceptedDomains": True, "Enabled": False}], []),
        (False, [], [{"Name": "relais", "RecipientDomains": ["spf54.org"]}], []),
    ],
)
def test_each_setting_in_the_way_has_its_sentence(
    world: World, reject: bool, inbound: list[Any], outbound: list[Any], words: list[str]
) -> None:
    there = tenant(world)
    there.reject_direct_send, there.inbound_connectors, there.outbound_connectors = reject, inbound, outbound
    sentences = found(world)
    assert len(sentences) == len(words)
    assert all(word in sentence for word, sentence in zip(words, sentences, strict=True))


def test_a_federation_that_has_its_mailboxes_is_not_asked_about(world: World) -> None:
    tenant(world).reject_direct_send = True
    assert found(world, Wanted(ADDRESS, NEW.desired, identity="0f3c")) == []
