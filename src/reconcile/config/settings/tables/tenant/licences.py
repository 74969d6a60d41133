"""The table [licences]: which subscriptions give which licence."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from reconcile.config.settings.mistake import mistake
from reconcile.config.settings.tables.table import Name, Table
from reconcile.language.phrase import Phrase

SkuPartNumbers = Annotated[tuple[Name, ...], Field(min_length=1)]


class Licences(Table):
    """skuPartNumbers accepted for each licence, in order of preference (the tenant may hold the EEA ones)."""

    E1: SkuPartNumbers = ("STANDARDPACK", "Office_365_w/o_Teams_Bundle_E1", "Office_365_E1_(no_Teams)")
    """Subscriptions that count as E1."""
    E3: SkuPartNumbers = ("ENTERPRISEPACK", "O365_w/o_Teams_Bundle_E3", "Office_365_E3_(no_Teams)")
    """Subscriptions that count as E3."""
    disabled_plans: tuple[str, ...] = Field(default=(), examples=[["TEAMS1"]])
    """Service plans left out of everybody's licence, by their names; none: nothing is said of them."""

    @field_validator("disabled_plans")
    @classmethod
    def _mail_stays(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name.upper().startswith("EXCHANGE"):
                raise mistake("disabled_plans", Phrase("without {name} nobody has a mailbox", name=name))
        return names
