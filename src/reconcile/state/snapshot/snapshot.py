"""What one federation's state holds: the resources we own, as we last wrote them. Pure."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import PurePath

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.resources.address import Address
from reconcile.resources.kinds import KINDS
from reconcile.resources.resource import Value
from reconcile.state.snapshot.upgrades import FORMAT, readable, upgraded
from reconcile.strict_json import read_json


@dataclasses.dataclass(frozen=True, slots=True)
class Record:
    """One resource we created or adopted.

    ``identity``: the outside system's immutable id, "" when it has none. ``fields``: as last written and read back.
    ``created_by`` and ``applied_by`` are run ids; ``created_by`` is "" for what was adopted. ``applied_at`` is ISO
    8601, UTC. A protection is a field like another: it outlives the YAML block that asked for it.
    """

    address: Address
    identity: str
    fields: Mapping[str, Value]
    created_by: str
    applied_by: str
    applied_at: str
    outputs: Mapping[str, Value] = dataclasses.field(default_factory=dict)

    @property
    def protected(self) -> bool:
        return self.fields.get("protected") is True


@dataclasses.dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of one federation. ``serial`` counts its writes (0: never written); ``lineage`` is drawn once, when
    the state is born, and tells two histories apart. ``run`` is the last run that took it in hand (see ``journal``).
    """

    federation: str
    lineage: str
    serial: int = 0
    records: Mapping[Address, Record] = dataclasses.field(default_factory=dict)
    run: str = ""

    def put(self, record: Record) -> Snapshot:
        """The same snapshot with this record in it, in the place of an older one."""
        if record.address.federation != self.federation:
            raise ValueError(f"{record.address} does not belong in the state of {self.federation}")
        return dataclasses.replace(self, records={**self.records, record.address: record})

    def drop(self, address: Address) -> Snapshot:
        """The same snapshot without that address; unchanged when it was not there."""
        kept = {known: record for known, record in self.records.items() if known != address}
        return dataclasses.replace(self, records=kept)


def encode(snapshot: Snapshot) -> bytes:
    """Canonical JSON: sorted keys, indented, one newline at the end; equal snapshots give equal bytes.

    Raises ValueError when a record carries a sensitive field: a state file has no place for one.
    """
    document = {
        "format": FORMAT,
        "federation": snapshot.federation,
        "lineage": snapshot.lineage,
        "serial": snapshot.serial,
        "run": snapshot.run,
        "records": {str(address): record_as_json(record) for address, record in snapshot.records.items()},
    }
    return (json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def decode(data: bytes, path: PurePath) -> Snapshot:
    """Read what ``encode`` wrote, in this version or a former one.

    Raises Problem STA02 when it is damaged, STA03 when a newer version wrote it.
    """
    try:
        document = read_json(data)
        version = readable(document["format"], path)
    except (ValueError, TypeError, KeyError, RecursionError):
        raise damaged(path, Phrase("it is not a complete state file")) from None
    try:
        records = (
            record_from_json(Address.parse(text), upgraded(entry, version))
            for text, entry in document["records"].items()
        )
        snapshot = Snapshot(
            federation=_text(document["federation"]),
            lineage=_text(document["lineage"]),
            serial=_whole(document["serial"]),
            records={record.address: record for record in records},
            run=_text(document["run"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise damaged(path, Phrase("unexpected content near {error}", error=error)) from None
    if any(address.federation != snapshot.federation for address in snapshot.records):
        raise damaged(path, Phrase("it holds another federation's records"))
    if strange := next((address for address in snapshot.records if address.kind not in KINDS), None):
        raise damaged(path, Phrase("nobody knows what kind of thing {strange} is", strange=strange))
    return snapshot


def damaged(path: PurePath, what: str) -> Problem:
    """The refusal to guess from a damaged file of the state."""
    return Problem(
        "STA02",
        Phrase("{path} is damaged: {what}.", path=path, what=what),
        "put back a good copy, or move the file away and run: reconcile state rebuild",
    )


def record_as_json(record: Record) -> dict[str, object]:
    """A record without its address, ready for JSON. Raises ValueError on a sensitive field."""
    kind = KINDS.get(record.address.kind)
    for name in record.fields:
        if kind is not None and name in kind.fields and kind.fields[name].sensitive:
            raise ValueError(f"{record.address}: the field {name!r} is sensitive and may not be recorded")
    return {
        "identity": record.identity,
        "fields": dict(record.fields),
        "outputs": dict(record.outputs),
        "created_by": record.created_by,
        "applied_by": record.applied_by,
        "applied_at": record.applied_at,
    }


def record_from_json(address: Address, entry: Mapping[str, object]) -> Record:
    """Read what ``record_as_json`` gave. Raises KeyError, TypeError or ValueError on anything else."""
    return Record(
        address=address,
        identity=_text(entry["identity"]),
        fields=_values(entry["fields"]),
        outputs=_values(entry["outputs"]),
        created_by=_text(entry["created_by"]),
        applied_by=_text(entry["applied_by"]),
        applied_at=_text(entry["applied_at"]),
    )


def _values(entry: object) -> Mapping[str, Value]:
    if not isinstance(entry, dict):
        raise TypeError("a mapping of fields")
    return {_text(name): _value(value) for name, value in entry.items()}


def _value(value: object) -> Value:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, list):
        return tuple(_text(item) for item in value)
    raise TypeError(f"a value of type {type(value).__name__}")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r}, expected text")
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{value!r}, expected a whole number")
    return value
