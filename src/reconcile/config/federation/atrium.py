"""A structure's number in Atrium, as a federation file may write it."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import PlainValidator, WithJsonSchema

from reconcile.config.federation.scalars import refuse, shown
from reconcile.language.phrase import Phrase

# PopStructure's "Code structure", ``ANT CE 055 0 00000 002689``: the department third, the Atrium number last.
ATRIUM_PATTERN = r"^(?:[A-Z]{2,4} +[A-Z]{2} +[0-9][0-9AB]{2} +[0-9] +[0-9]{5} +)?0*[1-9][0-9]{0,8}$"


class AtriumNumber(int):
    """A structure's number; ``department`` as the whole code says it ("055"), "" when only the number was written."""

    department: str = ""


def _atrium_id(value: Any) -> Any:
    if isinstance(value, int):
        return value if isinstance(value, AtriumNumber) else AtriumNumber(value)
    number = atrium_number(value) if isinstance(value, str) else None
    if number is None:
        hint = Phrase("write the number, like 2689, or the whole code, like ANT CE 055 0 00000 002689")
        refuse("SPF402", Phrase("{value} is not an Atrium identifier", value=shown(value)), hint)
    return number


def atrium_number(text: str) -> AtriumNumber | None:
    """A structure's number out of its digits or its whole code; None for what is neither."""
    if not re.fullmatch(ATRIUM_PATTERN, text.strip()):
        return None
    words = text.split()
    number = AtriumNumber(words[-1])
    number.department = words[2] if len(words) > 2 else ""
    return number


AtriumId = Annotated[
    int,
    PlainValidator(_atrium_id),  # pydantic's own would make a plain int of it
    WithJsonSchema(
        {
            "type": ["integer", "string"],
            "minimum": 1,
            "pattern": ATRIUM_PATTERN,
            "patternErrorMessage": "A number, like 2689, or the whole code, like ANT CE 055 0 00000 002689",
            "examples": [2689, "ANT CE 055 0 00000 002689"],
        }
    ),
]
