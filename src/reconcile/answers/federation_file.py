"""Decisions → what the federation's file says, as a tree; and nothing else of it moves. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reconcile.answers.understanding.answer import Decision
from reconcile.config.federation.federation import Federation
from reconcile.config.federation.models import Mailbox
from reconcile.documents.workbook.columns import SHARED

_Tree = dict[str, Any]

#: The order of a mailbox's keys, which is that of the model.
_KEYS = tuple(Mailbox.model_fields)
_DIRECTORY = ("last_name", "first_name", "job_title", "phone", "atrium_id")


def decided_tree(tree: _Tree, federation: Federation, decisions: Sequence[Decision]) -> _Tree:
    """The file's tree once these decisions are taken. ``tree``: as the file is read; ``federation``: what it means."""
    boxes: _Tree = dict(tree.get("mailboxes") or {})
    names = {key.strip().lower(): key for key in boxes}
    given_up = list(tree.get("not_migrated") or [])
    taken = [one for one in decisions if one.outcome != "undecided"]
    for one in taken:
        if one.outcome == "mailbox":
            key = names.get(one.address, one.address)
            boxes[key] = _mailbox(boxes.get(key), federation, one)
            names[one.address] = key
    for one in taken:
        given_up = _given_up(given_up, one)
        if one.outcome != "mailbox" and one.address in names:
            boxes.pop(names.pop(one.address), None)
    boxes = _aliases(boxes, taken)
    result = {**tree, "mailboxes": boxes}
    if given_up or "not_migrated" in tree:
        result["not_migrated"] = given_up
    if not given_up:
        result.pop("not_migrated", None)
    return result


def _mailbox(now: _Tree | None, federation: Federation, one: Decision) -> _Tree:
    shared = one.licence == SHARED
    box = dict(now or {})
    before = federation.file.mailboxes.get(one.address)
    if before is None or (before.licence == "shared") != shared or (before.licence != one.licence and not shared):
        box["licence"] = one.licence
    if one.new and before is None:
        box["new"] = "true"
    if shared:
        for key in ("single_user",):
            box.pop(key, None)
        if "last_name" in one.fields:
            _put(box, "display_name", one.fields["last_name"])
    else:
        box.pop("delegates", None)
        if before is not None and before.licence == "shared":
            box.pop("display_name", None)
    if shared and one.people is not None:
        box["delegates"] = _delegates(box.get("delegates") or [], one.people)
    directory = _directory(dict(box.get("directory") or {}), federation, before, one, shared)
    if directory:
        box["directory"] = directory
    else:
        box.pop("directory", None)
    return (
        {key: box[key] for key in (*(key for key in _KEYS if key in box), *(key for key in box if key not in _KEYS))}
        if now is None
        else _ordered(box, now)
    )


def _directory(now: _Tree, federation: Federation, before: Mailbox | None, one: Decision, shared: bool) -> _Tree:
    directory = dict(now)
    was = before.directory if before is not None else None
    if shared:
        directory.pop("last_name", None)
        directory.pop("first_name", None)
    for key in _DIRECTORY:
        if key not in one.fields or (shared and key in ("last_name", "first_name")):
            continue
        value = one.fields[key]  # type: ignore[index]
        if key == "atrium_id":
            current = was.atrium_id if was is not None else None
            if value == (current or federation.file.atrium_id) or (value is None and current is None):
                continue
            _put(directory, key, None if value is None else str(value))
        elif key == "phone":
            if was is not None and _digits(was.phone) == _digits(value) and "phone" in directory:
                continue
            if value is None and was is None and shared:
                continue
            directory[key] = value
        elif was is None or getattr(was, key) != value:
            _put(directory, key, value)
    return {key: directory[key] for key in _DIRECTORY if key in directory} if not now else _ordered(directory, now)


def _digits(text: object) -> str:
    return "".join(one for one in str(text or "") if one.isdigit() or one == "+")


def _delegates(now: list[Any], people: Sequence[str]) -> list[Any]:
    """Who stays keeps what the file says of them; others come after."""
    kept = [one for one in now if _who(one) in people]
    return [*kept, *(who for who in people if who not in {_who(one) for one in kept})]


def _who(one: Any) -> str:
    return str(one.get("who") if isinstance(one, dict) else one).strip().lower()


def _given_up(now: list[Any], one: Decision) -> list[Any]:
    def address(entry: Any) -> str:
        return str(entry.get("address") if isinstance(entry, dict) else entry).strip().lower()

    if one.outcome != "given_up":
        return [entry for entry in now if address(entry) != one.address]
    for entry in now:
        if address(entry) == one.address:
            said = entry.get("why") if isinstance(entry, dict) else None
            if (said or "") == one.why:
                return now
            return [_reason(one) if other is entry else other for other in now]
    return [*now, _reason(one)]


def _reason(one: Decision) -> Any:
    return {"address": one.address, "why": one.why} if one.why else one.address


def _aliases(boxes: _Tree, taken: Sequence[Decision]) -> _Tree:
    """Each address that was decided on is an alias where the decision says, and nowhere else."""
    wanted = {one.address: one for one in taken if one.outcome == "alias"}
    moved = {one.address for one in taken}

    def address(entry: Any) -> str:
        return str(entry.get("address") if isinstance(entry, dict) else entry).strip().lower()

    result: _Tree = {}
    for key, box in boxes.items():
        mailbox = dict(box or {})
        owner = key.strip().lower()
        now = list(mailbox.get("aliases") or [])
        then = []
        for entry in now:
            decision = wanted.get(address(entry))
            if address(entry) not in moved:
                then.append(entry)
            elif decision is not None and decision.target == owner:
                old = entry.get("legacy_mail") if isinstance(entry, dict) else None
                then.append(entry if old == decision.old_mail or decision.old_mail is None else _alias(decision))
        there = {address(entry) for entry in then}
        then += [_alias(one) for one in wanted.values() if one.target == owner and one.address not in there]
        if then:
            mailbox["aliases"] = then
        else:
            mailbox.pop("aliases", None)
        result[key] = _ordered(mailbox, box or {})
    return result


def _alias(one: Decision) -> Any:
    return {"address": one.address, "legacy_mail": one.old_mail} if one.old_mail else one.address


def _put(into: _Tree, key: str, value: Any) -> None:
    if value in (None, ""):
        into.pop(key, None)
    else:
        into[key] = value


def _ordered(box: _Tree, now: _Tree) -> _Tree:
    """The keys in the order they have in the file, and new ones where the model has them."""
    order = [*_KEYS, *_DIRECTORY]
    keys = [key for key in now if key in box]
    for key in box:
        if key in keys:
            continue
        after = [place for place, known in enumerate(keys) if _rank(known, order) < _rank(key, order)]
        keys.insert(after[-1] + 1 if after else 0, key)
    return {key: box[key] for key in keys}


def _rank(key: str, order: list[str]) -> int:
    return order.index(key) if key in order else len(order)
