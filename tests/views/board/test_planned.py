"""A saved plan on the board: deletions first, and nothing that says who somebody is."""

from __future__ import annotations

from reconcile.planning.plan.plan import Action, Cause, Change, FieldChange
from reconcile.resources.address import Address
from reconcile.resources.resource import Live
from reconcile.views.board.planned import planned

BOX = Address("spf55", "mailbox", "camille@spf55.org")
PERSON = {"display_name": "Camille Dupont", "first_name": "Camille", "last_name": "Dupont", "phone": "03 53 01 00 01"}


def test_deletions_come_first() -> None:
    kept = Change(Address("spf55", "domain", "spf55.org"), Action.CREATE, Cause.YAML, None, {"root": "spf55.org"})
    gone = Change(BOX, Action.DELETE, Cause.YAML, Live(BOX, {"licence": "E1"}), {})
    assert [one.action for one in planned([kept, gone])] == ["delete", "create"]


def test_that_a_name_is_written_is_told_and_the_name_is_not() -> None:
    wanted = {"licence": "E3", "aliases": ("c.d@spf55.org",), **PERSON}
    [made] = planned([Change(BOX, Action.CREATE, Cause.YAML, None, wanted)])
    [gone] = planned([Change(BOX, Action.DELETE, Cause.YAML, Live(BOX, wanted, context={"note": "Dupont"}), {})])
    fields = (
        FieldChange("licence", "E1", "E3", Cause.YAML),
        FieldChange("phone", "03 53 01 00 01", "03 53 01 00 02", Cause.DRIFT),
    )
    [moved] = planned([Change(BOX, Action.UPDATE, Cause.BOTH, Live(BOX, wanted), wanted, fields)])
    for one in (made, gone, moved):
        assert not any(value in repr(one) for value in (*PERSON.values(), "03 53 01 00 02"))
    assert made.withheld == gone.withheld == tuple(PERSON)
    assert moved.withheld == ("phone",)
    assert "licence E3" in made.facts
    assert "c.d@spf55.org" in repr(made.lines)
    assert moved.lines == ("licence E1 → E3",)
