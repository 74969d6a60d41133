"""The question of a probe, a rule for one sender, and what its answer proves. Pure."""

from __future__ import annotations

import datetime as dt
import html
import re
import unicodedata
from collections.abc import Mapping

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.resources.signature.proof import CANDIDATES, UNKNOWN, Proof

#: The name of the rule a probe writes; it is gone once the answer was read.
PROBE_RULE = "reconcile signature probe"


def question() -> str:
    """The text of the probe's rule: every token by its name."""
    tokens = [token for tokens in CANDIDATES.values() for token in tokens]
    return "".join(f"<div>probe {token}=[%%{token}%%]</div>" for token in (*tokens, UNKNOWN))


def lacking(sender: str, boxes: Mapping[str, Mapping[str, object]]) -> tuple[str, ...]:
    """The facts the sender has nothing to show for, so that its answer proves no token of theirs.

    ``boxes``: what each mailbox of the files shows, the sender's too. Raises Problem SIG05, naming the mailbox that
    shows the most, when another could prove more: what nobody's file says need not be proven.
    """
    lacks = _lacks(boxes[sender])
    fullest = min(sorted(boxes), key=lambda address: len(_lacks(boxes[address])))
    if len(_lacks(boxes[fullest])) < len(lacks):
        raise Problem(
            "SIG05",
            Phrase("{sender} has no {lacks} to answer with.", sender=sender, lacks=", ".join(lacks)),
            Phrase("probe with {fullest}, or with a mailbox whose file and structure say as much", fullest=fullest),
        )
    return lacks


def _lacks(fields: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(fact for fact in CANDIDATES if not _text(fields.get(fact)))


def judge(answer: str, sender: str, fields: Mapping[str, object], now: dt.datetime) -> Proof:
    """What the answer proves: a token works when it said what the sender has.

    ``answer``: the body of the message as it arrived, HTML or text. Raises Problem SIG06 when it does not hold the
    question, SIG07 when not even the name was filled in.
    """
    said: dict[str, str] = {}
    for token, value in re.findall(r"probe (\w+)=\[(.*?)\]", answer, re.DOTALL):
        said.setdefault(token, value)
    if UNKNOWN not in said:
        hint = Phrase("rules take up to 30 minutes to act: send another message, and save the one that arrives")
        raise Problem("SIG06", Phrase("The answer does not hold what the rule for {sender} adds.", sender=sender), hint)
    tokens: dict[str, str] = {}
    for fact, candidates in CANDIDATES.items():
        wanted = _same(_text(fields.get(fact)))
        working = [token for token in candidates if token in said and _same(html.unescape(said[token])) == wanted]
        if wanted and working:
            tokens[fact] = working[0]
    if "display_name" not in tokens:
        message = Phrase(
            "The answer names {value!r} and not {sender}.", value=said.get("DisplayName", "nobody")[:60], sender=sender
        )
        raise Problem("SIG07", message, "probe with a message that this very person sent")
    told = [(said[token], _text(fields.get(fact))) for fact, token in tokens.items() if _is_markup(fields.get(fact))]
    escaped = all(_same(text) != _same(value) for text, value in told) if told and "<div" in answer else None
    return Proof(now, sender, tokens, said[UNKNOWN] == f"%%{UNKNOWN}%%", escaped)


def _is_markup(value: object) -> bool:
    """Whether a text would be read as markup, were it not escaped."""
    return re.search("[&<>]", _text(value)) is not None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _same(text: str) -> str:
    """As two writings of one value are compared."""
    return " ".join(unicodedata.normalize("NFC", text).split())
