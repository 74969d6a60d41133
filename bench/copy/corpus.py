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
FLAGS = ("\\Seen", "\\Answered", "\\Flagged", "$Forwarded", "A-traiter")


@dataclasses.dataclass(frozen=True, slots=True)
class Message:
    folder: str
    body: bytes
    flags: str
    date: str


def corpus(kind: str, scale: float = 1.0) -> Iterator[Message]:
    """``small``, ``mixed`` or ``tiny`` (a tenth of small)."""
    if kind == "tiny":
        kind, scale = "small", scale / 10
    rng = random.Random(kind)
    number = 0
    for folder, count in (MIXED if kind == "mixed" else SMALL).items():
        for _ in range(max(1, int(count * scale))):
            number += 1
            if kind == "mixed":
                size = GIANTS.get(number, 0) * 1_000_000 or min(1_500_000, int(rng.lognormvariate(10.05, 1.2)))
            else:
                size = min(200_000, int(rng.lognormvariate(8.55, 0.9)))
            flags = " ".join(
                flag for flag, odds in zip(FLAGS, (0.8, 0.25, 0.08, 0.05, 0.03), strict=True) if rng.random() < odds
            )
            when = dt.datetime(2009, 3, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=rng.randrange(400_000_000))
            yield Message(folder, _body(rng, number, max(700, size)), flags, f"{when:%d-%b-%Y %H:%M:%S +0000}")


def _body(rng: random.Random, number: int, size: int) -> bytes:
    head = (
        f"Received: from mx.example.org by mail.example.org with ESMTPS id {rng.getrandbits(40):X}\r\n"
        f"Message-ID: <{rng.getrandbits(64):016x}.{number}@example.org>\r\n"
        f"Date: Mon, 02 Mar 2009 10:00:00 +0000\r\nFrom: <a{number % 97}@example.org>\r\nTo: <b@example.org>\r\n"
        f"Subject: Lettre {number}\r\nMIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n"
    ).encode()
    return head + base64.encodebytes(rng.randbytes(max(57, (size - len(head)) * 57 // 79))).replace(b"\n", b"\r\n")
