"""What is known of a federation's addresses before its answer is read."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from reconcile.config.federation.federation import Federation
from reconcile.config.inventory.inventory import Inventory, LegacyAddress
from reconcile.documents.workbook.rows import Row


@dataclasses.dataclass(frozen=True, slots=True)
class Known:
    """``asked``: the row of each address in a workbook made today."""

    federation: Federation
    inventory: Inventory | None
    asked: Mapping[str, Row]

    @property
    def domains(self) -> tuple[str, ...]:
        return self.federation.domains

    @property
    def department(self) -> str:
        """As the whole code of a structure writes it; "" for a region."""
        code = self.federation.file.code
        return code.zfill(3) if code[:1].isdigit() else ""

    @property
    def outsiders(self) -> frozenset[str]:
        """People of other domains who may work in a shared mailbox."""
        return frozenset(self.federation.file.external_members)

    def decided(self, address: str) -> bool:
        """Whether the federation's file decides on it."""
        row = self.asked.get(address)
        return row is not None and bool(row["keep"])

    def old_mailbox(self, address: str) -> LegacyAddress | None:
        return self.inventory.mailbox(address) if self.inventory else None

    def is_new(self, address: str) -> bool:
        """Whether it is neither on the old host nor decided on."""
        if address not in self.asked:
            return True
        return not self.decided(address) and not (self.inventory and address in self.inventory.addresses)
