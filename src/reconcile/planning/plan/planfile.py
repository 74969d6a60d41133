"""A plan as a file: canonical JSON, no secret, a digest over everything it says.

The document is also what ``plan --json`` and ``show --json`` print. Keys are English and stable.
"""

from __future__ import annotations

import dataclasses
import errno
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic_core import to_json

from reconcile.language.made_of import sentences_of
from reconcile.language.phrase import Phrase
from reconcile.planning.costs import as_object
from reconcile.planning.plan.canonical import Text, canonical, digest_of_members, separated, texts_of
from reconcile.planning.plan.plan import Action, Change, Plan
from reconcile.planning.plan.planfile_reading import read
from reconcile.planning.plan.sentences import sentences_in
from reconcile.problem import Problem
from reconcile.resources.kinds import KINDS
from reconcile.resources.resource import Origin, Reference, Value
from reconcile.state.snapshot.authenticity import Key, bears, mark
from reconcile.strict_json import read_json

FORMAT_VERSION = 1

_WORDS = {action: action.name.lower() for action in Action}
_SENSITIVE = {
    kind.name: frozenset(field.name for field in kind.fields.values() if field.sensitive) for kind in KINDS.values()
}


def document(plan: Plan) -> dict[str, Any]:
    """The plan as JSON-ready data; ``digest`` is the SHA-256 of the rest in canonical form."""
    body = {**_around(plan), "changes": [_change(change) for change in plan.changes]}
    return {**body, "digest": digest(body)}


def digest_of(plan: Plan) -> str:
    """The digest of the plan's document, which is not made for it."""
    return digest_of_members(_members(plan))


def digest(body: Mapping[str, Any]) -> str:
    """SHA-256 of a document without its own digest and mark."""
    return digest_of_members({key: texts_of(value) for key, value in body.items() if key not in ("digest", "mark")})


def encode(plan: Plan, key: Key | None = None) -> str:
    """The text of a plan file; see ``pieces``."""
    return b"".join(pieces(plan, key)).decode()


def pieces(plan: Plan, key: Key | None = None) -> Iterator[bytes]:
    """What a plan file holds, piece by piece: JSON, one line for each change, so that two plans can be compared line by
    line. Of the largest plans, the whole in one piece would be an eighth of all memory.

    ``key``: whoever has it too can tell that nobody without it made or altered the plan.
    """
    texts = _members(plan)
    whole = digest_of_members(texts)
    texts["digest"] = canonical(whole)
    if key:
        texts["mark"] = canonical(mark(key, "plan", whole.encode()))
    before = b"{\n"
    for name, text in texts.items():
        yield before + canonical(name) + b": "
        yield from [text] if isinstance(text, bytes) else separated(text, b"[\n", b",\n", b"\n]")
        before = b",\n"
    yield b"\n}\n"


def _members(plan: Plan) -> dict[str, Text]:
    texts: dict[str, Text] = {key: texts_of(value) for key, value in _around(plan).items()}
    texts["changes"] = [_line(change) for change in plan.changes] or b"[]"
    return texts


def _line(change: Change) -> bytes:
    """``canonical(_change(change))`` in a third of the time: the members are in order as they are made."""
    return to_json(_change(change))


def _around(plan: Plan) -> dict[str, Any]:
    """Everything a plan says beside its changes."""
    sentences = sentences_of(sentences_in(plan))
    return {
        "format_version": FORMAT_VERSION,
        "tool": plan.tool,
        "created": plan.created.isoformat(),
        "expires": plan.expires.isoformat(),
        "partial": plan.partial,
        "basis": {slug: dataclasses.asdict(basis) for slug, basis in plan.basis.items()},
        "summary": {
            **{_WORDS[action]: plan.count(action) for action in Action},
            "unchanged": plan.unchanged,
            "blocked": len(plan.blocked),
            "unmanaged": len(plan.unmanaged),
        },
        "blocked": [
            {
                "address": str(one.address),
                "reason": one.reason,
                "because": str(one.because) if one.because else None,
            }
            for one in plan.blocked
        ],
        "unmanaged": [str(address) for address in plan.unmanaged],
        "findings": [{**dataclasses.asdict(one), "weight": one.weight.value} for one in plan.findings],
        "gates": [{**dataclasses.asdict(one), "lock": one.lock.isoformat()} for one in plan.gates],
        "splits": [
            {
                **dataclasses.asdict(one),
                "domains": list(one.domains),
                "waiting": [str(address) for address in one.waiting],
            }
            for one in plan.splits
        ],
        "left_out": [dataclasses.asdict(one) for one in plan.left_out],
        "costs": [as_object(one) for one in plan.costs],
        "late": [
            {**dataclasses.asdict(one), "waiting": [str(address) for address in one.waiting]} for one in plan.late
        ],
        "outputs": {str(address): _plain(outputs) for address, outputs in plan.outputs.items()},
        "seats": [
            {
                **dataclasses.asdict(one),
                **{name: [str(address) for address in getattr(one, name)] for name in ("lacking", "takers", "givers")},
            }
            for one in plan.seats
        ],
        **({"sentences": sentences} if sentences else {}),
    }


