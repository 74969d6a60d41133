"""A value of reconcile.toml that is of the right type and still makes no sense."""

from __future__ import annotations

from pydantic_core import PydanticCustomError


def mistake(kind: str, said: str) -> PydanticCustomError:
    """The error pydantic carries to whoever tells it, the sentence whole: a Phrase stays one."""
    return PydanticCustomError(kind, "{said}", {"said": said})
