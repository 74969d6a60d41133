"""Mail for the old host: invented but lifelike, the same for the same seed; or read from a folder of .eml files."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import email.utils
import random
from collections.abc import Iterator
from pathlib import Path

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.sandbox.imap.maildir import INBOX, StoredMessage
from reconcile.sandbox.messages import odd_messages, ordinary_message

SENT, DRAFTS, TRASH, JUNK = ("Éléments envoyés",), ("Brouillons",), ("Corbeille",), ("Indésirables",)

#: Where mail lies, and how much of it: the top of some trees holds nothing itself. Nobody has all of these.
_FOLDERS: dict[tuple[str, ...], int] = {
    INBOX: 40,
    SENT: 20,
    DRAFTS: 2,
    TRASH: 4,
    JUNK: 3,
    ("Bénévoles",): 8,
    ("Archives", "2019", "Été"): 6,
    ("Archives", "2021"): 6,
    ("Projets", 'Collecte "Don\'actions" & Cie'): 5,
    ("Vacances", "Journée des oubliés", "Inscriptions"): 4,
    ("R&D",): 2,
}
_EVERYBODYS = (INBOX, SENT)
EMPTY_FOLDERS = (("À classer",),)

_FEWEST, _MOST, _USUAL = 15, 60, 20
_KEYWORDS = ("$Forwarded", "NonJunk", "$label1")
_ODD_SHARE = 5
_FIRST_DAY, _LAST_DAY = dt.datetime(2009, 3, 2, tzinfo=dt.UTC), dt.datetime(2024, 12, 20, tzinfo=dt.UTC)


def sample_mail(address: str, seed: str, count: int | None = None) -> Iterator[StoredMessage]:
    """A mailbox's worth of messages, 15 to 60 unless ``count`` says how many. Deterministic: no clock, no chance.

    One in five is odd in some way a copy must survive; INTERNALDATE is not in UID order.
    """
    chance = random.Random(f"{seed}/{address}")  # noqa: S311
    total = int(chance.triangular(_FEWEST, _MOST, _USUAL)) if count is None else count
    odd = odd_messages(address, chance)
    folders = [*_EVERYBODYS, *(folder for folder in _FOLDERS if folder not in _EVERYBODYS and chance.random() < 0.6)]
    weights = [_FOLDERS[folder] for folder in folders]
    for number in range(total):
        folder = INBOX if number == 0 else chance.choices(folders, weights)[0]
        sent = _FIRST_DAY + (_LAST_DAY - _FIRST_DAY) * chance.random()
        sent = sent.replace(microsecond=0)
        if number % _ODD_SHARE == _ODD_SHARE - 1:
            content = next(odd)
        else:
            content = ordinary_message(address, sent, chance, outgoing=folder in (SENT, DRAFTS))
        received = sent + dt.timedelta(seconds=chance.randrange(2, 900))
        yield StoredMessage(folder, content, received, _flags(folder, chance))


def mail_from(folder: Path) -> Iterator[StoredMessage]:
    """Every ``.eml`` below a folder, byte for byte; a subfolder is a mail folder, the top one INBOX.

    INTERNALDATE is the Date header, or else the file's own time. Raises Problem SBX20 when there is no such folder
    or no message in it.
    """
    if not folder.is_dir():
        raise Problem(
            "SBX20",
            Phrase("{folder} is not a folder of .eml files.", folder=folder),
            "reconcile sandbox up --mail ADDRESS=DIR",
        )
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() == ".eml" and path.is_file())
    if not files:
        raise Problem("SBX20", Phrase("There is no .eml file in {folder} or below it.", folder=folder))
    for file in files:
        place = file.relative_to(folder).parent.parts
        content = file.read_bytes()
        yield StoredMessage(INBOX if [p.upper() for p in place] in ([], ["INBOX"]) else place, content, _date(file))


def _flags(folder: tuple[str, ...], chance: random.Random) -> frozenset[str]:
    flags = {"\\Draft", "\\Seen"} if folder == DRAFTS else set()
    for flag, likelihood in (("\\Seen", 0.8), ("\\Answered", 0.25), ("\\Flagged", 0.08)):
        if chance.random() < likelihood:
            flags.add(flag)
    if folder == TRASH and chance.random() < 0.5:
        flags.add("\\Deleted")
    if chance.random() < 0.1:
        flags.add(chance.choice(_KEYWORDS))
    return frozenset(flags)


def _date(file: Path) -> dt.datetime:
    with file.open("rb") as message:
        header = email.message_from_binary_file(message, policy=email.policy.compat32)["Date"]
    try:
        date = email.utils.parsedate_to_datetime(str(header))
        return date if date.tzinfo else date.replace(tzinfo=dt.UTC)
    except ValueError:
        return dt.datetime.fromtimestamp(int(file.stat().st_mtime), dt.UTC)
