"""Two mailboxes, always the same: ``small`` (5,000 × 8 KB) and ``mixed`` (2,000 × 75 KB, five of 5 to 25 MB)."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import random
from collections.abc import Iterator

SMALL = {
    "INBOX": 1600,
    "Éléments envoyés": 900,
    "Drafts": 60,
    "Boîte": 140,
    "Boîte/Été 2024": 700,
    "R&D": 500,
    'Dossier "urgent"': 300,
    "Archive/2019": 500,
    "Archive/2019/Projets & Co": 300,
}
MIXED = {"INBOX": 900, "Éléments envoyés": 500, "Archive/Pièces jointes": 400, "Plans & images": 200}
GIANTS = {200: 5, 600: 8, 1000: 12, 1400: 25, 1800: 8}
FLAGS = {"\\Seen": 0.8, "\\Answered": 0.25, "\\Flagged": 0.08, "$Forwarded": 0.05, "A-traiter": 0.03}


@dataclasses.dataclass(frozen=True, slots=True)
class Message:
    folder: str
    body: bytes
    flags: str
    date: str


def corpus(kind: str, amount: int = 0) -> Iterator[Message]:
    """``small``, ``mixed``, ``tiny`` (a tenth of small), ``big`` (``amount`` tiny messages), ``giant`` (one of that
    many MB)."""
    rng = random.Random(kind)
    number = 0
    for folder, count in _folders(kind, amount).items():
        for _ in range(count):
            number += 1
            chosen = [flag for flag, odds in FLAGS.items() if rng.random() < odds]
            when = dt.datetime(2009, 3, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=rng.randrange(400_000_000))
            body = _body(rng, number, _size(kind, rng, number, amount))
            yield Message(folder, body, " ".join(chosen), f"{when:%d-%b-%Y %H:%M:%S +0000}")


def _folders(kind: str, amount: int) -> dict[str, int]:
    match kind:
        case "mixed":
            return MIXED
        case "tiny":
            return {folder: count // 10 for folder, count in SMALL.items()}
        case "big":
            return {"Archive/Tout": amount}
        case "giant":
            return {"Archive/Film": 1}
    return SMALL


def _size(kind: str, rng: random.Random, number: int, amount: int) -> int:
    match kind:
        case "mixed":
            usual = min(1_500_000, int(rng.lognormvariate(10.05, 1.2)))
            return GIANTS.get(number, 0) * 1_000_000 or max(700, usual)
        case "big":
            return 500
        case "giant":
            return amount * 1_000_000
    return max(700, min(200_000, int(rng.lognormvariate(8.55, 0.9))))


def _body(rng: random.Random, number: int, size: int) -> bytes:
    head = (
        f"Received: from mx.example.org by mail.example.org with ESMTPS id {rng.getrandbits(40):X}\r\n"
        f"Message-ID: <{rng.getrandbits(64):016x}.{number}@example.org>\r\n"
        f"Date: Mon, 02 Mar 2009 10:00:00 +0000\r\nFrom: <a{number % 97}@example.org>\r\nTo: <b@example.org>\r\n"
        f"Subject: Lettre {number}\r\nMIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n"
    ).encode()
    return head + base64.encodebytes(rng.randbytes(max(57, (size - len(head)) * 57 // 79))).replace(b"\n", b"\r\n")
