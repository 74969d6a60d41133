"""A returned file read in a child of its own; whatever becomes of the child, there is an answer."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from reconcile.answers.reading.grid import Refused, Returned, decode
from reconcile.answers.reading.sniff import SIZE_LIMIT

#: Seconds of this machine's time, however busy it is; the child has bounds of its own.
_PATIENCE = 300
_LONGEST_ANSWER = 60_000_000

_DIED = "Ce fichier a fait échouer la lecture. Ouvrez-le, enregistrez-le en .xlsx sous un autre nom et renvoyez-le."
_ENDLESS = "La lecture de ce fichier ne finit pas ou prend trop de mémoire. Renvoyez le classeur d’origine complété."


def read_bytes(path: Path) -> bytes:
    """The file, one byte more than the limit at most. Raises OSError."""
    with path.open("rb") as file:
        return file.read(SIZE_LIMIT + 1)


def read_confined(data: bytes) -> Returned:
    """What the file holds. Raises Refused, WBK08 and WBK09 among others when the child dies or does not end."""
    command = [sys.executable, "-I", "-m", "reconcile.cli.sheet.reader"]
    try:
        child = subprocess.run(command, input=data, capture_output=True, timeout=_PATIENCE, check=False, env={})
    except subprocess.TimeoutExpired:
        raise Refused("WBK09", _ENDLESS) from None
    if child.returncode != 0:
        out_of_bounds = child.returncode < 0 or b"MemoryError" in child.stderr[-2000:]
        raise Refused("WBK09" if out_of_bounds else "WBK08", _ENDLESS if out_of_bounds else _DIED)
    if len(child.stdout) > _LONGEST_ANSWER:
        raise Refused("WBK09", _ENDLESS)
    try:
        answer = json.loads(child.stdout)
        if "refused" in answer:
            raise Refused(*answer["refused"])
        return decode(answer["returned"])
    except (ValueError, KeyError, TypeError):
        raise Refused("WBK08", _DIED) from None
