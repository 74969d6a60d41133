"""The network's migration dates and prices, as reconcile.toml gives them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Batch(BaseModel):
    """One migration date and how many federations it takes."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    date: dt.date
    """Day J: the first day of the new mailboxes. All else is counted from it."""
    least: int = Field(default=20, ge=0)
    """Fewer federations than this are not worth the evening: only said, never refused."""
    most: int = Field(default=40, ge=1)
    """More federations than this are refused."""
    open: bool = True
    """Whether federations may still be moved to this date; those that have it keep it."""

    @model_validator(mode="after")
    def _in_order(self) -> Batch:
        if self.least > self.most:
            words = "the batch of {date} takes {most} at most and {least} at least"
            raise PydanticCustomError("order", words, {"date": self.date, "most": self.most, "least": self.least})
        return self


def batch_of(day: dt.date | None, batches: Sequence[Batch]) -> Batch | None:
    """The batch of that day; None when there is none."""
    return next((batch for batch in batches if batch.date == day), None)


def dates_once(batches: tuple[Batch, ...]) -> tuple[Batch, ...]:
    """The batches in the order of their dates. Raises pydantic's error when two have the same."""
    days = [batch.date for batch in batches]
    if twice := sorted({day for day in days if days.count(day) > 1}):
        raise PydanticCustomError("order", "two batches are on {date}", {"date": twice[0].isoformat()})
    return tuple(sorted(batches, key=lambda batch: batch.date))


class Prices(BaseModel):
    """What licences cost, and how many of them the national association takes on itself."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    E1: Decimal = Field(default=Decimal("2.76"), ge=0)
    """Euros a month, tax included."""
    E3: Decimal = Field(default=Decimal("8.24"), ge=0)
    """Euros a month, tax included."""
    e3_share: Fraction = Fraction(1, 3)
    """The share of a federation's licences that may be E3 without surcharge, such as "1/3"."""
    rounding: Literal["ceil", "floor", "exact"] = "ceil"
    """How that share becomes a number of licences: in the federation's favour, against it, or not rounded."""

    @field_validator("E1", "E3", mode="before")
    @classmethod
    def _no_binary_fraction(cls, written: object) -> object:
        return str(written) if isinstance(written, float) else written

    @field_validator("e3_share")
    @classmethod
    def _a_share(cls, share: Fraction) -> Fraction:
        if not 0 <= share <= 1:
            raise PydanticCustomError("share", "{share} is no share between 0 and 1", {"share": str(share)})
        return share
