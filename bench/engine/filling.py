"""A tenant as an apply of the same YAML would have left it, filled directly and not by a hundred thousand calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconcile.resources.resource import Desired
from reconcile.sandbox.tenant.world import skus
from reconcile.sandbox.tenant.world.objects import Domain, Mailbox, Permission, User
from reconcile.sandbox.tenant.world.seed import furnish
from reconcile.sandbox.tenant.world.world import World

_PARTS = {"E1": skus.E1, "E3": skus.E3}


def fill(world: World, desired: Iterable[Desired]) -> None:
    """The national staff, and everything of ``desired`` that lives in the tenant; all settled, no delay running."""
    furnish(world)
    filling = _Filling(world)
    fillers = {
        "domain": filling.domain,
        "mailbox": filling.mailbox,
        "access": filling.access,
        "copy_access": filling.copy_access,
    }
    for kind, filler in fillers.items():
        for resource in desired:
            if resource.address.kind == kind:
                filler(resource)


class _Filling:
    def __init__(self, world: World) -> None:
        self._world = world
        self._boxes: dict[str, Mailbox] = {}
        self._sku_ids = {sku.part_number: sku.id for sku in world.skus.values()}

    def domain(self, resource: Desired) -> None:
        name = resource.address.key
        self._world.domains[name] = Domain(
            name, verified=True, services=["Email"], records_from=self._world.clock.now(), accepted_as="Authoritative"
        )

    def mailbox(self, resource: Desired) -> None:
        world, fields = self._world, resource.fields
        address = resource.address.key
        shared = fields["licence"] == "shared"
        # Exchange wants names that are unique in the tenant.
        nickname = address.partition(".org")[0].replace("@", ".")
        user = self._account(address, nickname, fields, f"reconcile:{resource.address.federation}")
        if not shared:
            user.licences[self._sku_ids[_PARTS[str(fields["licence"])]]] = []
        aliases = [f"smtp:{alias}" for alias in fields.get("aliases") or ()]  # type: ignore[union-attr]
        items = [f"SMTP:{address}", *aliases, f"smtp:{nickname}@{world.initial_domain}", world.storage_address()]
        box = world.add_mailbox(user, nickname, nickname, items, shared=shared)
        if shared:
            box.settings |= {"MessageCopyForSentAsEnabled": True, "MessageCopyForSendOnBehalfEnabled": True}
        self._boxes[address] = box

    def access(self, resource: Desired) -> None:
        box = self._boxes[resource.address.key]
        holders = {name: [self._boxes[who].user_id for who in value] for name, value in resource.fields.items()}  # type: ignore[union-attr]
        box.access += [Permission(holder, ["FullAccess"]) for holder in holders["full_access"]]
        box.send_as += holders["send_as"]
        box.on_behalf += holders["send_on_behalf"]

    def copy_access(self, resource: Desired) -> None:
        self._boxes[resource.address.key].access.append(Permission(self._world.copier_principal, ["FullAccess"]))

    def _account(self, address: str, nickname: str, fields: Mapping[str, Any], stamp: str) -> User:
        values = {
            "accountEnabled": fields.get("sign_in", True),
            "displayName": fields["display_name"],
            "mailNickname": nickname,
            "userPrincipalName": address,
            "givenName": fields.get("first_name"),
            "surname": fields.get("last_name"),
            "jobTitle": fields.get("job_title"),
            "businessPhones": [fields["phone"]] if fields.get("phone") else None,
            "employeeId": fields.get("atrium_id"),
            "usageLocation": fields.get("usage_location"),
            "onPremisesExtensionAttributes": {"extensionAttribute15": stamp},
        }
        user = self._world.add_user({name: value for name, value in values.items() if value is not None})
        user.listed_from = user.found_from
        return user
