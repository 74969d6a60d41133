"""The columns Licence and Conserver: few words, written in many ways."""

from __future__ import annotations

import re
from typing import NamedTuple

from reconcile.answers.cells.text import clean, folded, is_ditto
from reconcile.answers.finding import Said, Understood
from reconcile.documents.workbook.columns import ALIAS, DROP, LICENCES, MERGE, NO, SHARED, YES

#: Letters of other alphabets that look like those of E1 and E3.
_LOOKALIKES = str.maketrans({"Е": "E", "е": "e", "Ε": "E", "ε": "e", "З": "3", "з": "3", "І": "1", "l": "1", "I": "1"})
_FILLER = re.compile(
    r"licen[cs]es?|office ?365|office|microsoft ?365|microsoft|m365|o365|compte|type|plan|boite|adresse"
)
_SHARED = frozenset(("partagee", "partage", "partagees", "shared", "commune", "partagé", "generique partagee"))
_ALIAS = re.compile(
    r"(?:alias|renvoi[es]?|renvoyer|redirige[er]?|redirection|transfert)\b(?: *(?:de|vers|a|->|→|:)+)?\s*(.*)"
)
_YES = frozenset(
    ("oui", "o", "y", "yes", "x", "✓", "✔", "☑", "1", "vrai", "true", "ok", "a conserver", "conserver", "garder")
)
_NO = frozenset(("non", "n", "no", "0", "faux", "false", "supprimer", "a supprimer", "ne pas conserver", "✗", "✘"))


class Choice(NamedTuple):
    """``target``: the address written beside "alias", as it was written."""

    licence: str
    target: str = ""


def licence(text: str) -> Understood[Choice]:
    """E1, E3, Partagée or Alias."""
    written = clean(text)
    if not written:
        return Understood()
    if written in LICENCES:
        return Understood(Choice(written))
    if is_ditto(written) or written == "?":
        return _refused(
            "WBK40", f"« {written} » n’est pas une licence : choisissez {', '.join(LICENCES[:-1])} ou {ALIAS}."
        )
    plain = folded(written)
    bare = re.sub(r"[\s\-_.]", "", _FILLER.sub("", plain))
    if (short := folded(re.sub(r"[\s\-_.]", "", written.translate(_LOOKALIKES)))) in ("e1", "e3"):
        bare = short
    if bare in ("e1", "e3"):
        return _corrected(written, bare.upper())
    if bare in ("1", "3"):
        found = f"E{bare}"
        told = Said("WBK41", "confirm", f"« {written} » a été lu {found} : confirmez.")
        return Understood(Choice(found), (told,))
    if bare in _SHARED or folded(_FILLER.sub("", plain)).strip() in _SHARED:
        return _corrected(written, SHARED)
    if bare == "alias":
        return _corrected(written, ALIAS)
    if (match := _ALIAS.fullmatch(plain)) and "@" in match[1]:
        told = Said("WBK41", "confirm", f"« {written} » a été lu comme un alias de {match[1].strip()} : confirmez.")
        return Understood(Choice(ALIAS, match[1].strip()), (told,))
    both = len(set(re.findall(r"e\W*[13]|partag|alias", plain))) > 1
    why = "donne plusieurs choix" if both else "n’est pas une licence"
    return _refused("WBK40", f"« {written} » {why} : choisissez {', '.join(LICENCES[:-1])} ou {ALIAS}.")


def keep(text: str) -> Understood[bool]:
    """Oui or Non."""
    written = clean(text)
    if not written:
        return Understood()
    plain = folded(written)
    if plain in _YES or plain in _NO:
        value = plain in _YES
        if written in (YES, NO):
            return Understood(value)
        told = f"« {written} » a été lu {YES if value else NO}."
        return Understood(value, (Said("WBK38", "corrected", told),))
    return Understood(None, (Said("WBK37", "error", f"« {written} » ne dit ni Oui ni Non : répondez Oui ou Non."),))


def old_mail(text: str) -> Understood[str]:
    """What becomes of an alias's own messages: merge or drop."""
    plain = folded(text)
    if not plain:
        return Understood()
    for word, value, starts in ((MERGE, "merge", ("fusion", "garder", "merge")), (DROP, "drop", ("abandon", "drop"))):
        if plain.startswith(starts):
            exact = clean(text) == word
            return Understood(
                value, () if exact else (Said("WBK44", "corrected", f"« {clean(text)} » a été lu {word}."),)
            )
    told = f"« {clean(text)} » ne dit pas ce que deviennent les anciens messages : {MERGE} ou {DROP}."
    return Understood(None, (Said("WBK44", "error", told),))


def _corrected(written: str, licence: str) -> Understood[Choice]:
    return Understood(Choice(licence), (Said("WBK41", "corrected", f"« {written} » a été lu {licence}."),))


def _refused(code: str, sentence: str) -> Understood[Choice]:
    return Understood(None, (Said(code, "error", sentence),))
