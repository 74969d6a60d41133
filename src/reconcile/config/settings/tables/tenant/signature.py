"""The table [signature]: what the rule that signs everybody's mail shows besides what it says of each person."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from reconcile.config.settings.mistake import mistake
from reconcile.config.settings.tables.table import Table
from reconcile.language.phrase import Phrase


def _plain(text: str) -> str:
    if not text.isprintable() or "%%" in text:
        raise mistake("text", "one line without %% is expected")
    return text


def _colour(text: str) -> str:
    if not re.fullmatch("#[0-9a-fA-F]{6}", text):
        raise mistake("colour", Phrase("{text} is no colour, like #e2001a", text=repr(text[:40])))
    return text


def _image(text: str) -> str:
    if not re.fullmatch(r"https://[^\s\"'<>\\%]{1,200}", text):
        raise mistake("image", Phrase("{text} is no https address of an image", text=repr(text[:80])))
    return text


class Signature(Table):
    """One mail flow rule of the tenant signs every message of the federations' mailboxes (docs/signature.md)."""

    name: Annotated[str, AfterValidator(_plain), Field(min_length=1, max_length=64)] = "reconcile signature"
    """The rule's name in Exchange."""
    organisation: Annotated[str, AfterValidator(_plain), Field(min_length=1, max_length=120)]
    """Who all of them belong to, shown under each signature."""
    mark: Annotated[str, Field(pattern="^[A-Za-z0-9]+(-[A-Za-z0-9]+)+$", max_length=40)] = "SPF-SIG"
    """A word nobody else writes, shown in each signature: a message that holds it already is not signed again."""
    colour: Annotated[str, AfterValidator(_colour)] = "#e2001a"
    """The colour of names."""
    logo: Annotated[str, AfterValidator(_image)] | None = None
    """An image shown under each signature, where the reader lets images be fetched."""