def load(path: Path, key: Key | None = None) -> Plan:
    """Read a plan file. Raises PLN01 (unreadable), PLN02 (not a plan, or altered), PLN03 (a newer tool's), PLN06 (not
    made with ``key``)."""
    try:
        if path.exists() and not path.is_file():
            raise OSError(errno.EINVAL, "it is not an ordinary file")  # a device may have no end
        body = read_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Problem(
            "PLN01", Phrase("Cannot read the plan {path}: {strerror}.", path=path, strerror=error.strerror)
        ) from None
    except (ValueError, RecursionError):
        raise Problem(
            "PLN02", Phrase("{path} is not a plan file.", path=path), "make one with: reconcile plan --out FILE"
        ) from None
    if not isinstance(body, dict) or "format_version" not in body:
        raise Problem(
            "PLN02", Phrase("{path} is not a plan file.", path=path), "make one with: reconcile plan --out FILE"
        )
    if body["format_version"] != FORMAT_VERSION:
        version = body["format_version"]
        raise Problem(
            "PLN03",
            Phrase(
                "{path} has plan format {version}; this tool knows {format_version}.",
                path=path,
                version=version,
                format_version=FORMAT_VERSION,
            ),
            "plan again",
        )
    try:
        intact = body.get("digest") == digest(body)
    except (ValueError, RecursionError):  # half a surrogate pair
        intact = False
    if not intact:
        raise Problem("PLN02", Phrase("{path} was altered after it was made.", path=path), "plan again", 4)
    if key and not bears(key, "plan", str(body["digest"]).encode(), body.get("mark")):
        message = Phrase("{path} was not made with this key (RECONCILE_STATE_KEY).", path=path)
        raise Problem("PLN06", message, "plan again, with the key in the environment", 4)
    try:
        return read(body)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        raise Problem("PLN02", Phrase("{path} is not as this version writes plans.", path=path), "plan again") from None


def _change(change: Change) -> dict[str, Any]:
    """One change, every member in the order of its name: see ``_line``."""
    kind = change.address.kind
    before = change.before
    return {
        "action": _WORDS[change.action],
        "address": str(change.address),
        "after": [str(address) for address in change.after],
        "before": before
        and {
            "context": _plain(before.context),
            "fields": _shown(kind, before.fields),
            "identity": before.identity,
            "outputs": _plain(before.outputs),
        },
        "behind": [str(address) for address in change.behind],
        "cause": change.cause.value,
        "due": change.due.isoformat() if change.due else None,
        # Of a creation, ``wanted`` says it all.
        "fields": []
        if change.action is Action.CREATE
        else [
            {
                "after": _value(field.after),
                "before": _value(field.before),
                "cause": field.cause.value,
                "name": field.name,
            }
            for field in change.fields
            if not KINDS[kind].fields[field.name].sensitive
        ],
        "moved_from": str(change.moved_from) if change.moved_from else None,
        "note": change.note,
        "origin": _origin(change.origin),
        "protected": change.protected,
        "spare": change.spare,
        "wanted": _shown(kind, change.wanted),
    }


def _origin(origin: Origin | None) -> dict[str, Any] | None:
    return {"column": origin.column, "line": origin.line, "path": origin.path.as_posix()} if origin else None


def _shown(kind: str, fields: Mapping[str, Value | Reference]) -> dict[str, Any]:
    secret = _SENSITIVE[kind]
    return {name: _value(fields[name]) for name in sorted(fields) if name not in secret}


def _plain(values: Mapping[str, Value]) -> dict[str, Any]:
    return {name: _value(values[name]) for name in sorted(values)}


def _value(value: Value | Reference) -> Any:
    if isinstance(value, Reference):
        return {"known_after": str(value.address), "output": value.output}
    return list(value) if isinstance(value, tuple) else value
