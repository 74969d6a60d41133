"""What a closed migration takes back, and what it leaves as it is: after its closing, never before. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reconcile.language.phrase import Phrase
from reconcile.planning.plan.plan import Action, Change
from reconcile.resources.address import Address

#: The note of what ends because a migration is closed.
CLOSED = Phrase("its migration is closed")
#: The note of a closing that the file asks for no longer: the migration goes on, to another last pass.
REOPENED = Phrase("its migration goes on: closed: was taken out")
#: Taken back: the copier's rights with the raised message sizes, and the copies.
ENDS = frozenset({"copy", "copy_access", "copy_back"})
#: Left as it is and forgotten: nobody is let in again, and mail goes on by its MX.
STAYS = frozenset({"lock", "handover"})


def closed_first(changes: Iterable[Change]) -> Mapping[Address, Sequence[Address]]:
    """What ends waits for the closing, which makes sure that nothing is lost by it."""
    listed = list(changes)
    closings = {
        one.address.federation: one.address
        for one in listed
        if one.address.kind == "closing" and one.action in (Action.CREATE, Action.UPDATE)
    }
    return {
        one.address: (closings[one.address.federation],)
        for one in listed
        if one.note == CLOSED and one.address.federation in closings
    }
