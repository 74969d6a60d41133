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
OFFICE = "43de0ff5-c92c-492b-9116-175376d08c38"
SHAREPOINT_2 = "5dbe027f-2339-4123-9542-606e4d348a72"


@pytest.mark.parametrize(("names", "disabled"), [((), []), (("SHAREPOINTENTERPRISE", "TEAMS1"), [SHAREPOINT_2])])
def test_a_licence_is_given_without_the_plans_the_settings_leave_out(
    world: World, names: tuple[str, ...], disabled: list[str]
) -> None:
    licences = Licences(disabled_plans=names)
    world.provider = world.connect(settings=world.settings.model_copy(update={"licences": licences}))
    made = world.make("mailbox", ANNE, PERSON)
    assert made.fields["licence"] == "E3"
    assert switched_off(world, made.identity) == disabled


def test_a_plan_switched_on_again_is_drift_and_what_others_switched_off_stays_off(world: World) -> None:
    names = ("SHAREPOINTENTERPRISE", "TEAMS1")  # the second is no part of this licence
    licences = Licences(disabled_plans=tuple(name.lower() for name in names))
    world.provider = world.connect(settings=world.settings.model_copy(update={"licences": licences}))
    person: dict[str, Value] = {**PERSON, "disabled_plans": names}
    made = world.make("mailbox", ANNE, person)
    assert made.fields["disabled_plans"] == names
    world.by_hand(ANNE, plans_off=["OFFICESUBSCRIPTION"])
    assert world.live("mailbox", ANNE).fields["disabled_plans"] == ("TEAMS1",)
    assert world.make("mailbox", ANNE, person).fields["disabled_plans"] == names
    assert switched_off(world, made.identity) == sorted([OFFICE, SHAREPOINT_2])


def test_a_mailbox_without_a_licence_has_no_plans_to_leave_out(world: World) -> None:
    licences = Licences(disabled_plans=("SHAREPOINTENTERPRISE",))
    world.provider = world.connect(settings=world.settings.model_copy(update={"licences": licences}))
    shared = world.make("mailbox", ANNE, {"licence": "shared", "display_name": "Anne", "aliases": ()})
    assert "disabled_plans" not in shared.fields


def switched_off(world: World, identity: str) -> list[str]:
    """The ids of the service plans that are off in the account's one licence."""
    sender = Transport(world.clock, lambda: 0.5, world.settings.tenant.ca_file)
    graph, _ = connect(world.settings.tenant, world.server.client_secret, sender, world.clock)
    (held,) = (graph.one(f"/users/{identity}", ("assignedLicenses",)) or {})["assignedLicenses"]
    return sorted(held["disabledPlans"])


def test_the_plan_that_gives_a_mailbox_cannot_be_left_out() -> None:
    with pytest.raises(ValidationError, match="nobody has a mailbox"):
        Licences(disabled_plans=("EXCHANGE_S_STANDARD",))
