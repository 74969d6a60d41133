"""What probes of the signature's tokens found, kept: one dated file each, under ``spfstate/signature/``."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path, PurePath
from typing import Any

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.resources.signature.proof import CANDIDATES, Proof
from reconcile.state.durable import files_in, private_folder, replace_file, unreadable, unwritable

#: The version of these files' format.
FORMAT = 1

_NAME = "%Y-%m-%dT%H%M%SZ"


class ProofFolder:
    """The proofs under ``folder``. Those of the sandbox bear it in their name: its tenant proves nothing of ours."""

    def __init__(self, folder: Path, *, sandbox: bool = False) -> None:
        self._folder = folder
        self._suffix = ".sandbox.json" if sandbox else ".json"

    def write(self, proof: Proof) -> Path:
        """Keep it, beside the earlier ones; where it lies. Raises Problem STA01 or STA06."""
        path = self._folder / f"{proof.taken.astimezone(dt.UTC):{_NAME}}{self._suffix}"
        try:
            private_folder(path.parent)
        except OSError as error:
            raise unwritable(path, error) from None
        replace_file(path, encode(proof), mode=0o600)
        return path

    def newest(self) -> Proof | None:
        """The latest; None without any. Raises Problem SIG01 (damaged), SIG02 (of a newer version), STA06."""
        paths = [path for path in files_in(self._folder, self._suffix) if _is_dated(path.name, self._suffix)]
        if not paths:
            return None
        try:
            return decode(paths[-1].read_bytes(), paths[-1])
        except OSError as error:
            raise unreadable(paths[-1], error) from None


def encode(proof: Proof) -> bytes:
    """Canonical JSON."""
    document = {
        "format": FORMAT,
        "taken": proof.taken.astimezone(dt.UTC).isoformat(timespec="seconds"),
        "sender": proof.sender,
        "tokens": dict(proof.tokens),
        "unknown_stays": proof.unknown_stays,
        "escaped": proof.escaped,
    }
    return (json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def decode(data: bytes, path: PurePath) -> Proof:
    """Read what ``encode`` wrote; a token nobody probes for is not taken."""
    try:
        document = json.loads(data)
        if document["format"] > FORMAT:
            raise Problem("SIG02", Phrase("{path} was written by a newer version.", path=path), "update the command")
        return _proof(document)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        hint = Phrase("move it away, and probe again: reconcile signature probe")
        raise Problem("SIG01", Phrase("{path} is damaged.", path=path), hint) from None


def _proof(document: dict[str, Any]) -> Proof:
    taken, sender = dt.datetime.fromisoformat(document["taken"]), document["sender"]
    tokens = {fact: document["tokens"][fact] for fact in CANDIDATES if fact in document["tokens"]}
    if taken.tzinfo is None or not isinstance(sender, str) or not sender.isprintable():
        raise ValueError("taken or sender")
    if any(token not in CANDIDATES[fact] for fact, token in tokens.items()):
        raise ValueError("tokens")
    stays, escaped = document["unknown_stays"], document["escaped"]
    if not isinstance(stays, bool) or not isinstance(escaped, bool | None):
        raise TypeError("flags")
    return Proof(taken.astimezone(dt.UTC), sender, tokens, stays, escaped)


def _is_dated(name: str, suffix: str) -> bool:
    try:
        dt.datetime.strptime(name.removesuffix(suffix), _NAME).replace(tzinfo=dt.UTC)
    except ValueError:
        return False
    return True
