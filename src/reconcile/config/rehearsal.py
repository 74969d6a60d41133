"""What a rehearsal found of one federation on one day. Pure; ``state.rehearsals`` keeps it."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Literal, get_args

#: Whose a domain is, as Microsoft's sign-in pages tell: ours, nobody's, a tenant nobody administers, another tenant.
Holder = Literal["ours", "free", "viral", "foreign", "unknown"]

HOLDERS: tuple[Holder, ...] = get_args(Holder)


@dataclasses.dataclass(frozen=True, slots=True)
class Rehearsal:
    """``held``: when, UTC. ``domains``: those tried, and whose each was. ``stands``: what stood in the way; nothing,
    then the rehearsal is green. ``switches``: settings of the tenant that would refuse mail."""

    federation: str
    held: dt.datetime
    domains: dict[str, Holder]
    stands: tuple[str, ...] = ()
    switches: tuple[str, ...] = ()

    @property
    def green(self) -> bool:
        return not self.stands
