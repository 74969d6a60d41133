"""An address, and a list of people: as addresses, or as names that one row of the file bears."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from reconcile.answers.cells.text import clean, folded
from reconcile.answers.finding import Said, Understood
from reconcile.config.federation.addresses import ADDRESS_PATTERN


def address(text: str, domains: Sequence[str]) -> Understood[str]:
    """One address of these domains, in lower case. A missing domain is completed, to be confirmed."""
    written = clean(text)
    if not written:
        return Understood()
    bare = re.sub(r"^mailto:", "", written, flags=re.IGNORECASE)
    if match := re.fullmatch(r"[^<>]*<([^<>]+)>\W*", bare):
        bare = match[1]
    bare = bare.strip(" ,;:.\"'()[]<>").lower()
    if len(re.findall(r"[^\s;,/]+@[^\s;,/]+", bare)) > 1 or bare.count("@") > 1:
        return _refused("WBK33", f"« {written} » contient plusieurs adresses : une seule par ligne.")
    said: tuple[Said, ...] = ()
    if "@" not in bare:
        if not re.fullmatch(r"[a-z0-9._'-]+", bare):
            return _refused("WBK33", f"« {written} » n’est pas une adresse : écrivez-la entière, avec @{domains[0]}.")
        bare = f"{bare}@{domains[0]}"
        said = (Said("WBK34", "confirm", f"« {written} » a été lu {bare} : confirmez."),)
    if re.search(r"\s", bare):
        return _refused("WBK33", f"« {written} » contient un espace : écrivez l’adresse sans espace.")
    if not bare.isascii():
        return _refused("WBK33", f"« {written} » contient un accent : une adresse n’en a pas (« {folded(bare)} » ?).")
    if not re.fullmatch(ADDRESS_PATTERN, bare) or len(bare.partition("@")[0]) > 64:
        return _refused("WBK33", f"« {written} » n’est pas une adresse mail.")
    domain = bare.rpartition("@")[2]
    if domain not in domains:
        near = next((one for one in domains if one.split(".")[0] == domain.split(".")[0]), "")
        hint = f" Vouliez-vous dire @{near} ?" if near else f" Les vôtres sont en @{', @'.join(domains)}."
        return _refused("WBK35", f"{bare} n’est pas dans un domaine de votre fédération.{hint}")
    if not said and bare != written:
        said = (Said("WBK34", "corrected", f"« {written} » a été lu {bare}."),)
    return Understood(bare, said)


def people(
    text: str, domains: Sequence[str], persons: Mapping[str, Sequence[str]], known: frozenset[str]
) -> Understood[tuple[str, ...]]:
    """The addresses of a list. ``persons``: a name, folded, in either order → the addresses that bear it. ``known``:
    people of other domains that the federation may name."""
    found: list[str] = []
    said: list[Said] = []
    for part in _parts(text):
        bare = part.strip(" ,;:.<>").lower()
        if bare in known:
            found.append(bare)
            continue
        named = persons.get(folded(part), ())
        if "@" not in part and len(named) == 1:
            found.append(named[0])
            said.append(Said("WBK47", "confirm", f"« {part} » a été lu {named[0]} : confirmez."))
            continue
        if "@" not in part:
            local = f"{bare}@{domains[0]}"
            if re.fullmatch(r"[a-z0-9._'-]+", bare) and any(local in holders for holders in persons.values()):
                found.append(local)
                said.append(Said("WBK47", "confirm", f"« {part} » a été lu {local} : confirmez."))
                continue
            why = "peut être plusieurs personnes" if len(named) > 1 else "n’est le nom de personne dans ce fichier"
            said.append(Said("WBK46", "error", f"« {part} » {why} : écrivez son adresse."))
            continue
        one = address(part, domains)
        said += [remark for remark in one.said if remark.level != "corrected"]
        if one.value:
            found.append(one.value)
    if any(one.level == "error" for one in said):
        return Understood(None, tuple(said))
    return Understood(tuple(dict.fromkeys(found)), tuple(said))


def _parts(text: str) -> list[str]:
    """One for each person: « a ; b », « a, b et c », one a line, « Nom <adresse> »."""
    pieces = re.split(r"[;,/\n\r&|]+| et | \+ ", text)
    made: list[str] = []
    for piece in map(clean, pieces):
        inside = re.fullmatch(r"[^<>]*<([^<>]+)>", piece)
        words = inside[1] if inside else piece
        made += words.split() if words.count("@") > 1 else [words]
    return [one for one in made if one]


def _refused(code: str, sentence: str) -> Understood[str]:
    return Understood(None, (Said(code, "error", sentence),))
