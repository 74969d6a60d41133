"""Every reader of other people's bytes, on seeds changed at random: it answers or refuses, and never anything else.

``make soak`` gives each ten minutes (RECONCILE_FUZZ_SECONDS), within bounded memory. What breaks one is written beside
its seeds (``seeds/<target>``), where every later run, this suite included, tries it again.
"""

from __future__ import annotations

import hashlib
import os
import random
import resource
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fuzz.targets import REFUSALS, TARGETS, Target

SEEDS = Path(__file__).parent / "seeds"
SECONDS = float(os.environ.get("RECONCILE_FUZZ_SECONDS", "600"))
#: Bytes this process may have beyond what it has.
MEMORY = 1 << 30
#: What parsers trip over.
TOKENS = [
    *(b"\r\n", b"\0", b'"', b"\\", b"(", b")", b"{", b"}", b"[", b"]", b"{5}", b"{99999999}\r\n", b":", b",", b"- "),
    *(b"null", b"true", b"-1", b"1e999", b"NaN", b"9" * 40, b"4294967296", b"\xff\xfe", b"\xc3", b"\\ud800", b"&a *a"),
    *(b"UID ", b"* 1 FETCH (", b"NIL", b"INTERNALDATE ", b"BODY[] ", b'"value":', b'"error":', b"\xc0\x0c", b"?", b"|"),
]


def seeds(name: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted((SEEDS / name).iterdir())]


def mutants(name: str, rng: random.Random) -> Iterator[bytes]:
    """Seeds with a few places changed, spliced, repeated or cut."""
    pool = seeds(name)
    while True:
        data = bytearray(rng.choice(pool))
        for _ in range(rng.randint(1, 8)):
            place, other = rng.randint(0, len(data)), rng.randint(0, len(data))
            match rng.randint(0, 6):
                case 0 if data:
                    data[place - 1] = rng.randrange(256)
                case 1:
                    data[place:place] = rng.choice(TOKENS)
                case 2:
                    del data[min(place, other) : max(place, other)]
                case 3:
                    data[place:place] = data[min(place, other) : max(place, other)]
                case 4:
                    piece = rng.choice(pool)
                    cut = rng.randint(0, len(piece))
                    data[place:place] = piece[cut : cut + rng.randint(1, 60)]
                case 5:
                    data[place : place + 4] = rng.choice(TOKENS)
                case _:
                    data[place:place] = rng.choice(TOKENS) * rng.randint(1, 300)
        yield bytes(data[: 1 << 17])


def tried(target: Target, name: str, data: bytes) -> None:
    try:
        target(data)
    except REFUSALS:
        return
    except Exception:
        (SEEDS / name / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
        raise


@pytest.mark.parametrize("name", TARGETS)
def test_each_reader_answers_or_refuses_its_seeds_and_some_mutants(name: str) -> None:
    rng = random.Random(55)  # noqa: S311
    for data in [*seeds(name), *(next(mutants(name, rng)) for _ in range(200))]:
        tried(TARGETS[name], name, data)


@pytest.mark.soak
@pytest.mark.parametrize("name", TARGETS)
def test_each_reader_answers_or_refuses_for_ten_minutes(name: str) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, hard))
    try:
        until, rng = time.monotonic() + SECONDS, random.SystemRandom()
        changed = mutants(name, rng)
        while time.monotonic() < until:
            tried(TARGETS[name], name, next(changed))
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
