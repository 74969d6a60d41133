"""The subscriptions of a French tenant bought since 2024: E1 and E3 without Teams, and the free ones."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping


@dataclasses.dataclass(frozen=True, slots=True)
class ServicePlan:
    id: str
    name: str


@dataclasses.dataclass(slots=True)
class Sku:
    id: str
    part_number: str
    plans: tuple[ServicePlan, ...]
    enabled: int

    @property
    def exchange_plan(self) -> ServicePlan | None:
        """The plan that gives a mailbox, if this subscription has one."""
        return next(
            (plan for plan in self.plans if plan.name in ("EXCHANGE_S_STANDARD", "EXCHANGE_S_ENTERPRISE")), None
        )


def _plan(name: str, id_: str = "") -> ServicePlan:
    return ServicePlan(id_ or str(uuid.uuid5(uuid.NAMESPACE_OID, name)), name)


_EXCHANGE_1 = _plan("EXCHANGE_S_STANDARD", "9aaf7827-d63c-4b61-89c3-182f06f82e5c")
_EXCHANGE_2 = _plan("EXCHANGE_S_ENTERPRISE", "efb87545-963c-4e0d-99df-69c6916d9eb0")
_SHAREPOINT_1 = _plan("SHAREPOINTSTANDARD", "c7699d2e-19aa-44de-8edf-1736da088ca1")
_SHAREPOINT_2 = _plan("SHAREPOINTENTERPRISE", "5dbe027f-2339-4123-9542-606e4d348a72")
_OFFICE = _plan("OFFICESUBSCRIPTION", "43de0ff5-c92c-492b-9116-175376d08c38")

E1 = "Office_365_w/o_Teams_Bundle_E1"
E3 = "O365_w/o_Teams_Bundle_E3"
_TEAMS = "Microsoft_Teams_EEA_New"

_TEAMS_PLAN = _plan("TEAMS1")
#: skuPartNumber → skuId and plans (Microsoft, "Product names and service plan identifiers for licensing").
_OLDER = {
    "STANDARDPACK": ("18181a46-0d4e-45cd-891e-60aabd171b4e", (_EXCHANGE_1, _SHAREPOINT_1, _TEAMS_PLAN)),
    "ENTERPRISEPACK": ("6fd2c87f-b296-42f0-b197-1e91e994b900", (_EXCHANGE_2, _SHAREPOINT_2, _OFFICE, _TEAMS_PLAN)),
    "Office_365_E1_(no_Teams)": ("f8ced641-8e17-4dc5-b014-f5a2d53f6ac8", (_EXCHANGE_1, _SHAREPOINT_1)),
    "Office_365_E3_(no_Teams)": ("46c3a859-c90d-40b3-9551-6178a48d5c18", (_EXCHANGE_2, _SHAREPOINT_2, _OFFICE)),
}


def subscriptions(seats: Mapping[str, int] | None) -> dict[str, Sku]:
    """Every subscription by its skuId; ``seats`` overrides the number bought, by skuPartNumber or ``E1``/``E3``. Those
    that a tenant bought before 2024 may have too are there when some were bought."""
    bought = {"E1": 60, "E3": 30, **(seats or {})}
    named = {E1: bought.pop("E1"), E3: bought.pop("E3"), "FLOW_FREE": 10000, _TEAMS: 40, **bought}
    skus = (
        Sku("b57282e3-65bd-4252-9502-c0eae1e5ab7f", E1, (_EXCHANGE_1, _SHAREPOINT_1), named[E1]),
        Sku("d711d25a-a21c-492f-bd19-aae1e8ebaf30", E3, (_EXCHANGE_2, _SHAREPOINT_2, _OFFICE), named[E3]),
        Sku("7e31c0d9-9551-471d-836f-32ee72be4a01", _TEAMS, (_TEAMS_PLAN,), named[_TEAMS]),
        Sku("f30db892-07e9-47e9-837c-80727f46fd3d", "FLOW_FREE", (_plan("FLOW_P2_VIRAL"),), named["FLOW_FREE"]),
        *(Sku(id_, part, plans, named[part]) for part, (id_, plans) in _OLDER.items() if part in named),
    )  # fmt: skip
    return {sku.id: sku for sku in skus}
