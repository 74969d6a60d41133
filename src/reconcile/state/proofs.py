"""What probes of the signature's tokens found, kept: one dated file each, under ``spfstate/signature/``."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path, PurePath
from typing import Any

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.resources.signature.proof import CANDIDATES, Proof
from reconcile.state.dated import dated_file, dated_files
from reconcile.state.durable import keep_private, unreadable
from reconcile.strict_json import read_json

#: The version of these files' format.
FORMAT = 1


class ProofFolder:
    """The proofs under ``folder``. Those of the sandbox bear it in their name: its tenant proves nothing of ours."""

    def __init__(self, folder: Path, *, sandbox: bool = False) -> None:
        self._folder = folder
        self._suffix = ".sandbox.json" if sandbox else ".json"

    def write(self, proof: Proof) -> Path:
        """Keep it, beside the earlier ones; where it lies. Raises Problem STA01 or STA06."""
        path = dated_file(self._folder, proof.taken, self._suffix)
        keep_private(path, encode(proof))
        return path

    def newest(self) -> Proof | None:
        """The latest; None without any. Raises Problem SIG01 (damaged), SIG02 (of a newer version), STA06."""
        files = dated_files(self._folder, self._suffix)
        if not files:
            return None
        _, path = files[-1]
        try:
            return decode(path.read_bytes(), path)
        except OSError as error:
            raise unreadable(path, error) from None


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
        document = read_json(data)
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
