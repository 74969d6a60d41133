"""A phone as people type it, and as a spreadsheet leaves it; overseas numbers are as French ones, ten digits from 0."""

from __future__ import annotations

import re

from reconcile.answers.cells.text import clean
from reconcile.answers.finding import Said, Understood


def phone(text: str, *, number: bool = False) -> Understood[str]:
    """``03 29 00 00 01``, ``39 19``, ``+32 2 555 12 12``. ``number``: the cell held a number, which lost its zero.
    Of two numbers the first is taken, to be confirmed."""
    written = clean(text)
    if not written:
        return Understood()
    first, rest = _first(written)
    digits = re.sub(r"[\s.\-_/()]", "", re.sub(r"\(0\)", "", first))
    digits = re.sub(r"^00", "+", digits)
    if match := re.fullmatch(r"\+33(0?)([1-9][0-9]{8})", digits):
        digits = f"0{match[2]}"
    if match := re.fullmatch(r"\+(262|508|590|594|596|687|689)([0-9]{9})", digits):
        digits = f"0{match[2]}"
    if number and re.fullmatch(r"[1-9][0-9]{8}", digits):
        digits = f"0{digits}"
    if re.fullmatch(r"0[1-9][0-9]{8}", digits):
        shown = " ".join(digits[at : at + 2] for at in range(0, 10, 2))
    elif re.fullmatch(r"[1-9][0-9]{2,3}", digits):
        shown = digits if len(digits) == 3 else f"{digits[:2]} {digits[2:]}"
    elif re.fullmatch(r"\+[1-9][0-9]{6,14}", digits) and not digits.startswith("+33"):
        shown = digits
    else:
        missing = f" (0{digits} ?)" if re.fullmatch(r"[1-9][0-9]{8}", digits) else ""
        told = f"« {written} » n’est pas un numéro de téléphone{missing} : dix chiffres, comme 03 29 00 00 01."
        return Understood(None, (Said("WBK50", "error", told),))
    if rest:
        told = f"De « {written} », {shown} a été gardé, et le reste noté en remarque : confirmez."
        return Understood(shown, (Said("WBK51", "confirm", told),), rest)
    same = re.sub(r"\D", "", written) == re.sub(r"\D", "", shown)
    return Understood(shown, () if same else (Said("WBK51", "corrected", f"« {written} » a été lu {shown}."),))


def _first(written: str) -> tuple[str, str]:
    """The first number, and what follows it: another one, an extension."""
    pieces = re.split(r"\s*(?:/|;|,|\bou\b|\bet\b)\s*", written, maxsplit=1)
    digits = re.sub(r"\D", "", pieces[0])
    if len(pieces) == 2 and pieces[1] and len(digits) >= 3 and len(re.sub(r"\D", "", pieces[1])) >= 3:
        return pieces[0], written[len(pieces[0]) :].strip(" /;,")
    if match := re.fullmatch(r"([+(]?[0-9][0-9\s.\-()]*?)\s*((?:poste|p\.|ext|int|ligne)\W.*)", written, re.IGNORECASE):
        return match[1], match[2]
    return written, ""
