"""The table [tenant]: the Microsoft 365 tenant, and how the application signs in to it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator

from reconcile.config.settings.mistake import mistake
from reconcile.config.settings.tables.table import Name, Table
from reconcile.language.phrase import Phrase


def _country(text: str) -> str:
    if re.fullmatch("[A-Z]{2}", text) is None:
        raise mistake("country", Phrase("{text} is no country in two capital letters, like FR", text=repr(text)))
    return text


def _edge(text: str) -> str:
    if text and text != "mx" and re.fullmatch(r"[^\s:/@]+:[0-9]{1,5}", text) is None:
        raise mistake("edge", Phrase("mx, or a host and its port, is expected, not {text}", text=repr(text)))
    return text


class Tenant(Table):
    """The Microsoft 365 tenant and the application that signs in to it."""

    id: Name
    """The tenant's directory id (a GUID)."""
    initial_domain: Name
    """The tenant's own domain, something.onmicrosoft.com; it is never touched."""
    client_id: Name
    """The app registration that signs in."""
    authority: str = "https://login.microsoftonline.com"
    """Where the application signs in; another one for a national cloud."""
    graph: str = "https://graph.microsoft.com"
    """Microsoft Graph's address."""
    exchange: str = "https://outlook.office365.com"
    """Exchange Online's address."""
    ca_file: Path | None = None
    """Certificate authority to trust instead of the usual ones (the sandbox's)."""
    edge: Annotated[str, AfterValidator(_edge)] = ""
    """Where a domain that is to refuse unknown addresses is asked for its youngest ones first, from outside: `mx` (each
    domain's own, on port 25, which must be open to this machine) or host:port; "" to ask nobody."""
    copier_principal: Name
    """Object id of the enterprise application (service principal) that copies the mail."""
    usage_location: Annotated[str, AfterValidator(_country)] = "FR"
    """The country licences are used in, as two letters (ISO 3166)."""
    sign_in: Literal["secret", "certificate", "github", "gitlab", "device"] = "secret"
    """What the application proves itself with: a secret, a certificate, or the identity that a GitHub Actions or GitLab
    CI job is lent, which leaves no secret to keep. ``device``: whoever runs the command signs in, for each command."""
    certificate_file: Path | None = None
    """PEM file with the application's private key and its certificate, when it signs in with one."""
    client_secret_file: Path | None = None
    """File holding the client secret; the environment variable RECONCILE_CLIENT_SECRET comes first."""
