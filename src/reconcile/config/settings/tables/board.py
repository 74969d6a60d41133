"""The table [board]: where the board is reached beyond its own machine, and who may look."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from reconcile.config.settings.tables.table import Name, Table


def _address(text: str) -> str:
    if re.fullmatch(r"https://[a-z0-9.-]+(:[0-9]{1,5})?", text) is None:
        words = "{text} is no address like https://board.example: https, a name in small letters, no path"
        raise PydanticCustomError("address", words, {"text": repr(text)})
    return text


class BoardAccess(Table):
    """Whoever looks at the board from elsewhere signs in to the tenant, and holds the application's role."""

    address: Annotated[str, AfterValidator(_address)]
    """The address browsers reach it by, as https://board.example; a proxy in front ends the encryption."""
    client_id: Name
    """The app registration people sign in to; one of its own, that may do nothing else."""
    client_secret_file: Path | None = None
    """File holding that registration's secret; the environment variable RECONCILE_BOARD_SECRET comes first."""
    role: Name = "Board.Read"
    """The value of the app role that lets somebody look."""
    hours: int = Field(default=8, ge=1, le=24)
    """After so many hours one signs in again."""
