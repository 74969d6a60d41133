"""What is on its way to a federation, and what has arrived: encrypted files until then, a receipt from then on.

``<folder>/<federation>/<moment>-<digest>/delivery.json`` says who and which files; ``receipt.json`` is added once the
place showed each of them whole, and the files go. Nothing here is a secret.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import hashlib
import json
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from reconcile.state.durable import (
    PRIVATE_FILE,
    fsync_folder,
    keep_private,
    private_folder,
    read_own,
    replace_file,
    unreadable,
    unwritable,
)
from reconcile.state.snapshot.snapshot import damaged

_DELIVERY, _RECEIPT, _CARRIED = "delivery.json", "receipt.json", "carried"


@dataclasses.dataclass(frozen=True, slots=True)
class File:
    """One encrypted file: ``stem`` and ``suffix`` of a name that gets the day and a digest in between."""

    stem: str
    suffix: str
    content: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class Laid:
    """A file as a receipt has it."""

    name: str
    sha256: str
    size: int


@dataclasses.dataclass(frozen=True, slots=True)
class Delivery:
    """Some people's passwords for one account. ``people``: address → the vault's entry, "" for whoever keeps their own.
    ``opening``: the vault's entry with what opens the files, "" when a key of the federation's does. ``delivered``:
    None while it is on its way."""

    folder: Path
    federation: str
    account: str
    people: Mapping[str, str]
    files: Sequence[Laid]
    opening: str
    made: dt.datetime
    delivered: dt.datetime | None = None
    place: str = ""

    def receipts(self) -> Iterator[str]:
        """A line for each file, as the state records it."""
        when = self.delivered.isoformat(timespec="seconds") if self.delivered else ""
        for one in self.files:
            yield f"{when} {self.place} {self.account}/{one.name} {one.size} sha256:{one.sha256}"


class Outbox:
    """Deliveries by federation, in a folder beside the state."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def deliveries(self, federation: str) -> tuple[Delivery, ...]:
        """All of them, the oldest first. Raises ``Problem`` STA02 or STA06."""
        folder = self._folder / federation
        try:
            found = list(folder.iterdir()) if folder.exists() else []
            names = sorted(one for one in found if one.name[0] != "." and (one / _DELIVERY).is_file())
        except OSError as error:
            raise unreadable(folder, error) from None
        return tuple(_read(one) for one in names)

    def prepare(
        self,
        federation: str,
        account: str,
        people: Mapping[str, str],
        files: Sequence[File],
        opening: str,
        now: dt.datetime,
    ) -> Delivery:
        """Keep what is about to be delivered, so that a crash goes on with the same bytes. Raises STA01, STA06."""
        day, stamp = now.strftime("%Y-%m-%d"), now.strftime("%Y%m%dT%H%M%SZ")
        named = {f"{one.stem}-{day}-{_digest(one.content)[:8]}{one.suffix}": one.content for one in files}
        whole = _digest("".join(map(_digest, named.values())).encode())
        folder = self._folder / federation / f"{stamp}-{whole[:8]}"
        draft = folder.with_name(f".{folder.name}")
        laid = tuple(Laid(name, _digest(content), len(content)) for name, content in named.items())
        made = Delivery(folder, federation, account, dict(people), laid, opening, now)
        try:
            shutil.rmtree(draft, ignore_errors=True)
            private_folder(draft)
            for name, content in named.items():
                replace_file(draft / name, content, PRIVATE_FILE)
            replace_file(draft / _DELIVERY, _encode(made), PRIVATE_FILE)
            draft.rename(folder)
            fsync_folder(folder.parent)
        except OSError as error:
            raise unwritable(folder, error) from None
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        return made

    def content(self, delivery: Delivery, name: str) -> bytes:
        """A file that waits. Raises ``Problem`` STA06, or STA02 when it is not what was prepared."""
        path = delivery.folder / name
        try:
            content = read_own(path)
        except OSError as error:
            raise unreadable(path, error) from None
        if all(_digest(content) != one.sha256 for one in delivery.files if one.name == name):
            raise damaged(path, "it is not what was prepared")
        return content

    def receive(self, delivery: Delivery, place: str, now: dt.datetime) -> Delivery:
        """The place showed every file: keep the receipt, let the files go."""
        done = dataclasses.replace(delivery, delivered=now, place=place)
        replace_file(delivery.folder / _RECEIPT, _encode(done), PRIVATE_FILE)
        for one in delivery.files:
            with contextlib.suppress(OSError):
                (delivery.folder / one.name).unlink(missing_ok=True)
        for address in delivery.people:
            with contextlib.suppress(OSError):
                self._owed(delivery.federation, address).unlink(missing_ok=True)
        return done

    def drop(self, delivery: Delivery) -> None:
        """It is not to be delivered any more: one of its passwords was set anew."""
        try:
            shutil.rmtree(delivery.folder)
        except OSError as error:
            raise unwritable(delivery.folder, error) from None

    # ---- by hand

    def carry(self, delivery: Delivery) -> None:
        """Somebody says that they laid its files in the account."""
        replace_file(delivery.folder / _CARRIED, b"", PRIVATE_FILE)

    def carried(self, delivery: Delivery) -> bool:
        return (delivery.folder / _CARRIED).is_file()

    # ---- passwords set anew, which are owed once more

    def owe(self, federation: str, address: str) -> None:
        """From now on, and until a delivery has it, this person's password is to be delivered."""
        path = self._owed(federation, address)
        keep_private(path, b"")

    def owed(self, federation: str) -> frozenset[str]:
        folder = self._owed(federation, "x").parent
        try:
            return frozenset(unquote(one.name) for one in folder.iterdir()) if folder.exists() else frozenset()
        except OSError as error:
            raise unreadable(folder, error) from None

    def _owed(self, federation: str, address: str) -> Path:
        return self._folder / federation / "owed" / quote(address, safe="@+")

    # ---- what follows from all that

    def handed(self, federation: str, recorded: Collection[str] = ()) -> frozenset[str]:
        """Who has had their password delivered: by the receipts, and by the state where those were lost."""
        done = {address for one in self.deliveries(federation) if one.delivered for address in one.people}
        return frozenset((done | set(recorded)) - self.owed(federation))


