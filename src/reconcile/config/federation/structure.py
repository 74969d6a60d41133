"""A structure of the federation as its file may describe it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from reconcile.config.federation.atrium import AtriumId
from reconcile.config.federation.scalars import Line, PostalCode, WebAddress
from reconcile.config.federation.section import Section


class Structure(Section):
    """A place of the federation, as its addresses show it in the address book and in signatures. What is left out is
    not managed; null empties it."""

    atrium_id: AtriumId
    """Its number in Atrium: every address of this structure shows what follows."""
    name: Annotated[Line, Field(max_length=128)] | None = None
    """The place's name, as the address book says where somebody works."""
    street: Annotated[Line, Field(max_length=1024)] | None = None
    """Number and street."""
    postal_code: PostalCode | None = None
    """Five digits, in quotes."""
    city: Annotated[Line, Field(max_length=128)] | None = None
    """The town."""
    website: Annotated[WebAddress, Field(max_length=64)] | None = None
    """Its web site; 64 characters at most, as the tenant keeps it."""
    networks: Annotated[Line, Field(max_length=64)] | None = None
    """Where it is on social networks, in one line, as a signature shows it."""
