"""What every mapping of a federation file has in common."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator


class Section(BaseModel):
    """A mapping of a federation file: frozen, no key but those described."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _an_empty_list_is_no_list(cls, written: Any) -> Any:
        """``aliases:`` with nothing after it, as when every line under it is commented out, is the default."""
        if not isinstance(written, dict) or None not in written.values():
            return written
        optional = {
            field.alias or name
            for name, field in cls.model_fields.items()
            if isinstance(field.default, tuple | dict | Section)
        }
        return {key: value for key, value in written.items() if value is not None or key not in optional}
