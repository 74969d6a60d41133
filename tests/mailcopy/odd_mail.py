"""Mail as real mailboxes hold it: malformed in every way that other tools alter it, skip it or stop at it.

Made here, from nothing but a seed.
"""

from __future__ import annotations

import base64
import random
from collections.abc import Iterator

from tests.mailcopy.post import Mail

HEADER = (
    b"Message-ID: <%d@odd.example>\r\nDate: Tue, 03 Mar 2015 10:00:00 +0100\r\nFrom: a@odd.example\r\nSubject: x\r\n"
)
DATES = (
    "01-Jan-1970 00:00:01 +0000",
    "31-Dec-2023 23:59:59 +1400",  # Dovecot takes no date of the future
    "29-Feb-2000 12:00:00 -1200",
    " 5-Nov-1996 07:08:09 +0530",
    "27-Oct-2024 02:30:00 +0200",
)
FLAGS = ((), ("\\Seen",), ("\\Answered", "\\Flagged"), ("\\Draft", "\\Seen"))


def odd_mail(seed: int = 7, rounds: int = 12) -> Iterator[Mail]:
    """Every kind of oddity, ``rounds`` times with other content. The last one of each round is there three times."""
    rng = random.Random(seed)  # noqa: S311
    number = 0
    for _ in range(rounds):
        for body in _kinds(rng):
            number += 1
            yield Mail(body, FLAGS[number % len(FLAGS)], DATES[number % len(DATES)])
        for _ in range(2):
            yield Mail(body, FLAGS[number % len(FLAGS)], DATES[number % len(DATES)])


def _kinds(rng: random.Random) -> Iterator[bytes]:
    head = HEADER % rng.getrandbits(40)
    text = b" ".join(b"%x" % rng.getrandbits(24) for _ in range(rng.randrange(5, 40)))
    raw = rng.randbytes(rng.randrange(200, 3000)).replace(b"\0", b"\1")
    yield text  # no header, no line end
    yield text + b"\r\n"
    yield b"\r\n" + text + b"\r\n"  # an empty header
    yield head  # a header and nothing after it
    yield head + b"\r\n"  # a header and an empty body
    yield head + b"\r\n" + text  # no line end at the end
    yield head + b"\r\n" + text + b"\r\n\r\n\r\n"
    yield head + b"\r\n" + text + b"\rbare\rreturns\r" + text + b"\r\n"
    yield head + b"\r\n" + text + b"\r"
    yield head + b"\r\n" + raw + b"\r\n"  # eight bits without a word
    yield head + b"\r\n" + b"x" * rng.randrange(1_000, 9_000) + b"\r\n"  # far beyond 998
    yield b"Subject: " + raw[:80].replace(b"\r", b"").replace(b"\n", b"") + b"\r\n\r\n" + text + b"\r\n"
    yield b"Subject: \xe9t\xe9 \xff\r\nX-Empty:\r\nX-Blank:   \r\n\r\n" + text + b"\r\n"
    yield b"From mbox@odd.example Mon Jan  1 00:00:00 2001\r\n" + head + b"\r\n>From here\r\n"
    yield head + b"no colon here\r\n: no name\r\n spaces first\r\n\r\n" + text + b"\r\n"
    yield b" folded before anything\r\n" + head + b"\r\n" + text + b"\r\n"
    yield head + b"X-Long: " + b"word " * 2_000 + b"\r\n\r\n" + text + b"\r\n"
    yield head + b"Message-ID: <second@odd.example>\r\nMessage-ID:\r\n\r\n" + text + b"\r\n"
    yield b"Message-ID: <the same@odd.example>\r\n\r\n" + text + b"\r\n"
    yield b"Message-ID: <the same@odd.example>\r\n\r\nanother " + text + b"\r\n"
    yield head + b"Content-Type: multipart/mixed; boundary=never\r\n\r\n--other\r\n" + text + b"\r\n"
    yield head + b'Content-Type: multipart/mixed; boundary=""\r\n\r\n--\r\n--\r\n' + text + b"\r\n"
    nested = b"".join(b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (n, n + 1) for n in range(60))
    yield head + b"Content-Type: multipart/mixed; boundary=b0\r\n\r\n" + nested
    yield head + b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(raw)[:-3] + b"!?\r\n"
    yield head + b"Content-Transfer-Encoding: none such\r\nContent-Type: \r\n\r\n" + text + b"\r\n"
    yield head + b"\r\n)\r\n* 1 FETCH (UID 1 FLAGS () BODY[] {3}\r\nabc)\r\nA1 OK done\r\nF1 NO no\r\n"
    yield head + b"\r\n" + b".\r\n..\r\n+ go\r\n* BYE\r\n{5}\r\n{5+}\r\n"
    yield head + b"Subject: =?utf-8?b?=?= =?x?q?=ZZ?=\r\n\r\n" + text + b"\r\n"
    yield head + b"Date: yesterday\r\nTo: undisclosed;;,<>\r\n\r\n" + text + b"\r\n"
    yield bytes([rng.randrange(33, 126)])
