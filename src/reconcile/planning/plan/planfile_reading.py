"""From the JSON of a plan file back to the plan. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any

from reconcile.language.made_of import sentences_again
from reconcile.planning.costs import from_object
from reconcile.planning.gates.gate import Gate
from reconcile.planning.left_out import LeftOut
from reconcile.planning.plan.plan import Action, Basis, Blocked, Cause, Change, FieldChange, Plan, SeatCount
from reconcile.planning.splits import Late, Split
from reconcile.providers.base import Finding, Weight
from reconcile.resources.address import Address
from reconcile.resources.resource import Live, Origin, Reference, Value


def read(body: Mapping[str, Any]) -> Plan:
    """Raises KeyError, TypeError, ValueError, AttributeError or OverflowError for what this version does not write."""
    told = sentences_again(body.get("sentences", {}))

    def said(text: str) -> str:
        return told.get(text, text)

    return Plan(
        created=dt.datetime.fromisoformat(body["created"]),
        expires=dt.datetime.fromisoformat(body["expires"]),
        tool=body["tool"],
        basis={slug: Basis(**one) for slug, one in body["basis"].items()},
        changes=tuple(_read_change(one, said) for one in body["changes"]),
        blocked=tuple(
            Blocked(
                Address.parse(one["address"]),
                said(one["reason"]),
                Address.parse(one["because"]) if one["because"] else None,
            )
            for one in body["blocked"]
        ),
        unchanged=body["summary"]["unchanged"],
        unmanaged=tuple(Address.parse(text) for text in body["unmanaged"]),
        outputs={Address.parse(text): _read_plain(outputs) for text, outputs in body["outputs"].items()},
        partial=body["partial"],
        findings=tuple(
            Finding(**{**one, "weight": Weight(one["weight"]), "sentence": said(one["sentence"])})
            for one in body.get("findings", ())
        ),
        gates=tuple(_read_gate(one, said) for one in body.get("gates", ())),
        splits=tuple(
            Split(one["federation"], tuple(one["domains"]), one["moved"], tuple(map(Address.parse, one["waiting"])))
            for one in body.get("splits", ())
        ),
        left_out=tuple(LeftOut(**{**one, "why": said(one["why"])}) for one in body.get("left_out", ())),
        costs=tuple(from_object(one) for one in body.get("costs", ())),
        late=tuple(Late(one["federation"], tuple(map(Address.parse, one["waiting"]))) for one in body.get("late", ())),
        seats=tuple(
            SeatCount(
                **{**one, **{name: tuple(map(Address.parse, one[name])) for name in ("lacking", "takers", "givers")}}
            )
            for one in body["seats"]
        ),
    )


def _read_gate(one: Mapping[str, Any], said: Callable[[str], str]) -> Gate:
    lock = dt.datetime.fromisoformat(one["lock"])
    return Gate(**{**one, "lock": lock, "why": said(one["why"]), "hint": said(one["hint"])})


def _read_change(one: Mapping[str, Any], said: Callable[[str], str]) -> Change:
    address = Address.parse(one["address"])
    before = one["before"]
    origin = one["origin"]
    wanted = {name: _read_value(value) for name, value in one["wanted"].items()}
    return Change(
        address=address,
        action=Action[one["action"].upper()],
        cause=Cause(one["cause"]),
        before=before
        and Live(
            address,
            _read_plain(before["fields"]),
            before["identity"],
            _read_plain(before["outputs"]),
            _read_plain(before["context"]),
        ),
        wanted=wanted,
        fields=_read_fields(one, wanted),
        after=tuple(Address.parse(text) for text in one["after"]),
        due=dt.datetime.fromisoformat(one["due"]) if one["due"] else None,
        origin=origin and Origin(PurePath(origin["path"]), origin["line"], origin["column"]),
        note=said(one["note"]),
        protected=one["protected"],
        moved_from=Address.parse(one["moved_from"]) if one["moved_from"] else None,
        behind=tuple(Address.parse(text) for text in one.get("behind", ())),
        spare=one.get("spare", 0),
    )


def _read_fields(one: Mapping[str, Any], wanted: Mapping[str, Value | Reference]) -> tuple[FieldChange, ...]:
    if Action[one["action"].upper()] is Action.CREATE:
        cause = Cause(one["cause"])
        return tuple(FieldChange(name, None, value, cause) for name, value in wanted.items())
    return tuple(
        FieldChange(field["name"], _read_known(field["before"]), _read_value(field["after"]), Cause(field["cause"]))
        for field in one["fields"]
    )


def _read_plain(values: Mapping[str, Any]) -> dict[str, Value]:
    return {name: _read_known(value) for name, value in values.items()}


def _read_known(value: Any) -> Value:
    return tuple(value) if isinstance(value, list) else value


def _read_value(value: Any) -> Value | Reference:
    if isinstance(value, dict):
        return Reference(Address.parse(value["known_after"]), value["output"])
    return _read_known(value)
