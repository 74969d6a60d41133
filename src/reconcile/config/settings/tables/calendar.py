"""The table [calendar]: what is due when, counted from a migration date."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from reconcile.config.settings.mistake import mistake
from reconcile.config.settings.tables.table import Table
from reconcile.language.phrase import Phrase


class Calendar(Table):
    """When things are due around a migration date, as civil time."""

    timezone: str = "Europe/Paris"
    """Where the days and times of the calendar are civil time."""
    lock: str = "16:00"
    """Time of day, on the eve of the migration date, by which their host closes the old mailboxes to their users; the
    gates must hold by then."""
    cutover: str = "18:00"
    """Time of day, on the eve, when mailboxes are created, the MX switches and copies start."""
    preparation_days: int = Field(default=7, ge=2, le=60)
    """Days before the migration date from which the TTL of what the switch changes is lowered."""
    authoritative_days: int = Field(default=2, ge=0, le=60)
    """Days after the switch from which the tenant refuses addresses of the domain that it does not know."""
    settled_days: int = Field(default=2, ge=0, le=60)
    """Days after it from which that TTL is raised again: until then going back takes minutes."""
    departure_days: int = Field(default=14, ge=0, le=400)
    """Days after it from which the old host no longer sends for the domain: its SPF include is taken out."""

    last_pass_days: int = Field(default=6, ge=6, le=60)
    """Days after it from which a last pass of the copies counts: senders try for five days (RFC 5321, 4.5.4.1), and one
    is for the old MX in their caches."""

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ValueError, OSError, ZoneInfoNotFoundError):
            raise mistake("timezone", Phrase("no time zone is called {name}", name=repr(name))) from None
        return name

    @model_validator(mode="after")
    def _the_lock_comes_first(self) -> Calendar:
        if dt.time.fromisoformat(self.lock) > dt.time.fromisoformat(self.cutover):
            raise mistake(
                "order",
                Phrase(
                    "the lock ({lock}) comes after the cutover ({cutover}), which copies what the lock holds still",
                    lock=self.lock,
                    cutover=self.cutover,
                ),
            )
        return self

    @field_validator("lock", "cutover")
    @classmethod
    def _time(cls, text: str) -> str:
        try:
            dt.time.fromisoformat(text)
        except ValueError:
            raise mistake("time", Phrase("{text} is no time of day, like 16:00", text=repr(text))) from None
        return text
