"""A federation file written from what a tenant already holds. Pure: facts in, text out."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import yaml


@dataclasses.dataclass(frozen=True, slots=True)
class DraftBox:
    """One mailbox as found. ``place``: what its account says of where it is, by the names of a structure's keys.
    ``delegates``: who → rights, for a shared one."""

    address: str
    licence: str
    display_name: str
    first_name: str
    last_name: str
    job_title: str
    phone: str
    atrium_id: str
    place: Mapping[str, str]
    aliases: Sequence[str]
    hidden: bool
    delegates: dict[str, tuple[str, ...]]


@dataclasses.dataclass(frozen=True, slots=True)
class Draft:
    """A federation as found. ``since``: the day it is said to have migrated, so that everything is due."""

    code: str
    name: str
    domain: str
    subdomains: Sequence[str]
    since: dt.date
    boxes: Sequence[DraftBox]


class _NoAnchors(yaml.SafeDumper):
    """The loader refuses anchors, which PyYAML writes where one value stands twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_DEFAULT_RIGHTS = ("read", "send_as")


def render(draft: Draft) -> str:
    """The text of the file; it has no `legacy` section and its migration is closed: nothing is left to copy."""
    body: dict[str, Any] = {"schema": 1, "code": draft.code, "name": draft.name, "domain": draft.domain}
    if draft.subdomains:
        body["subdomains"] = list(draft.subdomains)
    if structures := _structures(draft.boxes):
        body["structures"] = structures
    body["migration"] = {"date": draft.since, "closed": draft.since}
    body["overrides"] = {"SPF501": "already in the tenant when this file was written"}
    body["mailboxes"] = {box.address: _box(box) for box in sorted(draft.boxes, key=lambda box: box.address)}
    text = yaml.dump(body, Dumper=_NoAnchors, allow_unicode=True, sort_keys=False, width=120, default_flow_style=None)
    return f"# yaml-language-server: $schema=../schemas/federation.schema.json\n{text}"


def _structures(boxes: Iterable[DraftBox]) -> list[dict[str, Any]]:
    """Each structure with what all its addresses agree on; on the rest the file says nothing."""
    places: dict[int, list[Mapping[str, str]]] = {}
    for box in boxes:
        if box.atrium_id.isdigit() and int(box.atrium_id):
            places.setdefault(int(box.atrium_id), []).append(box.place)
    described = []
    for atrium_id, found in sorted(places.items()):
        common = {name: text for name, text in found[0].items() if text and all(one[name] == text for one in found)}
        if common:
            described.append({"atrium_id": atrium_id, **common})
    return described


def _box(box: DraftBox) -> dict[str, Any]:
    entry: dict[str, Any] = {"licence": box.licence}
    names = " ".join(name for name in (box.first_name, box.last_name) if name)
    if box.display_name and box.display_name != names:
        entry["display_name"] = box.display_name
    if box.aliases:
        entry["aliases"] = sorted(box.aliases)
    if box.licence == "shared":
        entry["delegates"] = [_delegate(who, rights) for who, rights in sorted(box.delegates.items())]
    if box.hidden:
        entry["hidden"] = True
    directory = {
        "last_name": box.last_name,
        "first_name": box.first_name,
        "job_title": box.job_title,
        "phone": box.phone,
        "atrium_id": int(box.atrium_id) if box.atrium_id.isdigit() else "",
    }
    kept = {name: value for name, value in directory.items() if value != ""}
    if kept:
        entry["directory"] = kept
    return entry


def _delegate(who: str, rights: tuple[str, ...]) -> str | dict[str, Any]:
    return who if set(rights) == set(_DEFAULT_RIGHTS) else {"who": who, "rights": list(rights)}
