"""What every table of reconcile.toml has in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(min_length=1)]
Port = Annotated[int, Field(ge=1, le=65535)]


class Table(BaseModel):
    """A table of reconcile.toml: frozen, no key but those described."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
