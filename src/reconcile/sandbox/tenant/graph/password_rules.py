"""What the tenant asks of a password."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from reconcile.sandbox.tenant.graph.refusal import bad_request


def check_password(values: Mapping[str, Any], upn: str) -> None:
    """8 to 256 characters, three of the four classes, without the sign-in name nor the person's names (Microsoft,
    "Eliminate bad passwords": from four letters on, disguised or not)."""
    password = str(values["passwordProfile"].get("password") or "")
    classes = sum(re.search(kind, password) is not None for kind in (r"[a-z]", r"[A-Z]", r"\d", r"[^A-Za-z0-9]"))
    if (
        not 8 <= len(password) <= 256
        or classes < 3
        or _holds_a_name(
            password, [upn.partition("@")[0], str(values.get("givenName") or ""), str(values.get("surname") or "")]
        )
    ):
        raise bad_request(
            "The specified password does not comply with password complexity requirements. Please provide a different "
            "password."
        )


def _holds_a_name(password: str, names: list[str]) -> bool:
    def compared(text: str) -> str:
        return text.lower().translate(str.maketrans("01$@", "olsa"))

    return any(len(name) >= 4 and compared(name) in compared(password) for name in names)
