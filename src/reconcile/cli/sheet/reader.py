"""The child that reads one returned file: bytes in, JSON out, within bounds that the system holds.

``python -m reconcile.cli.sheet.reader`` reads standard input. It opens no file and no connection, and may die: whoever
started it takes that for an answer like any other.
"""

from __future__ import annotations

import json
import resource
import sys

#: Bytes of memory, and seconds of work.
MEMORY_LIMIT, SECONDS_LIMIT = 1_000_000_000, 60


def main() -> None:
    """Read standard input; print ``{"returned": …}`` or ``{"refused": [code, sentence]}``."""
    import olefile
    import python_calamine
    import xlrd

    from reconcile.answers.reading.grid import Refused, encode
    from reconcile.answers.reading.read import read
    from reconcile.answers.reading.sniff import SIZE_LIMIT

    del olefile, python_calamine, xlrd  # loaded before the bounds close
    data = sys.stdin.buffer.read(SIZE_LIMIT + 1)
    _bounds()
    answer: dict[str, object]
    try:
        answer = {"returned": encode(read(data))}
    except Refused as refused:
        answer = {"refused": [refused.code, refused.sentence]}
    sys.stdout.write(json.dumps(answer))


def _bounds() -> None:
    """No more memory, time, files or processes than reading takes."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY_LIMIT),
        (resource.RLIMIT_CPU, SECONDS_LIMIT),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    main()
