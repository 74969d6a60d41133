"""The network's migration dates, as reconcile.toml gives them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field, model_validator

from reconcile.config.settings.mistake import mistake
from reconcile.language.phrase import Phrase

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Batch(BaseModel):
    """One migration date and how many federations it takes."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

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
            raise mistake(
                "order",
                Phrase(
                    "the batch of {date} takes {most} at most and {least} at least",
                    date=self.date,
                    most=self.most,
                    least=self.least,
                ),
            )
        return self


def batch_of(day: dt.date | None, batches: Sequence[Batch]) -> Batch | None:
    """The batch of that day; None when there is none."""
    return next((batch for batch in batches if batch.date == day), None)


def dates_once(batches: tuple[Batch, ...]) -> tuple[Batch, ...]:
    """The batches in the order of their dates. Raises pydantic's error when two have the same."""
    days = [batch.date for batch in batches]
    if twice := sorted({day for day in days if days.count(day) > 1}):
        raise mistake("order", Phrase("two batches are on {date}", date=twice[0].isoformat()))
    return tuple(sorted(batches, key=lambda batch: batch.date))