def _digest(content: bytes | str) -> str:
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def _encode(delivery: Delivery) -> bytes:
    said: dict[str, Any] = {
        "format": 1,
        "federation": delivery.federation,
        "account": delivery.account,
        "people": dict(delivery.people),
        "files": [dataclasses.asdict(one) for one in delivery.files],
        "opening": delivery.opening,
        "made": delivery.made.isoformat(),
        "delivered": delivery.delivered.isoformat() if delivery.delivered else None,
        "place": delivery.place,
    }
    return (json.dumps(said, ensure_ascii=False, indent=1) + "\n").encode()


def _read(folder: Path) -> Delivery:
    path = folder / _RECEIPT if (folder / _RECEIPT).is_file() else folder / _DELIVERY
    try:
        said = json.loads(read_own(path))
        files = tuple(Laid(str(one["name"]), str(one["sha256"]), int(one["size"])) for one in said["files"])
        if any("/" in one.name or one.name in ("", ".", "..") for one in files):
            raise ValueError("a name that leads elsewhere")
        return Delivery(
            folder,
            str(said["federation"]),
            str(said["account"]),
            {str(address): str(entry) for address, entry in said["people"].items()},
            files,
            str(said["opening"]),
            dt.datetime.fromisoformat(said["made"]),
            dt.datetime.fromisoformat(said["delivered"]) if said["delivered"] else None,
            str(said["place"]),
        )
    except OSError as error:
        raise unreadable(path, error) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise damaged(path, "it is no delivery") from None
