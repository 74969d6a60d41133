"""What to say of a key nobody knows, or of one that is missing: what was probably meant."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from reconcile.config.federation.federation import Route
from reconcile.config.federation.models import FederationFile
from reconcile.config.federation.scalars import shown
from reconcile.config.federation.section import Section
from reconcile.language.phrase import Phrase


def meant_by(route: Route) -> str:
    """A hint for the unknown key at ``route``: the key it resembles, where it belongs, or all that is known there."""
    key, section = str(route[-1]), _section_at(route[:-1])
    known = _keys(section)
    plain = "".join(c for c in unicodedata.normalize("NFD", key[:60].lower()) if not unicodedata.combining(c))
    plain = plain.replace("-", "_").replace(" ", "_")
    words = (plain, *_FRENCH.get(plain, ()), *difflib.get_close_matches(plain, known, 1))
    for word in words:
        if word in known:
            return Phrase("did you mean '{word}'?", word=word)
    for word in words:
        for name, inner in _sections(section):
            if word in _keys(inner):
                return Phrase("'{word}' belongs under '{name}'", word=word, name=name)
    return Phrase("the keys known here are: {keys}", keys=", ".join(known))


def written_instead(route: Route, tree: Any) -> str:
    """A hint for the missing key at ``route`` when an unknown neighbour resembles it; else nothing."""
    for part in route[:-1]:
        tree = tree[part]  # pydantic found its way along it
    known = _keys(_section_at(route[:-1]))
    strangers = [key for key in tree if key not in known] if isinstance(tree, dict) else []
    near = difflib.get_close_matches(str(route[-1]), strangers, 1)
    return Phrase("{near} is written instead", near=shown(near[0])) if near else ""


#: What a French reader writes by habit → the keys it may be here.
_FRENCH: Mapping[str, tuple[str, ...]] = {
    "adresse": ("address",),
    "antennes": ("structures",),
    "boites": ("mailboxes",),
    "code_postal": ("postal_code",),
    "delegue": ("delegates",),
    "delegues": ("delegates",),
    "domaine": ("domain",),
    "droits": ("rights",),
    "fonction": ("job_title",),
    "identifiant": ("legacy_login",),
    "implantation": ("atrium_id",),
    "implantations": ("structures",),
    "nom": ("name", "last_name"),
    "nom_affiche": ("display_name",),
    "nouveau": ("new",),
    "poste": ("job_title",),
    "prenom": ("first_name",),
    "qui": ("who",),
    "reseaux": ("networks",),
    "rue": ("street",),
    "site": ("website",),
    "site_web": ("website",),
    "sous_domaines": ("subdomains",),
    "tel": ("phone",),
    "telephone": ("phone",),
    "ville": ("city",),
}


def _section_at(route: Route) -> type[Section]:
    section: type[Section] = FederationFile
    for part in route:
        section = dict(_sections(section)).get(str(part), section)
    return section


def _keys(section: type[Section]) -> list[str]:
    return [field.alias or name for name, field in section.model_fields.items()]


def _sections(section: type[Section]) -> Iterator[tuple[str, type[Section]]]:
    """The keys of a section whose values are, or hold, sections."""
    for name, field in section.model_fields.items():
        if inner := _section_in(field.annotation):
            yield field.alias or name, inner


def _section_in(annotation: Any) -> type[Section] | None:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return next((inner for part in get_args(annotation) if (inner := _section_in(part))), None)
