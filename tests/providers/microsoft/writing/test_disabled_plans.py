"""Service plans that the network leaves out of each licence it gives."""

from __future__ import annotations

import pytest
from pydantic import ValidationError
from tests.providers.microsoft.world import DOMAIN, World

from reconcile.config.settings.tables.tenant.licences import Licences
from reconcile.providers.microsoft.wire.connection import connect
from reconcile.providers.microsoft.wire.transport import Transport
from reconcile.resources.resource import Value

ANNE = f"anne@{DOMAIN}"
PERSON: dict[str, Value] = {"licence": "E3", "display_name": "Anne", "aliases": (), "usage_location": "FR"}
SHAREPOINT_2 = "5dbe027f-2339-4123-9542-606e4d348a72"


@pytest.mark.parametrize(("names", "disabled"), [((), []), (("SHAREPOINTENTERPRISE", "TEAMS1"), [SHAREPOINT_2])])
def test_a_licence_is_given_without_the_plans_the_settings_leave_out(
    world: World, names: tuple[str, ...], disabled: list[str]
) -> None:
    licences = Licences(disabled_plans=names)
    world.provider = world.connect(settings=world.settings.model_copy(update={"licences": licences}))
    made = world.make("mailbox", ANNE, PERSON)
    assert made.fields["licence"] == "E3"
    sender = Transport(world.clock, lambda: 0.5, world.settings.tenant.ca_file)
    graph, _ = connect(world.settings.tenant, world.server.client_secret, sender, world.clock)
    (held,) = (graph.one(f"/users/{made.identity}", ("assignedLicenses",)) or {})["assignedLicenses"]
    assert held["disabledPlans"] == disabled


def test_the_plan_that_gives_a_mailbox_cannot_be_left_out() -> None:
    with pytest.raises(ValidationError, match="nobody has a mailbox"):
        Licences(disabled_plans=("EXCHANGE_S_STANDARD",))
