"""How a plan in Markdown ends: what is left out of it and where to read that, and which plan it is. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from reconcile.language.catalogue import Catalogue
from reconcile.language.phrase import Phrase
from reconcile.views.counts import changes
from reconcile.views.wording import semicolon

_URL_SIGNS = "%/:?#[]@!$&'()*+,;=~"


def closing(left_out: Sequence[int], link: str, digest: str, words: Catalogue) -> str:
    """The last lines. ``left_out``: how much of each section is missing, in the order of the sections."""
    missing = [told for number, told in zip(left_out, _counted(left_out), strict=True) if number]
    lines = []
    if missing:
        if link:
            whole = words.say(Phrase("the whole plan"))
            where = f"{words.say(Phrase('read'))} [{whole}](<{quote(link, safe=_URL_SIGNS)}>)"
        else:
            where = words.say(Phrase("read the whole plan with `reconcile show`"))
        told = words.say(Phrase.joined(", ", missing))
        lines += [
            f"**{words.say(Phrase('Left out, for a comment has its limits:'))}** {told}{semicolon(words)}{where}.",
            "",
        ]
    lines += [f"{words.say(Phrase('Plan digest:'))} `{digest}`", ""]
    return "\n".join(lines)


def _counted(left_out: Sequence[int]) -> tuple[Phrase, ...]:
    federations, refusals, seats, deletions, unknown, gates, costs, findings, drifted, intended = left_out
    return (
        Phrase.counted("{number} federation", "{number} federations", federations),
        Phrase.counted("{number} refusal", "{number} refusals", refusals),
        Phrase.counted("{number} missing seat", "{number} missing seats", seats),
        Phrase.counted("{number} deletion", "{number} deletions", deletions),
        Phrase.counted("{number} unknown resource", "{number} unknown resources", unknown),
        Phrase.counted("{number} gate", "{number} gates", gates),
        Phrase.counted("{number} cost", "{number} costs", costs),
        Phrase.counted("{number} finding", "{number} findings", findings),
        Phrase.counted("{number} drifted resource", "{number} drifted resources", drifted),
        changes(intended),
    )
